package dev.millrace.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The one table of settings: it drives the reading, the environment variables, the defaults and the docs. */
final class Keys {
    /** Names below this are handed to the Kafka clients as they are. */
    static final String KAFKA_PROPERTIES = "kafka.properties.";

    private static final Kind<Duration> SHORT = Kind.duration(Duration.ofMillis(1), Duration.ofHours(1));
    private static final DataSize KIBIBYTE = new DataSize(1 << 10);

    static final Key<String> MESH_NAME =
            new Key<>("mesh.name", Kind.text(), "millrace", "The mesh's name; the catalog's name in SQL.");
    static final Key<Path> MESH_FOLDER = new Key<>(
            "mesh.folder",
            Kind.folder(),
            "mesh",
            "The folder that holds `domains/`. A relative folder in the file is relative to the file's folder, elsewhere"
                    + " to the working directory.");
    static final Key<Duration> MESH_WATCH_INTERVAL = new Key<>(
            "mesh.watchInterval",
            SHORT,
            "2s",
            "How often the mesh folder is looked at for changes; one is taken up when two looks have found the same.");
    static final Key<Path> DATA_FOLDER = new Key<>(
            "data.folder",
            Kind.folder(),
            "millrace-data",
            "Where segments and positions are kept. Relative as `mesh.folder` is.");

    static final Key<String> HTTP_HOST =
            new Key<>("http.host", Kind.text(), "0.0.0.0", "The address that the HTTP port listens on.");
    static final Key<Integer> HTTP_PORT =
            new Key<>("http.port", Kind.port(), "8080", "The HTTP port; 0 takes a free one.");
    static final Key<Integer> HTTP_DEFAULT_LIMIT = new Key<>(
            "http.defaultLimit",
            Kind.whole("number of rows", 1, 1_000_000),
            "100",
            "Rows of a page when the request names no `limit`.");
    static final Key<Integer> HTTP_MAX_LIMIT = new Key<>(
            "http.maxLimit",
            Kind.whole("number of rows", 1, 1_000_000),
            "10000",
            "The most rows that a page may have.");
    static final Key<DataSize> HTTP_MAX_BODY = new Key<>(
            "http.maxBody",
            Kind.size(KIBIBYTE, new DataSize(1L << 30)),
            "8MiB",
            "The largest request body that is read.");
    static final Key<Duration> HTTP_IDLE_TIMEOUT =
            new Key<>("http.idleTimeout", SHORT, "60s", "A connection without traffic for that long is closed.");
    static final Key<Duration> HTTP_REQUEST_TIMEOUT = new Key<>(
            "http.requestTimeout",
            SHORT,
            "30s",
            "A connection whose request does not come whole within that long is closed.");
    static final Key<Integer> HTTP_MAX_CONNECTIONS = new Key<>(
            "http.maxConnections",
            Kind.whole("number of connections", 1, 10_000_000),
            "20000",
            "The most connections that are open; further ones are closed at once.");
    static final Key<Integer> HTTP_MAX_STREAMS = new Key<>(
            "http.maxStreams",
            Kind.whole("number of answers", 1, 1_000_000),
            "1024",
            "The most long answers under way, each of which may hold 200 KiB; one address has a quarter of them at most.");
    static final Key<DataSize> HTTP_COMPRESS_FROM = new Key<>(
            "http.compressFrom",
            Kind.size(new DataSize(0), new DataSize(1L << 30)),
            "1KiB",
            "Answers smaller than that are sent without `Content-Encoding`, whatever the client accepts.");
    static final Key<List<String>> HTTP_CORS_ORIGINS = new Key<>(
            "http.corsOrigins",
            Kind.origins(),
            "",
            "The origins whose pages a browser lets read answers, for example `https://app.example.org`, with commas between"
                    + " them; `*` for all, empty for none.");

    static final Key<Duration> HTTP_KEEP_ALIVE = new Key<>(
            "http.keepAlive",
            SHORT,
            "15s",
            "How often a subscriber to changes is told how far it has come; at least four times in `http.idleTimeout`.");
    static final Key<Integer> HTTP_MAX_SUBSCRIBERS = new Key<>(
            "http.maxSubscribers",
            Kind.whole("number of subscribers", 1, 10_000_000),
            "20000",
            "The most subscribers to changes; further ones are answered with 503.");
    static final Key<Integer> HTTP_MAX_SUBSCRIBERS_PER_CLIENT = new Key<>(
            "http.maxSubscribersPerClient",
            Kind.whole("number of subscribers", 0, 10_000_000),
            "0",
            "The most subscribers at one address; 0 for a quarter of `http.maxSubscribers`.");

