package dev.millrace.ingest.publish;

/** Hears how far a publisher has come; called on the publisher's thread, so it must be quick. */
@FunctionalInterface
public interface PublishProgress {
    /**
     * @param published records of the source that the topic holds or that were handed to the producer, earlier runs
     *     included
     * @param total records of the source
     */
    void published(long published, long total);
}
