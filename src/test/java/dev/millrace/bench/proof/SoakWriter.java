package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes at a steady rate: upserts and deletes of accounts, and bookings whose number is their offset. The model knows of
 * each record before the topic does.
 */
final class SoakWriter implements AutoCloseable {
    static final String BOOKINGS = "bank.history.v1";

    private final SoakModel model;
    private final int accounts;
    private final long nanosPerRecord;
    private final KafkaProducer<byte[], byte[]> producer;
    private final Thread thread = Thread.ofPlatform().name("soak-writer").unstarted(this::run);
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final long[] nextBooking = new long[SoakModel.PARTITIONS];
    private volatile boolean ending;
    private long records;
    private long deletes;

    SoakWriter(String bootstrapServers, SoakModel model, int accounts, int perSecond) {
        this.model = model;
        this.accounts = accounts;
        this.nanosPerRecord = TimeUnit.SECONDS.toNanos(1) / perSecond;
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers, "linger.ms", 2, "batch.size", 65_536),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    void start() {
        thread.start();
    }

    private void run() {
        var random = new Random(42);
        long begun = System.nanoTime();
        for (long i = 0; !ending && failure.get() == null; i++) {
            LockSupport.parkNanos(begun + i * nanosPerRecord - System.nanoTime());
            if (random.nextInt(4) == 0) {
                int partition = random.nextInt(SoakModel.PARTITIONS);
                long number = nextBooking[partition]++;
                String owner = "p" + partition;
                send(BOOKINGS, partition, owner, Ledger.value(owner, number), number);
            } else {
                String account = Ledger.account(random.nextInt(), accounts);
                boolean delete = random.nextInt(8) == 0;
                records++;
                deletes += delete ? 1 : 0;
                long offset = model.put(account, delete ? SoakModel.NONE : i);
                String value = delete ? null : Ledger.value(account, i);
                send(Ledger.TOPIC, SoakModel.partition(account), account, value, offset);
            }
        }
        producer.flush();
    }

    private void send(String topic, int partition, String key, @Nullable String value, long offset) {
        producer.send(
                new ProducerRecord<>(
                        topic, partition, key.getBytes(UTF_8), value == null ? null : value.getBytes(UTF_8)),
                (metadata, refused) -> {
                    if (refused != null || metadata.offset() != offset) {
                        failure.compareAndSet(
                                null,
                                refused != null
                                        ? refused
                                        : new IllegalStateException(metadata + " instead of offset " + offset));
                    }
                });
    }

    /** Ends writing; fails when a record did not get the offset that the model gave it. */
    @Override
    public void close() {
        ending = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        producer.close();
        Throwable failed = failure.get();
        if (failed != null) {
            throw new IllegalStateException("the writer failed", failed);
        }
    }

    long records() {
        return records;
    }

    long deletes() {
        return deletes;
    }

    long bookings() {
        long sum = 0;
        for (long next : nextBooking) {
            sum += next;
        }
        return sum;
    }
}
