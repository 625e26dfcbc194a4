package dev.millrace.write;

import dev.millrace.config.Configuration;
import dev.millrace.domain.Product;
import dev.millrace.domain.Writes.Receipt;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.Reason;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.kafka.Transaction;
import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes requests to their topics, in the order in which they come: as many as wait are one Kafka transaction, with the
 * answers to those that have an idempotency key. So a request is there whole, with its answer, or not at all, whoever
 * dies. One thread, which begins with the first request and blocks as it likes.
 */
final class WriteLog {
    private static final Logger LOG = LoggerFactory.getLogger(WriteLog.class);
    private static final int GROUP_REQUESTS = 500;
    private static final long GROUP_BYTES = 8L << 20;
    private static final long LOOK_MILLIS = 250;
    private static final int BLOCK_MILLIS = 5_000;
    private static final Duration CLOSE = Duration.ofSeconds(2);

    /** A request on its way. */
    static final class Pending {
        final CompletableFuture<Receipt> answer = new CompletableFuture<>();
        final Product product;
        final String key;
        private final Runnable release;
        private final AtomicBoolean released = new AtomicBoolean();

        /** Whether it may be in the topic already. */
        volatile boolean begun;

        volatile String fingerprint = "";
        volatile List<ProducerRecord<byte[], byte[]>> records = List.of();

        /** Makes the answer when the position is known, or fails it. */
        volatile Function<Position, Receipt> receipt = position -> {
            throw new IllegalStateException("not checked");
        };

        volatile Optional<RuntimeException> refusal = Optional.empty();
        volatile long bytes;

        /**
         * @param key empty for none
         * @param release runs once, before it is answered, when nothing more happens with it
         */
        Pending(Product product, String key, Runnable release) {
            this.product = product;
            this.key = key;
            this.release = release;
        }

        void succeed(Receipt receipt) {
            release();
            answer.complete(receipt);
        }

        void fail(Throwable failure) {
            release();
            answer.completeExceptionally(failure);
        }

        private void release() {
            if (released.compareAndSet(false, true)) {
                release.run();
            }
        }
    }

    private final TopicAdmin admin;
    private final Configuration.Kafka kafka;
    private final Configuration.Writes settings;
    private final String name;
    private final BlockingQueue<Pending> queue = new LinkedBlockingQueue<>();
    private @Nullable Thread thread;
    private volatile boolean closed;
    private @Nullable KafkaProducer<byte[], byte[]> producer;
    private @Nullable WriteKeys keys;

    /** @param name of the producer, of which there may be one */
    WriteLog(TopicAdmin admin, Configuration.Kafka kafka, Configuration.Writes settings, String name) {
        this.admin = admin;
        this.kafka = kafka;
        this.settings = settings;
        this.name = name;
    }

    /** Takes a request; any thread. */
    synchronized void add(Pending pending) {
        if (closed) {
            pending.fail(unavailable("the server is stopping", false));
            return;
        }
        queue.add(pending);
        Thread writing = thread;
        if (writing == null || !writing.isAlive()) {
            thread = Thread.ofPlatform().name("writes").start(this::run);
        }
    }

