package dev.millrace.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Every setting of the platform, as {@code millrace.yaml}, {@code MILLRACE_*} variables and the command line say;
 * {@code docs/configuration.md} lists the keys. Immutable. Made by {@link ConfigurationReader}.
 */
public record Configuration(
        Mesh mesh,
        Data data,
        Http http,
        Management management,
        Flight flight,
        Kafka kafka,
        SchemaRegistry schemaRegistry,
        Input input,
        Domain domain,
        Limits limits,
        Query query,
        Store store,
        Writes writes) {
    /** The mesh served: its name (the catalog in SQL) and the folder that holds {@code domains/}, looked at now and then. */
    public record Mesh(String name, Path folder, Duration watchInterval) {}

    /** Where segments and positions are kept. */
    public record Data(Path folder) {}

    /** The HTTP output port; a page has {@code defaultLimit} rows unless asked, and at most {@code maxLimit}. */
    public record Http(
            String host,
            int port,
            int defaultLimit,
            int maxLimit,
            DataSize maxBody,
            Duration idleTimeout,
            Duration requestTimeout,
            int maxConnections,
            int maxStreams,
            Duration keepAlive,
            int maxSubscribers,
            int maxSubscribersPerClient,
            DataSize compressFrom,
            List<String> corsOrigins) {
        public Http {
            corsOrigins = List.copyOf(corsOrigins);
        }
    }

    /** Health and metrics. */
    public record Management(String host, int port) {}

    /** The Flight output port. */
    public record Flight(String host, int port) {}

    /** The brokers, and further properties for the Kafka clients, which may be secrets and are never printed. */
    public record Kafka(String bootstrapServers, Map<String, String> properties) {
        public Kafka {
            properties = Map.copyOf(properties);
        }

        @Override
        public String toString() {
            return "Kafka[bootstrapServers=" + bootstrapServers + ", properties=" + properties.keySet() + "]";
        }
    }

    /**
     * Where the schemas of Avro and Protobuf records are.
     *
     * @param url empty for none
     * @param user for HTTP's basic authentication; empty for none
     * @param password never printed
     * @param retryFor how long an id is asked for before its records are dead letters
     */
    public record SchemaRegistry(String url, String user, String password, Duration retryFor) {
        @Override
        public String toString() {
            return "SchemaRegistry[url=" + url + ", retryFor=" + retryFor + "]";
        }
    }

    /** What products do by default when records are gone from their topics, or a topic was made anew. */
    public record Input(LossPolicy onGap, LossPolicy onRecreated) {}

    /** The budget of each domain: off-heap memory, and threads that its products' partitions are spread over. */
    public record Domain(DataSize memory, int ingestThreads) {}

    /** What the layers around each output port allow. */
    public record Limits(Duration requestTimeout, int concurrency, int ratePerSecond) {}

    /** What grouping and Parquet files may take: memory, threads of one request, groups, bytes of files together. */
    public record Query(DataSize memory, int threads, int maxGroups, DataSize spool) {}

    /**
     * When a segment is sealed, at {@code segmentRows} rows or {@code flushInterval} after its first row; whether a start
     * compares all files with their checksums; how long positions stay readable; whether segments are merged.
     */
    public record Store(int segmentRows, Duration flushInterval, boolean scrub, Duration history, boolean compaction) {}

    /**
     * What writing requests may have: {@code maxRecords} each; an idempotency key is known for {@code window}, so long as
     * it is among the newest {@code maxKeys}.
     */
    public record Writes(int maxRecords, Duration window, int maxKeys) {}
}
