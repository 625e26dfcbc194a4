package dev.millrace.store;

/**
 * A record that broke its contract, without the record itself: the full bytes are in the dead-letter topic.
 *
 * @param partition of the input topic
 * @param offset of the record in it
 * @param timestampMillis of the record, epoch milliseconds
 * @param rule the rule that was broken, for example {@code required}, {@code type}, {@code json}, {@code size}
 * @param path the field, for example {@code properties.mag}; empty for the whole record
 * @param reason what is wrong, for people; never holds the value
 * @param sizeBytes the record's size
 */
public record DeadLetter(
        int partition, long offset, long timestampMillis, String rule, String path, String reason, long sizeBytes) {}
