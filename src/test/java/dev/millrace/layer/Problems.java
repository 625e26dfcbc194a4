package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;

/** Reads the problem out of a failed future. */
final class Problems {
    private Problems() {}

    static Problem of(Future<?> future) {
        assertTrue(future.failed(), "the future has not failed");
        return assertInstanceOf(ProblemException.class, future.cause()).problem();
    }
}
