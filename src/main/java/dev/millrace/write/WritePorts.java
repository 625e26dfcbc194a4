package dev.millrace.write;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.arrow.Batch;
import dev.millrace.codec.BodyForm;
import dev.millrace.config.Configuration;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState;
import dev.millrace.domain.Writes;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Problem.Rejection;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.FilterLoop;
import dev.millrace.store.Key;
import dev.millrace.store.KeyMatch;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import dev.millrace.write.WriteLog.Pending;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;

/**
 * The ways to write into the products' topics. A request is checked on the pool named {@code writes} and then goes to the
 * {@link WriteLog}; what may wait there is bounded in number, in all and of each client, and its memory is the request's.
 * No client is open until the first request.
 */
public final class WritePorts {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LAST_WAIT = Duration.ofSeconds(5);
    private static final long CHECK_BYTES = 64L << 20;
    private static final int CHECKS = 2;

    /** What a check may take of a body's size: a value is in a column, in a sink and in a column again, each rounded up. */
    private static final int CHECK_TIMES = 8;

    private static final int REPORTED = 100;
    private static final long LOOK_NANOS = 10_000_000;
    private static final int LOOKS = 500;

    private final Vertx vertx;
    private final Configuration configuration;
    private final TopicAdmin admin;
    private final BufferAllocator memory;
    private final WorkerPool workers;
    private final WriteLog log;
    private final Places waiting;
    private final long checkBytes;
    private volatile boolean stopping;
    private final Set<String> keysUnderWay = ConcurrentHashMap.newKeySet();

    private WritePorts(
            Vertx vertx,
            Configuration configuration,
            String instance,
            BufferAllocator root,
            WorkerPool workers,
            Places waiting) {
        this.vertx = vertx;
        this.configuration = configuration;
        this.admin = new TopicAdmin(vertx, configuration.kafka());
        this.waiting = waiting;
        this.checkBytes = Math.max(
                CHECK_BYTES, CHECK_TIMES * configuration.http().maxBody().bytes());
        this.memory = root.newChildAllocator("writes", 0, CHECKS * checkBytes);
        this.workers = workers;
        this.log = new WriteLog(admin, configuration.kafka(), configuration.writes(), "millrace.writes." + instance);
    }

    /**
     * Makes products writable, but for those of dead letters.
     *
     * @param instance names this server's data folder, and so its producer
     * @param root borrowed, pays for the checking
     * @param workers check; closed at the end
     * @param waiting for requests that are being written
     */
    public static WritePorts start(
            Vertx vertx,
            Configuration configuration,
            String instance,
            List<Product> products,
            BufferAllocator root,
            WorkerPool workers,
            Places waiting) {
        var ports = new WritePorts(vertx, configuration, instance, root, workers, waiting);
        products.forEach(ports::add);
        return ports;
    }

    /** Makes a product writable. */
    public void add(Product product) {
        product.writes(new Port(product));
    }

    /** Ends writing into a product; what is under way is answered. */
    public void remove(Product product) {
        product.writes(request -> CompletableFuture.failedFuture(
                new Problem.Unavailable("Writing", "the product is not served any more.").exception()));
    }

    /** Ends what is under way and refuses what waits. */
    public Future<Void> stop() {
        stopping = true;
        return vertx.executeBlocking(
                        () -> {
                            log.close();
                            // What is being checked is refused by the log in a moment.
                            for (int look = 0; waiting.taken() > 0 && look < LOOKS; look++) {
                                LockSupport.parkNanos(LOOK_NANOS);
                            }
                            admin.close();
                            return true;
                        },
                        false)
                .compose(ended -> workers.close(LAST_WAIT))
                .onSuccess(ended -> {
                    List.copyOf(memory.getChildAllocators()).forEach(BufferAllocator::close);
                    memory.close();
                });
    }

    /** The way into one product's topic. */
    private final class Port implements Writes {
        private final Product product;
        private final Queue<WriteCheck> idle = new ConcurrentLinkedQueue<>();

