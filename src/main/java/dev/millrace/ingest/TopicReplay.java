package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Row;
import dev.millrace.codec.Violation;
import dev.millrace.config.Configuration;
import dev.millrace.domain.Product;
import dev.millrace.domain.Replay;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.Reason;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.kafka.Transaction;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.QueryParser;
import dev.millrace.query.RowsScan;
import dev.millrace.security.Principal;
import dev.millrace.store.Key;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replays one product's dead letters. Blocks, so it has a thread of a pool of its own; one run at a time.
 *
 * <p>Exactly once rests on four things. A record and the mark on its letter are one Kafka transaction. The transactional
 * id belongs to the product: opening it ends what another run, here or in another server, has left open or still does.
 * After that, and before it looks at letters, a run waits until the dead-letter product has read to the end of its topic,
 * so it sees every mark. And a letter whose record has a row already, because the topic was read again under a contract
 * that takes it, is only marked; the other way round {@link ContractRecords} passes over a copy whose original has a row.
 */
final class TopicReplay implements Replay {
    private static final Logger LOG = LoggerFactory.getLogger(TopicReplay.class);
    private static final Duration WORK = Duration.ofSeconds(6);
    private static final Duration CLOSE = Duration.ofSeconds(2);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int TRANSACTION_LETTERS = 500;
    private static final long TRANSACTION_BYTES = 16L << 20;
    private static final int SAMPLE_IDS = 10;

    private final WorkerPool workers;
    private final Configuration.Kafka kafka;
    private final TopicAdmin admin;
    private final Product product;
    private final Product letters;
    private final ProductIngest ingest;
    private final Runnable look;
    private final AtomicBoolean running = new AtomicBoolean();

    /** @param look makes the dead-letter product look whether its topic has more */
    TopicReplay(
            WorkerPool workers,
            Configuration.Kafka kafka,
            TopicAdmin admin,
            Product product,
            ProductIngest ingest,
            Runnable look) {
        this.workers = workers;
        this.kafka = kafka;
        this.admin = admin;
        this.product = product;
        this.letters = product.deadLetters().orElseThrow();
        this.ingest = ingest;
        this.look = look;
    }

    @Override
    public CompletableFuture<Report> run(Request request) {
        if (product.unreadable().isPresent()) {
            return CompletableFuture.failedFuture(
                    unavailable(product.unreadable().get()));
        }
        if (!running.compareAndSet(false, true)) {
            return CompletableFuture.failedFuture(conflict());
        }
        return workers.run(() -> open(request))
                .onComplete(ended -> running.set(false))
                .toCompletionStage()
                .toCompletableFuture();
    }

    private RuntimeException conflict() {
        return new Problem.Conflict("The replay", "another one of " + product.qualifiedName() + " is under way.")
                .exception();
    }

    private RuntimeException unavailable(String reason) {
        return new Problem.Unavailable("The replay of " + product.qualifiedName(), reason).exception();
    }