    static final Key<String> MANAGEMENT_HOST =
            new Key<>("management.host", Kind.text(), "0.0.0.0", "The address that health and metrics listen on.");
    static final Key<Integer> MANAGEMENT_PORT =
            new Key<>("management.port", Kind.port(), "8081", "The port of health and metrics; 0 takes a free one.");

    static final Key<String> FLIGHT_HOST =
            new Key<>("flight.host", Kind.text(), "0.0.0.0", "The address that the Flight port listens on.");
    static final Key<Integer> FLIGHT_PORT =
            new Key<>("flight.port", Kind.port(), "8815", "The Flight port; 0 takes a free one.");

    static final Key<String> KAFKA_BOOTSTRAP_SERVERS = new Key<>(
            "kafka.bootstrapServers",
            Kind.text(),
            "localhost:9092",
            "The brokers, as `host:port`, with commas between them.");

    static final Key<String> SCHEMA_REGISTRY_URL = new Key<>(
            "schemaRegistry.url",
            Kind.url(),
            "",
            "The schema registry of Avro and Protobuf records, for example `http://registry:8081`; empty for none.");
    static final Key<String> SCHEMA_REGISTRY_USER = new Key<>(
            "schemaRegistry.user", Kind.anything(), "", "The user that the registry is told; empty for none.");
    static final Key<String> SCHEMA_REGISTRY_PASSWORD = new Key<>(
            "schemaRegistry.password",
            Kind.anything(),
            "",
            "That user's password; better given as a variable than in a file.");
    static final Key<Duration> SCHEMA_REGISTRY_RETRY_FOR = new Key<>(
            "schemaRegistry.retryFor",
            SHORT,
            "30s",
            "How long the registry is asked for a schema, the product's input waiting, before records that need it are"
                    + " dead letters; it is asked again after as long.");

    static final Key<LossPolicy> INPUT_ON_GAP = new Key<>(
            "input.onGap",
            Kind.choice(LossPolicy.values()),
            "stop",
            "What a product does whose next records are gone from its topic: `stop`, go on behind them, or read all anew."
                    + " A contract's custom property `millrace.onGap` goes before it.");
    static final Key<LossPolicy> INPUT_ON_RECREATED = new Key<>(
            "input.onRecreated",
            Kind.choice(LossPolicy.STOP, LossPolicy.REBUILD),
            "stop",
            "What a product does whose topic was deleted and made anew. A contract's custom property"
                    + " `millrace.onRecreated` goes before it.");

    static final Key<DataSize> DOMAIN_MEMORY = new Key<>(
            "domain.memory",
            Kind.size(new DataSize(1 << 20), new DataSize(1L << 42)),
            "512MiB",
            "Off-heap memory of each domain; a domain that reaches it stops reading its topics until it has room.");
    static final Key<Integer> DOMAIN_INGEST_THREADS = new Key<>(
            "domain.ingestThreads",
            Kind.whole("number of threads", 1, 64),
            "1",
            "Threads of each domain that decode records; the partitions of its products are spread over them. More than one"
                    + " where cores are idle while a domain catches up, or so that a slow topic holds up fewer others.");
    static final Key<Duration> LIMITS_REQUEST_TIMEOUT = new Key<>(
            "limits.requestTimeout", SHORT, "10s", "A request that takes longer is answered with a time-out.");
    static final Key<Integer> LIMITS_CONCURRENCY = new Key<>(
            "limits.concurrency",
            Kind.whole("number of requests", 1, 1_000_000),
            "256",
            "Requests under way at the same time, of each output port.");
    static final Key<Integer> LIMITS_RATE_PER_SECOND = new Key<>(
            "limits.ratePerSecond",
            Kind.whole("number of requests", 1, 100_000_000),
            "1000000",
            "Requests taken in a second, of each output port and over all clients.");