        Port(Product product) {
            this.product = product;
        }

        @Override
        public CompletableFuture<Receipt> write(Request request) {
            return switch (request) {
                case Records records -> records(records);
                case Deletion deletion -> deletion(deletion);
            };
        }

        private CompletableFuture<Receipt> records(Records request) {
            List<BodyForm> taken = taken();
            if (!taken.contains(request.form())) {
                List<String> types = taken.stream()
                        .flatMap(form -> form.mediaTypes().stream())
                        .toList();
                throw new Problem.UnsupportedMediaType(
                                request.form().mediaTypes().getFirst(), types)
                        .exception();
            }
            // A record of an Arrow topic is taken whole or not at all.
            boolean lenient = request.lenient() && product.definition().format() == ValueFormat.JSON;
            String said = "write " + request.form() + " " + lenient;
            return submit(request, said, request.body(), lenient, check -> guarded(request, check));
        }

        private CompletableFuture<Receipt> deletion(Deletion request) {
            if (!product.schema().upsert()) {
                throw new Problem.MethodNotAllowed("Deleting rows of an append product", List.of("GET", "HEAD"))
                        .exception();
            }
            Key key = Key.parse(product.schema(), request.key())
                    .orElseThrow(() -> new Problem.InvalidParameter(
                                    "key", Key.fault(product.schema(), request.key()), "a key as rows/{key} has it.")
                            .exception());
            String said = "delete " + request.key();
            return submit(request, said, new byte[0], false, check -> {
                if (!request.by().rows().isAll()) {
                    try (Snapshot snapshot = product.store().snapshot()) {
                        var rule = new FilterLoop(request.by().rows());
                        // Of a row that is not the caller's it is told what is told of one that is not there.
                        boolean own = snapshot.find(key)
                                .filter(row -> meets(rule, row.batch(), row.row()))
                                .isPresent();
                        if (!own) {
                            throw new Problem.NotFound("row", String.join(",", request.key())).exception();
                        }
                    }
                }
                return check.delete(request, holders(key));
            });
        }

        /** Rows that the caller's rule does not show are not written, nor such ones replaced. */
        private WriteCheck.Draft guarded(Records request, WriteCheck check) {
            if (request.by().rows().isAll()) {
                return check.check(request, WriteCheck.Guard.NONE);
            }
            var rule = new FilterLoop(request.by().rows());
            StoreSchema schema = product.schema();
            try (Snapshot snapshot = product.store().snapshot()) {
                return check.check(
                        request,
                        (batch, row) -> meets(rule, batch, row)
                                && (!schema.upsert()
                                        || snapshot.find(new KeyMatch.OfRow(schema, batch, row))
                                                .filter(old -> !meets(rule, old.batch(), old.row()))
                                                .isEmpty()));
            }
        }

        private static boolean meets(FilterLoop rule, Batch batch, int row) {
            return rule.narrow(batch, new int[] {row}, 1) > 0;
        }

        private List<Integer> holders(Key key) {
            try (Snapshot snapshot = product.store().snapshot()) {
                return snapshot.holders(key);
            }
        }

        private List<BodyForm> taken() {
            return switch (product.definition().format()) {
                case JSON ->
                    product.definition().unknownFields() == UnknownFields.KEEP
                            ? List.of(BodyForm.JSON, BodyForm.NDJSON)
                            : List.of(BodyForm.values());
                case ARROW -> List.of(BodyForm.ARROW);
                case AVRO, PROTOBUF -> List.of();
            };
        }