    private Report open(Request request) {
        if (request.dryRun()) {
            return new Run(request, Optional.empty()).all();
        }
        var producer = new KafkaProducer<>(
                ClientSettings.transactionalProducer(kafka, "millrace.replay." + product.qualifiedName()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        try {
            producer.initTransactions();
            return new Run(request, Optional.of(producer)).all();
        } catch (ProducerFencedException | InvalidProducerEpochException fenced) {
            throw conflict();
        } catch (KafkaException failure) {
            throw unavailable("the brokers did not take it: " + Reason.of(failure));
        } finally {
            producer.close(CLOSE);
        }
    }

    /** One run, on its thread. */
    private final class Run {
        private final Request request;
        private final Optional<KafkaProducer<byte[], byte[]>> producer;
        private final long deadline = System.nanoTime() + WORK.toNanos();
        private final Map<String, Kept> kept = new TreeMap<>();
        private final List<DeadLetters.Letter> good = new ArrayList<>();
        private final List<DeadLetters.Letter> chunk = new ArrayList<>();
        private long chunkBytes;
        private long replayed;
        private long taken;
        private long[] next = {};

        Run(Request request, Optional<KafkaProducer<byte[], byte[]>> producer) {
            this.request = request;
            this.producer = producer;
        }

        Report all() {
            awaitMarks();
            boolean complete;
            try (Snapshot snapshot = letters.snapshot()) {
                complete = (request.ids().isEmpty() ? scan(snapshot) : byId(snapshot)) && flush();
            }
            Position now = product.position();
            return new Report(
                    replayed, taken, List.copyOf(kept.values()), complete, now.merge(Position.of(now.topicId(), next)));
        }

        /** Waits until the dead-letter product has everything that its topic has. */
        private void awaitMarks() {
            Position end;
            try {
                end = admin.end(letters.definition().topic(), Position::of)
                        .toCompletionStage()
                        .toCompletableFuture()
                        .join();
            } catch (CompletionException failure) {
                if (failure.getCause() instanceof UnknownTopicOrPartitionException) {
                    return;
                }
                throw unavailable("the dead-letter topic cannot be read: " + Reason.of(failure));
            }
            while (!letters.position().hasReached(end)) {
                if (System.nanoTime() > deadline) {
                    throw unavailable("not all dead letters have been read yet: " + letters.position() + " of " + end
                            + ", " + letters.state().detail());
                }
                look.run();
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }

        /** False when time ran out. */
        private boolean scan(Snapshot snapshot) {
            Map<String, String> wanted = new HashMap<>(Map.of("state", "rejected"));
            request.rule().ifPresent(rule -> wanted.put("rule", rule));
            var scan = new RowsScan(
                    snapshot, QueryParser.where(letters.as(Principal.ANYBODY).shape(), wanted));
            while (scan.next()) {
                for (int i = 0; i < scan.count(); i++) {
                    if (!add(DeadLetters.Letter.of(letters.schema(), scan.batch(), scan.selection()[i]))) {
                        return false;
                    }
                }
            }
            return true;
        }

        private boolean byId(Snapshot snapshot) {
            for (String id : request.ids()) {
                Optional<Row> row = snapshot.find(Key.ofText(letters.schema(), id.getBytes(UTF_8)))
                        .filter(found -> is(found, "state", "rejected"))
                        .filter(found -> request.rule()
                                .map(rule -> is(found, "rule", rule))
                                .orElse(true));
                if (row.isEmpty()) {
                    kept("unknown", id);
                } else if (!add(DeadLetters.Letter.of(
                        letters.schema(), row.get().batch(), row.get().row()))) {
                    return false;
                }
            }
            return true;
        }

        private boolean is(Row row, String column, String text) {
            return row.batch().column(letters.schema().column(column)).equalsBytes(row.row(), text.getBytes(UTF_8));
        }

        private boolean add(DeadLetters.Letter letter) {
            chunk.add(letter);
            chunkBytes += Math.max(0, letter.record().serializedValueSize());
            return (chunk.size() < TRANSACTION_LETTERS && chunkBytes < TRANSACTION_BYTES) || flush();
        }

        private void kept(String rule, String id) {
            kept.merge(rule, new Kept(rule, 1, List.of(id)), (before, one) -> {
                List<String> ids = Stream.concat(before.ids().stream(), Stream.of(id))
                        .limit(SAMPLE_IDS)
                        .toList();
                return new Kept(rule, before.count() + 1, ids);
            });
        }

        /** Deals with the letters collected; false when time ran out before. */
        private boolean flush() {
            if (!chunk.isEmpty() && System.nanoTime() > deadline) {
                return false;
            }
            List<DeadLetters.Letter> inAlready = new ArrayList<>();
            List<DeadLetters.Letter> candidates = new ArrayList<>();
            try (Snapshot rows = product.snapshot()) {
                for (DeadLetters.Letter letter : chunk) {
                    DeadLetters.Place place = letter.place();
                    if (place.offset() >= rows.position().next(place.partition())) {
                        kept("unread", place.toString());
                        continue;
                    }
                    Snapshot.Trace trace = place.in(rows);
                    if (trace == Snapshot.Trace.GONE) {
                        kept("gone", place.toString());
                    } else if (trace == Snapshot.Trace.ROW) {
                        inAlready.add(letter);
                    } else if (letter.omitted()) {
                        kept("omitted", place.toString());
                    } else {
                        candidates.add(letter);
                    }
                }
            }
            chunk.clear();
            chunkBytes = 0;
            judge(candidates);
            producer.ifPresent(open -> {
                while (!transact(open, inAlready)) {
                    // A letter that the topic does not take is no longer among them.
                }
            });
            replayed += good.size();
            taken += inAlready.size();
            good.clear();
            return true;
        }

        private void judge(List<DeadLetters.Letter> candidates) {
            List<Optional<Violation>> verdicts = ingest.check(
                            candidates.stream().map(DeadLetters.Letter::record).toList())
                    .join();
            for (int i = 0; i < verdicts.size(); i++) {
                DeadLetters.Letter letter = candidates.get(i);
                verdicts.get(i)
                        .ifPresentOrElse(
                                violation ->
                                        kept(violation.rule(), letter.place().toString()),
                                () -> good.add(letter));
            }
        }

        /** One transaction; false, with nothing done, when a record was too large and is left out next time. */
        private boolean transact(KafkaProducer<byte[], byte[]> open, List<DeadLetters.Letter> inAlready) {
            if (good.isEmpty() && inAlready.isEmpty()) {
                return true;
            }
            Transaction transaction = Transaction.begin(open);
            boolean committed = false;
            try {
                // All copies, or up to one that fails.
                List<Future<RecordMetadata>> sent =
                        transaction.send(good.stream().map(this::copy).toList());
                transaction.flush();
                for (int i = 0; i < sent.size(); i++) {
                    if (sent.get(i).state() == Future.State.FAILED) {
                        refused(good.get(i), sent.get(i).exceptionNow());
                        good.remove(i);
                        return false;
                    }
                }
                List<ProducerRecord<byte[], byte[]>> marks = new ArrayList<>();
                for (int i = 0; i < sent.size(); i++) {
                    RecordMetadata at = sent.get(i).resultNow();
                    var to = new DeadLetters.Place(at.topic(), at.partition(), at.offset());
                    marks.add(mark(good.get(i), "replayed", Optional.of(to)));
                }
                inAlready.forEach(letter -> marks.add(mark(letter, "taken", Optional.empty())));
                var unused = transaction.send(marks); // the commit says what became of them
                transaction.commit();
                committed = true;
                next = Transaction.behind(next, sent);
                return true;
            } finally {
                if (!committed) {
                    abort(transaction);
                }
            }
        }

        /** Leaves a letter out that the topic does not take; any other failure is that of the run. */
        private void refused(DeadLetters.Letter letter, Throwable failure) {
            if (!(failure instanceof RecordTooLargeException || failure instanceof InvalidTimestampException)) {
                throw failure instanceof KafkaException cause ? cause : new KafkaException(failure);
            }
            kept("refused", letter.place().toString());
        }

        private void abort(Transaction transaction) {
            try {
                transaction.abort();
            } catch (KafkaException | IllegalStateException fenced) {
                LOG.debug("{}: the transaction was not ours to abort", product.qualifiedName(), fenced);
            }
        }

        private static @Nullable Long timestamp(DeadLetters.Letter letter) {
            return letter.record().timestamp() < 0 ? null : letter.record().timestamp();
        }

        private ProducerRecord<byte[], byte[]> copy(DeadLetters.Letter letter) {
            var record = letter.record();
            Headers headers = new RecordHeaders(record.headers());
            DeadLetters.add(headers, DeadLetters.REPLAY_OF, letter.place().toString());
            return new ProducerRecord<>(
                    record.topic(), record.partition(), timestamp(letter), record.key(), record.value(), headers);
        }

        private ProducerRecord<byte[], byte[]> mark(
                DeadLetters.Letter letter, String state, Optional<DeadLetters.Place> to) {
            Headers headers = DeadLetters.mark(product.definition().contract(), letter.place(), state);
            to.ifPresent(place -> DeadLetters.add(headers, DeadLetters.REPLAYED_TO, place.toString()));
            return new ProducerRecord<>(
                    letters.definition().topic(),
                    DeadLetters.DEAD_LETTER_PARTITION,
                    timestamp(letter),
                    letter.record().key(),
                    new byte[0],
                    headers);
        }
    }
}
