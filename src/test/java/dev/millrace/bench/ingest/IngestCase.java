package dev.millrace.bench.ingest;

import java.io.IOException;

/** One way from the topic to something that can be asked. Used by one thread, in a process of its own. */
public interface IngestCase extends AutoCloseable {
    /** Begins to read the topic from its beginning. */
    Reading read() throws IOException;

    /** Gives back what all readings share. */
    @Override
    default void close() {}

    /** One pass over the topic. */
    interface Reading extends AutoCloseable {
        /** Waits until all records are in, and returns how many there are, counted in the result where there is one. */
        long await() throws InterruptedException;

        /** Forgets what was read. */
        @Override
        void close() throws IOException;
    }
}
