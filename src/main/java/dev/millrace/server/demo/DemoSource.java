package dev.millrace.server.demo;

import dev.millrace.ingest.publish.SourceRecord;
import java.util.Iterator;

/**
 * One of the demo's sources, read once.
 *
 * <p>The records come in the same order with the same keys in every run, as {@link
 * dev.millrace.ingest.publish.TopicPublisher} needs. Reading blocks on files. The caller owns and closes it.
 */
public interface DemoSource extends AutoCloseable {
    /** How many records there are. */
    long total();

    /** The records from the first to the last; the same iterator in every call. */
    Iterator<SourceRecord> records();

    @Override
    void close();
}
