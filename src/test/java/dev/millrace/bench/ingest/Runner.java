package dev.millrace.bench.ingest;

import java.io.IOException;

/** Runs passes of one case. */
interface Runner extends AutoCloseable {
    /** One pass, from the beginning of the topic. Blocks. */
    Pass pass() throws IOException, InterruptedException;

    @Override
    default void close() {}
}