    private void run() {
        try {
            while (!closed || !queue.isEmpty()) {
                Pending first = queue.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null && closed) {
                    first.fail(unavailable("the server is stopping", false));
                } else if (first != null) {
                    write(group(first));
                }
            }
        } catch (InterruptedException nobodyDoes) {
            Thread.currentThread().interrupt();
        } finally {
            reset();
        }
    }

    private List<Pending> group(Pending first) {
        List<Pending> group = new ArrayList<>(List.of(first));
        long bytes = first.bytes;
        for (Pending next = queue.peek();
                next != null && group.size() < GROUP_REQUESTS && (bytes += next.bytes) <= GROUP_BYTES;
                next = queue.peek()) {
            group.add(queue.remove());
        }
        return group;
    }

    @SuppressWarnings("CatchingUnchecked") // whatever fails, each request is answered and the next ones have their turn
    private void write(List<Pending> all) {
        List<Pending> group = new ArrayList<>(all);
        boolean[] committing = {false};
        try {
            KafkaProducer<byte[], byte[]> open = open();
            if (group.stream().anyMatch(pending -> !pending.key.isEmpty())) {
                answerKnown(group);
            }
            group.removeIf(pending -> {
                pending.refusal.ifPresent(pending::fail);
                pending.begun = true;
                return pending.answer.isDone();
            });
            if (!group.isEmpty()) {
                transact(open, group, committing);
            }
            // Those that were told that it took too long give their places back.
            finish(all, unavailable("it took too long", false));
        } catch (RuntimeException | Error failure) {
            LOG.warn(
                    "{} requests are not written: {}",
                    group.size(),
                    Reason.cause(failure).toString());
            finish(all, unavailable("the brokers did not take it, " + Reason.of(failure), committing[0]));
            reset();
        }
    }

    /** Answers what is without an answer, and gives the places back. */
    private static void finish(List<Pending> group, RuntimeException failure) {
        group.forEach(pending -> pending.fail(failure));
    }

    /** The failure of a request; {@code begun} when it may have been written nevertheless. */
    static RuntimeException unavailable(String reason, boolean begun) {
        return new Problem.Unavailable(
                        "Writing",
                        reason + ". "
                                + (begun
                                        ? "It is not known whether it was written: a repetition with the same"
                                                + " Idempotency-Key is safe, any other may write it twice."
                                        : "Nothing was written; try again."))
                .exception();
    }

    private KafkaProducer<byte[], byte[]> open() {
        KafkaProducer<byte[], byte[]> open = producer;
        if (open == null) {
            var clientSettings = ClientSettings.transactionalProducer(kafka, name);
            if (!kafka.properties().containsKey(ProducerConfig.MAX_BLOCK_MS_CONFIG)) {
                clientSettings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, BLOCK_MILLIS);
            }
            // What follows a batch that the topic refuses must not be under way already: it would come out of order.
            clientSettings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
            open = new KafkaProducer<>(clientSettings, new ByteArraySerializer(), new ByteArraySerializer());
            producer = open;
            open.initTransactions();
        }
        return open;
    }

    private void answerKnown(List<Pending> group) {
        WriteKeys known = keys;
        if (known == null) {
            known = new WriteKeys(admin, kafka, settings);
            keys = known;
        }
        known.catchUp();
        for (Pending pending : group) {
            if (!pending.key.isEmpty() && !pending.answer.isDone()) {
                known.find(pending.key).ifPresent(entry -> {
                    if (entry.fingerprint().equals(pending.fingerprint)) {
                        pending.succeed(entry.receipt());
                    } else {
                        pending.fail(new Problem.KeyReused("Idempotency-Key").exception());
                    }
                });
            }
        }
    }

    /** One transaction; where the topic refuses a record, one for each request, so that it is refused alone. */
    private void transact(KafkaProducer<byte[], byte[]> open, List<Pending> group, boolean[] committing) {
        committing[0] = false;
        Transaction transaction = Transaction.begin(open);
        List<List<Future<RecordMetadata>>> sent = new ArrayList<>();
        boolean good = true;
        for (int i = 0; good && i < group.size(); i++) {
            List<ProducerRecord<byte[], byte[]>> records = once(open, group.get(i).records);
            List<Future<RecordMetadata>> each = transaction.send(records);
            sent.add(each);
            good = each.size() == records.size()
                    && (each.isEmpty() || each.getLast().state() != Future.State.FAILED);
        }
        transaction.flush();
        // Which request it is cannot be told: what shares a batch with such a record is refused with it.
        Optional<RuntimeException> refusal =
                sent.stream().flatMap(each -> refusal(each).stream()).findFirst();
        if (refusal.isPresent()) {
            transaction.abort();
            if (group.size() == 1) {
                group.getFirst().fail(refusal.get());
            } else {
                group.forEach(pending -> transact(open, List.of(pending), committing));
            }
            return;
        }
        List<Receipt> receipts = new ArrayList<>();
        for (int i = 0; i < group.size(); i++) {
            Pending pending = group.get(i);
            receipts.add(pending.receipt.apply(reached(pending.product, sent.get(i))));
            if (!pending.key.isEmpty()) {
                var unused = transaction.send(List.of(
                        WriteKeys.record(pending.key, new WriteKeys.Entry(pending.fingerprint, receipts.getLast()))));
            }
        }
        committing[0] = true;
        transaction.commit();
        for (int i = 0; i < group.size(); i++) {
            group.get(i).succeed(receipts.get(i));
        }
    }

    /** Without records that name the partition to which the one before them, which names none, goes by its key. */
    private List<ProducerRecord<byte[], byte[]>> once(
            KafkaProducer<byte[], byte[]> open, List<ProducerRecord<byte[], byte[]>> records) {
        return kafka.properties().containsKey(ProducerConfig.PARTITIONER_CLASS_CONFIG)
                        || records.stream().allMatch(record -> record.partition() == null)
                ? records
                : records.stream()
                        .filter(record -> record.partition() == null
                                || record.partition()
                                        != Utils.toPositive(Utils.murmur2(record.key()))
                                                % open.partitionsFor(record.topic())
                                                        .size())
                        .toList();
    }

    /** Why the topic takes no record like one of these. */
    private static Optional<RuntimeException> refusal(List<Future<RecordMetadata>> sent) {
        return sent.stream()
                .filter(each -> each.state() == Future.State.FAILED)
                .map(Future::exceptionNow)
                .filter(why -> why instanceof RecordTooLargeException
                        || why instanceof InvalidRecordException
                        || why instanceof AuthorizationException)
                .<RuntimeException>map(why -> new Problem.InvalidBody(
                                "The topic does not take a record: " + why.getMessage(),
                                "records within the topic's limits (max.message.bytes) and rights.")
                        .exception())
                .findFirst();
    }

    /** The position behind all of them. */
    private static Position reached(Product product, List<Future<RecordMetadata>> sent) {
        Position now = product.position();
        return now.merge(Position.of(now.topicId(), Transaction.behind(new long[0], sent)));
    }

    /** The next group begins anew: a producer of the same name ends, in the one way or the other, what this one left. */
    @SuppressWarnings("CatchingUnchecked") // what fails to close was broken before
    private void reset() {
        try (WriteKeys read = keys) {
            if (producer != null) {
                producer.close(CLOSE);
            }
        } catch (RuntimeException failure) {
            LOG.debug("A client was not closed", failure);
        }
        keys = null;
        producer = null;
    }

    /** Ends what is under way, refuses what waits; blocks. */
    void close() throws InterruptedException {
        Thread running;
        synchronized (this) {
            closed = true;
            running = thread;
        }
        if (running != null) {
            running.join(Transaction.PATIENCE);
        }
    }
}
