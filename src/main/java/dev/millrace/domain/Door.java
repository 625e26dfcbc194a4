package dev.millrace.domain;

import dev.millrace.problem.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Another protocol in front of the operations of the HTTP port. It says which operation a message asks for, and what is
 * said of the answer; the port asks it as the message's sender would, so that nothing is decided twice. Immutable; any
 * thread.
 */
public interface Door {
    /**
     * What is to be done first about a message; short, on an event loop.
     *
     * @param headers the text of a header, empty where there is none
     */
    Step open(UnaryOperator<String> headers, byte[] message);

    /** What is done next. */
    sealed interface Step {}

    /** The end: a status of HTTP, and JSON, empty for no body. */
    record Said(int status, String json) implements Step {}

    /**
     * An operation is asked for, and {@code then} is told what became of it, on a worker.
     *
     * @param operation its id in {@code openapi.yaml}
     * @param path with its segments percent-encoded
     * @param parameters decoded
     * @param mediaType of the answer
     * @param body empty for none
     */
    record Asked(
            String operation,
            String path,
            List<Map.Entry<String, String>> parameters,
            String mediaType,
            String body,
            Function<Told, Step> then)
            implements Step {
        public Asked {
            parameters = List.copyOf(parameters);
        }
    }

    /**
     * What an operation answered.
     *
     * @param problem why it did not; then the text is empty
     * @param text the answer, of one that comes in several buffers the first
     * @param position what it is of
     */
    record Told(Optional<Problem> problem, String text, String position, boolean whole) {}
}
