package dev.millrace.bench;

import java.io.IOException;
import java.util.SortedMap;
import java.util.function.Consumer;

/** One benchmark; ends by itself and leaves nothing behind. */
public interface Bench {
    /** The options that it takes, with their defaults. */
    SortedMap<String, String> options();

    /** Runs it; {@code progress} takes a line now and then. Blocks. */
    Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException;
}