    static final Key<DataSize> QUERY_MEMORY = new Key<>(
            "query.memory",
            Kind.size(new DataSize(64L << 20), new DataSize(1L << 42)),
            "256MiB",
            "Memory of grouping and of writing Parquet, of all requests together; what does not fit goes to files.");
    static final Key<Integer> QUERY_THREADS = new Key<>(
            "query.threads",
            Kind.whole("number of threads", 1, 1024),
            "1",
            "Threads that work on groups beside those of the requests. With more than 1 the last digits of sums of"
                    + " floating-point numbers may differ from one request to the next.");
    static final Key<Integer> QUERY_MAX_GROUPS = new Key<>(
            "query.maxGroups",
            Kind.whole("number of groups", 1, 10_000_000),
            "100000",
            "The most groups that a query may have; a query with more is refused.");
    static final Key<DataSize> QUERY_SPOOL = new Key<>(
            "query.spool",
            Kind.size(new DataSize(1L << 20), new DataSize(1L << 50)),
            "4GiB",
            "The most bytes of Parquet files under way, in the data folder's `query`.");

    static final Key<Integer> STORE_SEGMENT_ROWS = new Key<>(
            "store.segmentRows",
            Kind.whole("number of rows", 8, 1 << 16),
            "65536",
            "Rows after which a segment is sealed; a multiple of 8.");
    static final Key<Duration> STORE_FLUSH_INTERVAL = new Key<>(
            "store.flushInterval",
            SHORT,
            "30s",
            "A segment with rows is sealed and made durable after that long, full or not.");
    static final Key<Boolean> STORE_SCRUB = new Key<>(
            "store.scrub",
            Kind.truth(),
            "true",
            "After a start all files are compared with their checksums, in the background.");

    static final Key<Duration> STORE_HISTORY = new Key<>(
            "store.history",
            Kind.duration(Duration.ofSeconds(1), Duration.ofDays(365)),
            "15m",
            "How long a position stays readable after a newer one was reached.");
    static final Key<Boolean> STORE_COMPACTION = new Key<>(
            "store.compaction",
            Kind.truth(),
            "true",
            "Whether small segments are merged and rows that no readable position sees are left out.");

    static final Key<Integer> WRITES_MAX_RECORDS = new Key<>(
            "writes.maxRecords",
            Kind.whole("number of records", 1, 1_000_000),
            "10000",
            "The most records of a writing request.");
    static final Key<Duration> WRITES_WINDOW = new Key<>(
            "writes.window",
            Kind.duration(Duration.ofSeconds(1), Duration.ofDays(30)),
            "1d",
            "How long the answer to a request with an `Idempotency-Key` is kept, in the topic `millrace.writes`.");
    static final Key<Integer> WRITES_MAX_KEYS = new Key<>(
            "writes.maxKeys",
            Kind.whole("number of keys", 1, 100_000_000),
            "500000",
            "The most such keys that are kept; beyond it the oldest are forgotten before their time. Each takes about 200"
                    + " bytes of heap.");

    static final List<Key<?>> ALL = List.of(
            MESH_NAME,
            MESH_FOLDER,
            MESH_WATCH_INTERVAL,
            DATA_FOLDER,
            HTTP_HOST,
            HTTP_PORT,
            HTTP_DEFAULT_LIMIT,
            HTTP_MAX_LIMIT,
            HTTP_MAX_BODY,
            HTTP_IDLE_TIMEOUT,
            HTTP_REQUEST_TIMEOUT,
            HTTP_MAX_CONNECTIONS,
            HTTP_MAX_STREAMS,
            HTTP_KEEP_ALIVE,
            HTTP_MAX_SUBSCRIBERS,
            HTTP_MAX_SUBSCRIBERS_PER_CLIENT,
            HTTP_COMPRESS_FROM,
            HTTP_CORS_ORIGINS,
            MANAGEMENT_HOST,
            MANAGEMENT_PORT,
            FLIGHT_HOST,
            FLIGHT_PORT,
            KAFKA_BOOTSTRAP_SERVERS,
            SCHEMA_REGISTRY_URL,
            SCHEMA_REGISTRY_USER,
            SCHEMA_REGISTRY_PASSWORD,
            SCHEMA_REGISTRY_RETRY_FOR,
            INPUT_ON_GAP,
            INPUT_ON_RECREATED,
            DOMAIN_MEMORY,
            DOMAIN_INGEST_THREADS,
            LIMITS_REQUEST_TIMEOUT,
            LIMITS_CONCURRENCY,
            LIMITS_RATE_PER_SECOND,
            QUERY_MEMORY,
            QUERY_THREADS,
            QUERY_MAX_GROUPS,
            QUERY_SPOOL,
            STORE_SEGMENT_ROWS,
            STORE_FLUSH_INTERVAL,
            STORE_SCRUB,
            STORE_HISTORY,
            STORE_COMPACTION,
            WRITES_MAX_RECORDS,
            WRITES_WINDOW,
            WRITES_MAX_KEYS);

    private Keys() {}
}
