package dev.millrace.contract;

/**
 * What a record means to the rows before it. The contract says it in the custom property {@code millrace.mode}, of the
 * schema object or else of the contract; without it, a product is {@link #APPEND}, key or no key.
 */
public enum Mode {
    /** Every record is a row of its own. A key finds rows and does not replace them. */
    APPEND,
    /** A record replaces the row of its key, a null value deletes it; the order of the log decides. Needs a key. */
    UPSERT
}
