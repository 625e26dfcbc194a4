package dev.millrace.ingest.publish;

/**
 * One record of a source, ready for its topic. The arrays belong to the record from then on: whoever makes or reads one
 * does not change them.
 *
 * @param key the record's key; decides the partition, so a source without keys spreads nothing
 */
@SuppressWarnings("ArrayRecordComponent") // compared and hashed nowhere; a copy per record would double the work
public record SourceRecord(byte[] key, byte[] value) {}
