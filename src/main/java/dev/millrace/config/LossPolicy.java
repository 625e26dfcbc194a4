package dev.millrace.config;

/** What a product does when its topic no longer has what it should read next. */
public enum LossPolicy {
    /** Serves what it has and reads no more, until someone decides. */
    STOP,
    /** Goes on with the oldest record that the topic has. */
    SKIP,
    /** Forgets its rows and reads the topic from its beginning. */
    REBUILD
}
