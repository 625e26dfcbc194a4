package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.codec.SchemaSource;
import dev.millrace.config.Configuration;
import dev.millrace.contract.ValueFormat;
import dev.millrace.kafka.Backoff;
import dev.millrace.kafka.Reason;
import dev.millrace.layer.BoundedGet;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import java.io.IOException;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a schema registry (Confluent's HTTP interface, which others have, too) for schemas by their ids. What it gave is
 * kept for ever, since a registry never changes an id's schema; what it did not give within the time set is missing for
 * as long, then asked for again. Any thread; never blocks.
 */
final class RegistryClient {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_IDS = 10_000;
    private static final int MAX_BYTES = 4 << 20;
    private static final int MAX_IMPORTS = 256;
    private static final int MAX_TRIES_UNKNOWN = 4;
    private static final long CALL_MILLIS = 5_000;

    /** An answer that another try would not change. */
    private static final class Refused extends IOException {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        Refused(String message) {
            super(message);
        }
    }

    private final Vertx vertx;
    private final Context context;
    private final HttpClient http;
    private final BoundedGet documents;
    private final Configuration.SchemaRegistry settings;

    RegistryClient(Vertx vertx, Configuration.SchemaRegistry settings) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.settings = settings;
        this.http = vertx.createHttpClient(new HttpClientOptions().setDecompressionSupported(true));
        this.documents = new BoundedGet(http, MAX_BYTES, CALL_MILLIS);
    }

    /** The schemas of records of a format. */
    SchemaSource source(ValueFormat format) {
        if (settings.url().isEmpty()) {
            return id -> new SchemaSource.Missing("no registry is named; set schemaRegistry.url.");
        }
        String query = format == ValueFormat.PROTOBUF ? "?format=serialized" : "";
        Map<Integer, SchemaSource.Answer> answers = new ConcurrentHashMap<>();
        return id -> {
            SchemaSource.Answer known = answers.get(id);
            if (known != null) {
                return known;
            }
            if (answers.size() >= MAX_IDS) {
                return new SchemaSource.Missing("more than " + MAX_IDS + " schemas are in use.");
            }
            if (answers.putIfAbsent(id, new SchemaSource.Pending()) == null) {
                context.runOnContext(ignored -> new Asking(id, query, answers).attempt());
            }
            return new SchemaSource.Pending();
        };
    }

    Future<Void> close() {
        return http.close();
    }

    /** The tries for one id; on the context. */
    private final class Asking {
        private final int id;
        private final String query;
        private final Map<Integer, SchemaSource.Answer> answers;
        private final Backoff backoff = new Backoff(RandomGenerator.getDefault());
        private final long begunNanos = System.nanoTime();
        private int tries;

        Asking(int id, String query, Map<Integer, SchemaSource.Answer> answers) {
            this.id = id;
            this.query = query;
            this.answers = answers;
        }

        void attempt() {
            tries++;
            get("/schemas/ids/" + id + query)
                    .compose(schema -> {
                        List<SchemaSource.Import> imports = new ArrayList<>();
                        return references(schema, imports, 0)
                                .map(done -> new SchemaSource.Known(
                                        schema.path("schemaType").asText("AVRO"),
                                        schema.path("schema").asText(),
                                        imports));
                    })
                    .onComplete(result -> {
                        if (result.succeeded()) {
                            answers.put(id, result.result());
                        } else {
                            failed(result.cause());
                        }
                    });
        }

        private void failed(Throwable cause) {
            long millis = backoff.nextMillis();
            long spentMillis = (System.nanoTime() - begunNanos) / 1_000_000;
            boolean isFinal = cause instanceof Refused || cause instanceof BoundedGet.TooLarge;
            long limitMillis = settings.retryFor().toMillis();
            if (spentMillis + millis <= limitMillis && !(isFinal && tries >= MAX_TRIES_UNKNOWN)) {
                vertx.setTimer(millis, timer -> attempt());
                return;
            }
            LOG.warn("The schema registry does not give schema {}: {}", id, cause.toString());
            answers.put(id, new SchemaSource.Missing("the registry does not give it: " + Reason.of(cause)));
            vertx.setTimer(Math.max(1, limitMillis), timer -> answers.remove(id));
        }

        /** Gets what a schema refers to, what those refer to first. */
        private Future<Void> references(JsonNode schema, List<SchemaSource.Import> into, int depth) {
            Future<Void> done = Future.succeededFuture();
            for (JsonNode reference : schema.path("references")) {
                String name = reference.path("name").asText();
                String path = "/subjects/"
                        + URLEncoder.encode(reference.path("subject").asText(), UTF_8)
                                .replace("+", "%20") + "/versions/"
                        + reference.path("version").asInt() + query;
                done = done.compose(before -> {
                    if (into.stream().anyMatch(one -> one.name().equals(name))) {
                        return Future.succeededFuture();
                    }
                    if (into.size() >= MAX_IMPORTS || depth > MAX_IMPORTS / 8) {
                        return Future.failedFuture(new Refused("it refers to more than " + MAX_IMPORTS + " others."));
                    }
                    return get(path)
                            .compose(found -> references(found, into, depth + 1).<Void>map(all -> {
                                into.add(new SchemaSource.Import(
                                        name, found.path("schema").asText()));
                                return null;
                            }));
                });
            }
            return done;
        }
    }

    private Future<JsonNode> get(String path) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Accept", "application/vnd.schemaregistry.v1+json, application/json");
        if (!settings.user().isEmpty()) {
            String pair = settings.user() + ":" + settings.password().text();
            headers.put("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(UTF_8)));
        }
        return documents.get(settings.url() + path, headers).compose(answer -> {
            int status = answer.status();
            String what = "it answers " + status + " to GET " + path + ".";
            return switch (status) {
                case 200 -> parsed(answer.body());
                case 404, 422 -> Future.failedFuture(new Refused(what));
                default -> Future.failedFuture(new IOException(what));
            };
        });
    }

    private static Future<JsonNode> parsed(Buffer body) {
        try {
            return Future.succeededFuture(JSON.readTree(body.getBytes()));
        } catch (IOException broken) {
            return Future.failedFuture(new Refused("its answer is not JSON."));
        }
    }
}
