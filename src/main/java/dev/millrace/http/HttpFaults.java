package dev.millrace.http;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.HexFormat;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The edge of the server: turns whatever failed into a problem, and logs what nobody expected. Any thread. */
final class HttpFaults {
    private static final Logger LOG = LoggerFactory.getLogger(HttpFaults.class);

    private HttpFaults() {}

    /** The problem that a failure carries; an unexpected one is logged once, under the reference that the problem has. */
    static Problem of(Throwable failure) {
        return switch (failure) {
            case ProblemException expected -> expected.problem();
            case CompletionException wrapper when wrapper.getCause() != null -> of(wrapper.getCause());
            default -> unexpected(failure);
        };
    }

    /** Logs a failure in one entry and gives it a name. */
    static Problem unexpected(Throwable failure) {
        String reference =
                HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        LOG.error("Unexpected failure, reference {}", reference, failure);
        return new Problem.Internal(reference);
    }
}
