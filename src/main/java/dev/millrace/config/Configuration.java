package dev.millrace.config;

import dev.millrace.config.Setting.Form;
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
        Sql sql,
        Store store,
        Writes writes,
        Security security,
        Stop stop) {
    // One setting, one annotated component; the table is kept by hand, the formatter would take twice its lines.
    // spotless:off

    /** The mesh served: its name (the catalog in SQL) and the folder that holds {@code domains/}, looked at now and then. */
    public record Mesh(
            @Setting(value = "millrace", text = "The mesh's name; the catalog's name in SQL.") String name,
            @Setting(value = "mesh",
                    text = "The folder that holds `domains/`. A relative folder in the file is relative to the file's"
                            + " folder, elsewhere to the working directory.")
            Path folder,
            @Setting(value = "2s",
                    text = "How often the mesh folder is looked at for changes; one is taken up when two looks have"
                            + " found the same.")
            Duration watchInterval) {}

    /** Where segments and positions are kept. */
    public record Data(
            @Setting(value = "millrace-data",
                    text = "Where segments and positions are kept. Relative as `mesh.folder` is.")
            Path folder) {}

    /** The HTTP output port; a page has {@code defaultLimit} rows unless asked, and at most {@code maxLimit}. */
    public record Http(
            @Setting(value = "127.0.0.1", text = "The address that the HTTP port listens on; `0.0.0.0` for all.") String host,
            @Setting(value = "8080", form = Form.PORT, text = "The HTTP port; 0 takes a free one.") int port,
            @Setting(value = "100", in = "1 to 1000000 rows", atMost = "maxLimit",
                    text = "Rows of a page when the request names no `limit`.")
            int defaultLimit,
            @Setting(value = "10000", in = "1 to 1000000 rows", text = "The most rows that a page may have.")
            int maxLimit,
            @Setting(value = "8MiB", in = "1KiB to 1GiB", text = "The largest request body that is read.")
            DataSize maxBody,
            @Setting(value = "60s", text = "A connection without traffic for that long is closed.")
            Duration idleTimeout,
            @Setting(value = "30s", text = "A connection whose request does not come whole within that long is closed.")
            Duration requestTimeout,
            @Setting(value = "20000", in = "1 to 10000000 connections",
                    text = "The most connections that are open; further ones are closed at once.")
            int maxConnections,
            @Setting(value = "1024", in = "1 to 1000000 answers",
                    text = "The most long answers under way, each of which may hold 200 KiB.")
            int maxStreams,
            @Setting(value = "15s",
                    text = "How often a subscriber to changes is told how far it has come; at least four times in"
                            + " `http.idleTimeout`.")
            Duration keepAlive,
            @Setting(value = "20000", in = "1 to 10000000 subscribers",
                    text = "The most subscribers to changes; further ones are answered with 503.")
            int maxSubscribers,
            @Setting(value = "0", in = "0 to 10000000 subscribers",
                    text = "The most subscribers at one address; 0 for `limits.share` of `http.maxSubscribers`.")
            int maxSubscribersPerClient,
            @Setting(value = "1KiB", in = "0B to 1GiB",
                    text = "Answers smaller than that are sent without `Content-Encoding`, whatever the client"
                            + " accepts.")
            DataSize compressFrom,
            @Setting(value = "", form = Form.ORIGINS,
                    text = "The origins whose pages a browser lets read answers, for example"
                            + " `https://app.example.org`, with commas between them; `*` for all, empty for none.")
            List<String> corsOrigins) {
        public Http {
            corsOrigins = List.copyOf(corsOrigins);
        }
    }

    /** Health and metrics. */
    public record Management(
            @Setting(value = "127.0.0.1", text = "The address that health and metrics listen on; `0.0.0.0` for all.") String host,
            @Setting(value = "8081", form = Form.PORT, text = "The port of health and metrics; 0 takes a free one.")
            int port,
            @Setting(value = "",
                    text = "The products without which the server is not ready, as `domain.product`, with commas between"
                            + " them. Any other that cannot be read is named in `/health/ready` and holds nothing up.")
            List<String> requiredProducts) {
        public Management {
            requiredProducts = List.copyOf(requiredProducts);
        }
    }

    /** The Flight output port. */
    public record Flight(
            @Setting(value = "127.0.0.1", text = "The address that the Flight port listens on; `0.0.0.0` for all.") String host,
            @Setting(value = "8815", form = Form.PORT, text = "The Flight port; 0 takes a free one.") int port,
            @Setting(value = "4096", in = "1 to 10000000 connections",
                    text = "The most Flight connections that are open; further ones are closed at once.")
            int maxConnections,
            @Setting(value = "1024", in = "1 to 1000000 calls",
                    text = "The most Flight calls that are open, streams and uploads among them.")
            int maxCalls) {}

    /** The brokers, and further properties for the Kafka clients, which may be secrets and are never printed. */
    public record Kafka(
            @Setting(value = "localhost:9092", text = "The brokers, as `host:port`, with commas between them.")
            String bootstrapServers,
            @Setting(value = "",
                    text = "Any property of the Kafka clients. In a variable's name an underscore stands for a dot:"
                            + " `MILLRACE_KAFKA_PROPERTIES_SECURITY_PROTOCOL` is `security.protocol`.")
            Map<String, String> properties) {
        public Kafka {
            properties = Map.copyOf(properties);
        }

        @Override
        public String toString() {
            return "Kafka[bootstrapServers=" + bootstrapServers + ", properties=" + properties.keySet() + "]";
        }
    }

    /** Where the schemas of Avro and Protobuf records are; nowhere if {@code url} is empty. */
    public record SchemaRegistry(
            @Setting(value = "", form = Form.URL,
                    text = "The schema registry of Avro and Protobuf records, for example `http://registry:8081`;"
                            + " empty for none.")
            String url,
            @Setting(value = "", text = "The user that the registry is told; empty for none.") String user,
            @Setting(value = "", text = "That user's password; better given as a variable than in a file.")
            Secret password,
            @Setting(value = "30s",
                    text = "How long the registry is asked for a schema, the product's input waiting, before records"
                            + " that need it are dead letters; it is asked again after as long.")
            Duration retryFor) {}

    /** What products do by default when records are gone from their topics, or a topic was made anew. */
    public record Input(
            @Setting(value = "stop",
                    text = "What a product does whose next records are gone from its topic: `stop`, go on behind them,"
                            + " or read all anew. A contract's custom property `millrace.onGap` goes before it.")
            LossPolicy onGap,
            @Setting(value = "stop", in = "stop or rebuild",
                    text = "What a product does whose topic was deleted and made anew. A contract's custom property"
                            + " `millrace.onRecreated` goes before it.")
            LossPolicy onRecreated) {}

    /** The budget of each domain: off-heap memory, and threads that its products' partitions are spread over. */
    public record Domain(
            @Setting(value = "512MiB", in = "1MiB to 4TiB",
                    text = "Off-heap memory of each domain; a domain that reaches it stops reading its topics until it"
                            + " has room.")
            DataSize memory,
            @Setting(value = "1", in = "1 to 64 threads",
                    text = "Threads of each domain that decode records; the partitions of its products are spread over"
                            + " them. More than one where cores are idle while a domain catches up, or so that a slow"
                            + " topic holds up fewer others.")
            int ingestThreads) {}

    /**
     * What the layers around each output port allow, how many requests may wait outside of them, the percentage of each
     * kind of place that one client can have, and the memory of requests.
     */
    public record Limits(
            @Setting(value = "10s", text = "A request that takes longer is answered with a time-out.")
            Duration requestTimeout,
            @Setting(value = "256", in = "1 to 1000000 requests",
                    text = "Requests under way at the same time, of each output port.")
            int concurrency,
            @Setting(value = "4096", in = "1 to 1000000 requests",
                    text = "Requests that wait for a position or for a change, of each output port; they take none of"
                            + " `limits.concurrency`.")
            int waiters,
            @Setting(value = "25", in = "1 to 100 percent",
                    text = "The part of each kind of place (connections, requests, waiters, streams, subscribers, calls,"
                            + " bytes of requests) that one client can have when no other has any; a client is an address."
                            + " 100 behind a proxy that hides its clients.")
            int share,
            @Setting(value = "0B", in = "0B to 4TiB",
                    text = "Memory for what requests bring and what is made of it before it is written, of all ports"
                            + " together; 0 for a quarter of the heap. One request alone may take `limits.share` of it.")
            DataSize requestMemory,
            @Setting(value = "1000000", in = "1 to 100000000 requests",
                    text = "Requests taken in a second, of each output port and over all clients.")
            int ratePerSecond) {}

    /** What grouping and Parquet files may take: memory, threads of one request, groups, bytes of files together. */
    public record Query(
            @Setting(value = "256MiB", in = "64MiB to 4TiB",
                    text = "Memory of grouping and of writing Parquet, of all requests together; what does not fit"
                            + " goes to files.")
            DataSize memory,
            @Setting(value = "1", in = "1 to 1024 threads",
                    text = "Threads that work on groups beside those of the requests. With more than 1 the last digits"
                            + " of sums of floating-point numbers may differ from one request to the next.")
            int threads,
            @Setting(value = "100000", in = "1 to 10000000 groups",
                    text = "The most groups that a query may have; a query with more is refused.")
            int maxGroups,
            @Setting(value = "4GiB", in = "1MiB to 1024TiB",
                    text = "The most bytes of Parquet files under way, in the data folder's `query`.")
            DataSize spool) {}

    /** Statements in SQL: how many run at a time, what one may take, how many wait. */
    public record Sql(
            @Setting(value = "0", in = "0 to 64 processes",
                    text = "Processes that run statements, each one at a time; 0 for one fewer than the machine's cores, at"
                            + " least one. They are started at the first statement.")
            int workers,
            @Setting(value = "512MiB", in = "64MiB to 4TiB", text = "Memory of one statement; what does not fit goes to files.")
            DataSize memory,
            @Setting(value = "4GiB", in = "0B to 1024TiB", text = "Files of one statement, in the data folder's `sql`.")
            DataSize spill,
            @Setting(value = "30s", in = "100ms to 1h", text = "How long one statement may be planned and run, from its turn on. The time in which it waits for a"
                            + " client that takes rows slowly counts only where other statements wait for a turn.")
            Duration timeout,
            @Setting(value = "100", in = "1 to 100000 statements", text = "Statements that wait for their turn; more are 503.")
            int waiting) {}

    /**
     * When a segment is sealed, at {@code segmentRows} rows or {@code flushInterval} after its first row; whether a start
     * compares all files with their checksums; how long positions stay readable; whether segments are merged; within what
     * time deleted values leave the files.
     */
    public record Store(
            @Setting(value = "65536", in = "8 to 65536 rows", multipleOf = 8,
                    text = "Rows after which a segment is sealed.")
            int segmentRows,
            @Setting(value = "30s",
                    text = "A segment with rows is sealed and made durable after that long, full or not.")
            Duration flushInterval,
            @Setting(value = "true",
                    text = "After a start all files are compared with their checksums, in the background.")
            boolean scrub,
            @Setting(value = "15m", in = "1s to 365d",
                    text = "How long a position stays readable after a newer one was reached.")
            Duration history,
            @Setting(value = "true",
                    text = "Whether small segments are merged and rows that no readable position sees are left out.")
            boolean compaction,
            @Setting(value = "1d", in = "1m to 3650d",
                    text = "Within that time superseded and deleted values leave all files of a product. Positions stay"
                            + " readable for half of it at most.")
            Duration erase) {}

    /**
     * What writing requests may have: {@code maxRecords} each; an idempotency key is known for {@code window}, so long as
     * it is among the newest {@code maxKeys}.
     */
    public record Writes(
            @Setting(value = "10000", in = "1 to 1000000 records", text = "The most records of a writing request.")
            int maxRecords,
            @Setting(value = "1d", in = "1s to 30d",
                    text = "How long the answer to a request with an `Idempotency-Key` is kept, in the topic"
                            + " `millrace.writes`.")
            Duration window,
            @Setting(value = "500000", in = "1 to 100000000 keys",
                    text = "The most such keys that are kept; beyond it the oldest are forgotten before their time."
                            + " Each takes about 200 bytes of heap.")
            int maxKeys) {}

    /** Who may come in, and what callers are known by. */
    public record Security(
            @Setting(value = "false",
                    text = "Whether whoever says nothing of who it is may read and write everything. What is said is looked"
                            + " at all the same.")
            boolean open,
            @Setting(value = "false",
                    text = "Whether ports that others than this machine reach may speak without TLS, since a proxy ends it.")
            boolean plaintext,
            @Setting(value = "", form = Form.FILE,
                    text = "The file of keys, whose lines `./millrace key new` prints; it is read again when it has"
                            + " changed.")
            Path keys,
            @Setting(value = "30", in = "1 to 1000000 logins",
                    text = "Failed logins of one address in a minute; further ones are told to come back later.")
            int failures,
            @Setting(value = "false",
                    text = "Whether `/metrics`, and which products are not ready and why, is told to callers that nobody"
                            + " knows.")
            boolean openMetrics,
            @Setting(value = "2s",
                    text = "How often the files named here are looked at; a change is taken up when two looks have found"
                            + " the same.")
            Duration watchInterval,
            @Setting(value = "confidential=hide,restricted=hide,pii=hide",
                    text = "What callers with a grant see of a column of that `classification` where the grant says"
                            + " nothing of it: `hide`, `show`, `null` or `pseudonym`.")
            List<String> classifications,
            @Setting(value = "1h", in = "1s to 30d",
                    text = "How long a token is good that a Flight client gets for a name and a key.")
            Duration session,
            @Setting(value = "", form = Form.NETWORKS,
                    text = "Addresses and networks (`10.0.0.0/8`) of proxies whose `Forwarded`, else `X-Forwarded-For`, is"
                            + " believed of their clients, with commas between them.")
            List<String> proxies,
            Oidc oidc,
            Tls tls,
            Audit audit) {
        public Security {
            classifications = List.copyOf(classifications);
            proxies = List.copyOf(proxies);
        }

        /** Whether anything is named that callers are known by. */
        public boolean names() {
            return !keys.toString().isEmpty()
                    || !oidc.issuer().isEmpty()
                    || !tls.clients().toString().isEmpty();
        }
    }

    /** The certificate of all ports, which speak plainly where none is named, and who vouches for clients' own. */
    public record Tls(
            @Setting(value = "", form = Form.FILE,
                    text = "The certificate of all ports with those that vouch for it, as PEM; read again when it has"
                            + " changed, as the next two are.")
            Path certificate,
            @Setting(value = "", form = Form.FILE, text = "The certificate's key, as PEM (PKCS #8).") Path key,
            @Setting(value = "", form = Form.FILE,
                    text = "The certificates of authorities, as PEM, whose clients are known by certificates of their own.")
            Path clients,
            @Setting(value = "true", text = "Whether the management port speaks TLS, too.") boolean management) {
        /** Whether ports speak TLS. */
        public boolean isOn() {
            return !certificate.toString().isEmpty();
        }
    }

    /** Whose tokens are taken, and what of them makes a principal; nobody's where {@code issuer} is empty. */
    public record Oidc(
            @Setting(value = "", form = Form.URL,
                    text = "The issuer whose signed tokens are taken, as its tokens name it; `https`, but on this machine.")
            String issuer,
            @Setting(value = "", text = "What a token must be for (`aud`); needed with an issuer.") String audience,
            @Setting(value = "", form = Form.URL,
                    text = "The address of the issuer's keys; empty to ask its `/.well-known/openid-configuration`.")
            String jwks,
            @Setting(value = "sub",
                    text = "The claim that is the caller's name: one that users cannot choose for themselves.")
            String name,
            @Setting(value = "roles",
                    text = "The claim that holds the caller's roles; within an object with dots, `realm_access.roles`.")
            String roles,
            @Setting(value = "", text = "The claim that says what the caller reads for; empty for none.") String purpose,
            @Setting(value = "30s", in = "0ms to 5m", text = "How far the issuer's clock may be from this one's.")
            Duration skew,
            @Setting(value = "10m", in = "1s to 1d",
                    text = "How often the issuer's keys are got; at once, too, when a token names one that is not known.")
            Duration refresh) {}

    /** Where it is written who did what. */
    public record Audit(
            @Setting(value = "", form = Form.FILE,
                    text = "The file that gets a line of JSON for each refusal, write and replay; empty for none.")
            Path file,
            @Setting(value = "", text = "A topic that gets the same as records; it must be there. Empty for none.")
            String topic,
            @Setting(value = "false", text = "Whether reads are written, too.") boolean reads,
            @Setting(value = "10000", in = "1 to 1000000 lines",
                    text = "Lines that wait for a slow target; further ones are lost and counted"
                            + " (`millrace_audit_lost_total`), and no request waits.")
            int queue) {}

    /** What a server does that is told to stop: it says so, drains, ends. */
    public record Stop(
            @Setting(value = "500ms", in = "0ms to 5m",
                    text = "How long a server that was told to stop says so at `/health/ready` and serves on, so that"
                            + " those who share out requests see it.")
            Duration notice,
            @Setting(value = "8s", in = "0ms to 1h", atMost = "within",
                    text = "How long answers, streams and uploads under way may go on after that; then they are ended as"
                            + " their format shows.")
            Duration streams,
            @Setting(value = "25s", in = "1s to 1h",
                    text = "How long the whole stop may take; what has not ended then is left to the end of the process.")
            Duration within) {}
    // spotless:on
}
