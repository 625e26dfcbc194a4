package dev.millrace.contract;

/**
 * What becomes of a field of a record that the contract does not know. The contract says it in the custom property
 * {@code millrace.unknownFields}, of the schema object or else of the contract; without it, {@link #IGNORE}.
 */
public enum UnknownFields {
    /** The field is skipped. */
    IGNORE,
    /** The record is a dead letter. */
    REJECT
}
