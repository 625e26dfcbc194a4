package dev.millrace.bench.ingest;

/**
 * The topic that every case reads.
 *
 * @param records how many it holds
 */
public record Source(String bootstrapServers, String topic, int records) {}