        private CompletableFuture<Receipt> submit(
                Request request,
                String said,
                byte[] body,
                boolean lenient,
                Function<WriteCheck, WriteCheck.Draft> work) {
            String key = request.idempotencyKey();
            product.unreadable().ifPresent(reason -> {
                throw new Problem.Unavailable(product.qualifiedName(), reason).exception();
            });
            if (stopping) {
                throw WriteLog.unavailable("the server is stopping", false);
            }
            if (product.state().phase() == ProductState.Phase.RECREATED) {
                throw new Problem.Unavailable(
                                product.qualifiedName(), product.state().detail())
                        .exception();
            }
            Lease lease = request.memory();
            waiting.take(lease.key());
            // Places of another topic mean nothing here: an answer belongs to the topic's id.
            String scoped = key.isEmpty()
                    ? ""
                    : product.position().topicId() + " " + request.by().scope() + key;
            if (!key.isEmpty() && !keysUnderWay.add(scoped)) {
                waiting.giveBack(lease.key());
                throw new Problem.Conflict("The request", "another one with the same Idempotency-Key is under way.")
                        .exception();
            }
            Lease memory = lease.retain();
            var pending = new Pending(product, scoped, () -> {
                waiting.giveBack(memory.key());
                memory.close();
                keysUnderWay.remove(scoped);
            });
            pending.bytes = body.length;
            workers.run(() -> {
                        check(pending, said, body, lenient, work);
                        return pending;
                    })
                    .onSuccess(checked -> {
                        if (checked.key.isEmpty() && checked.refusal.isPresent()) {
                            checked.fail(checked.refusal.get());
                        } else {
                            log.add(checked);
                        }
                    })
                    .onFailure(pending::fail);
            // Before the port's own time is up, which would not say what became of the request.
            long millis = configuration.limits().requestTimeout().toMillis() * 3 / 4;
            return pending.answer
                    .orTimeout(millis, TimeUnit.MILLISECONDS)
                    .exceptionallyCompose(failure -> CompletableFuture.failedFuture(
                            failure instanceof TimeoutException
                                    ? WriteLog.unavailable("Kafka has not confirmed it in time", pending.begun)
                                    : failure));
        }

        /** What a known key has been told before stands, whatever the check says now; so a refusal waits for its turn. */
        private void check(
                Pending pending,
                String said,
                byte[] body,
                boolean lenient,
                Function<WriteCheck, WriteCheck.Draft> work) {
            pending.fingerprint = pending.key.isEmpty() ? "" : fingerprint(product.qualifiedName() + " " + said, body);
            WriteCheck check = idle.poll();
            if (check != null && check.product() != product.definition()) {
                check.close();
                check = null;
            }
            if (check == null) {
                check = new WriteCheck(
                        product.definition(),
                        memory.newChildAllocator("write", 0, checkBytes),
                        configuration.writes().maxRecords(),
                        configuration.store().segmentRows());
            }
            try {
                WriteCheck.Draft draft = work.apply(check);
                List<Rejection> rejected = draft.rejected();
                if (!lenient && !rejected.isEmpty()) {
                    int all = draft.accepted() + rejected.size();
                    throw new Problem.BrokenRecords(
                                    rejected.size(), all, rejected.subList(0, Math.min(REPORTED, rejected.size())))
                            .exception();
                }
                pending.records = draft.records();
                pending.bytes = draft.bytes();
                pending.receipt = position -> receipt(draft, lenient, position);
            } catch (ProblemException refused) {
                pending.refusal = Optional.of(refused);
            } catch (OutOfMemoryException full) {
                pending.refusal = Optional.of(
                        new Problem.TooLarge("The memory in which its records are checked", checkBytes + 1, checkBytes)
                                .exception());
            } catch (OutOfMemoryError full) {
                pending.refusal =
                        Optional.of(WriteLog.unavailable("the memory for the checking of writes is used up", false));
            }
            idle.add(check);
        }
    }

    private static Writes.Receipt receipt(WriteCheck.Draft draft, boolean lenient, Position position) {
        ObjectNode json = JSON.createObjectNode().put("accepted", draft.accepted());
        if (lenient) {
            json.set("rejected", JSON.valueToTree(draft.rejected()));
        }
        json.put("position", position.toString());
        return new Writes.Receipt(json.toString(), position, lenient);
    }

    private static String fingerprint(String said, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(said.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            digest.update((byte) 0);
            return HexFormat.of().formatHex(Arrays.copyOf(digest.digest(body), 16));
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-256", absent);
        }
    }
}
