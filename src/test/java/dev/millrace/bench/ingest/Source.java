package dev.millrace.bench.ingest;

/**
 * The topic that every case reads.
 *
 * @param records how many it holds
 * @param data the name of its {@link DataSet}
 * @param ingestThreads how many threads Millrace decodes it on
 */
public record Source(String bootstrapServers, String topic, int records, String data, int ingestThreads) {
    DataSet dataSet() {
        return DataSet.of(data);
    }
}
