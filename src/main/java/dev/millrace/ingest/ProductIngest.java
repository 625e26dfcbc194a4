package dev.millrace.ingest;

import dev.millrace.codec.RecordDecoder;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.Lanes;
import dev.millrace.domain.Product;
import dev.millrace.domain.Warnings;
import dev.millrace.problem.Problem;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes runs of Kafka records into one product's store: bytes to columns, or to dead letters. Any thread calls it; the
 * work is done on the product's {@link Lanes}, that of a partition on the partition's. What changes the product as a whole
 * is done while no lane works on it.
 *
 * <p>It may stop in the middle of a run when memory is used up. The same run is then given again and goes on where it
 * stopped: what the store has already is passed over by its offset.
 */
final class ProductIngest {
    private static final Logger LOG = LoggerFactory.getLogger(ProductIngest.class);

    /** How often a record must run out of heap, with nothing else of its product at work, before it is taken for the cause. */
    private static final int HEAP_TRIES = 5;

    private static final String NO_MEMORY = "the domain's memory budget is used up.";

    /** Where broken records go. */
    interface Rejection {
        /** Whether so many wait that no more records should be read. */
        boolean isFull();

        /** Why none can be taken for good at the moment, though they are kept; empty when they can. */
        default Optional<String> fault() {
            return Optional.empty();
        }

        /** Takes one; the result ends when it cannot be lost any more. */
        CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation);
    }

    /** How a run ended; of its parts' outcomes the last one named here is that of the run. */
    enum Outcome {
        /** All of it is in and visible. */
        DONE,
        /** Part of it is in; the rest must be given again when the registry has answered. */
        WAITING,
        /** The same when there is memory. */
        EXHAUSTED,
        /** The same when the store's files can be written. */
        UNWRITABLE
    }

    /** A partition and what reads its records; its lane alone. */
    private static final class Part {
        private final ProductDefinition definition;
        private final PartitionWriter writer;
        private final RecordIntake reader;
        private long exhaustedAt = -1;
        private int exhaustedAlone;
        private final Warnings.Counted counted;

        Part(ProductDefinition definition, PartitionWriter writer, RecordIntake reader, Warnings.Counted counted) {
            this.definition = definition;
            this.writer = writer;
            this.reader = reader;
            this.counted = counted;
        }

        /** What is counted now, with what others have counted before. */
        Optional<Warnings.Counted> counted() {
            Map<String, Long> own = reader.warnings();
            if (own.isEmpty()) {
                return Optional.empty();
            }
            Map<String, Long> all = new HashMap<>(counted.byRule());
            own.forEach((rule, count) -> all.merge(rule, count, Long::sum));
            return Optional.of(new Warnings.Counted(counted.topicId(), Math.max(counted.next(), writer.next()), all));
        }
    }

    private final Product product;
    private final ProductStore store;
    private final Optional<Rejection> rejection;
    private final SchemaSource schemas;
    private final Lanes lanes;
    private final Map<Integer, Part> parts = new ConcurrentHashMap<>();
    private final ReentrantReadWriteLock whole = new ReentrantReadWriteLock();
    private volatile String refusedSchema = "";

    /**
     * @param lanes the threads of the product's partitions
     * @param rejection where broken records go; empty for a product of dead letters, which passes them over
     * @param schemas where the schemas of the records are
     */
    ProductIngest(Product product, Lanes lanes, Optional<Rejection> rejection, SchemaSource schemas) {
        this.product = product;
        this.store = product.store();
        this.lanes = lanes;
        this.rejection = rejection;
        this.schemas = schemas;
    }

    /** Why the last schema that was refused was so; empty for none. Any thread. */
    String refusedSchema() {
        return refusedSchema;
    }

    /** Why broken records do not come to where they belong, so that nothing becomes durable; empty when they do. Any thread. */
    Optional<String> rejectionFault() {
        return rejection.flatMap(Rejection::fault);
    }

    /** Takes a run in; all of the product's lanes are asked, so that each gives memory back that another one needs. */
    CompletableFuture<Outcome> accept(ConsumerRecords<ByteBuffer, ByteBuffer> records) {
        int newest = Stream.concat(records.partitions().stream(), records.nextOffsets().keySet().stream())
                .mapToInt(TopicPartition::partition)
                .max()
                .orElse(0);
        return onLanes(Math.max(store.position().partitions(), newest + 1), lane -> accept(records, lane))
                .thenApply(outcomes ->
                        outcomes.stream().max(Comparator.naturalOrder()).orElseThrow());
    }

    private Outcome accept(ConsumerRecords<ByteBuffer, ByteBuffer> records, int lane) {
        if (tend(lane).isPresent()) {
            return Outcome.UNWRITABLE;
        }
        Outcome outcome = Outcome.DONE;
        for (TopicPartition partition : records.partitions()) {
            if (lanes.of(partition.partition()) == lane) {
                Part part = part(partition.partition());
                Outcome ended = append(records.records(partition), part);
                outcome = outcome.compareTo(ended) < 0 ? ended : outcome;
                part.writer.publish();
                part.counted().ifPresent(counted -> product.counted().put(partition.partition(), counted));
            }
        }
        if (outcome == Outcome.DONE) {
            records.nextOffsets().forEach((partition, next) -> {
                if (lanes.of(partition.partition()) == lane) {
                    PartitionWriter writer = part(partition.partition()).writer;
                    if (next.offset() > writer.next()) {
                        writer.skip(next.offset());
                        writer.publish();
                    }
                }
            });
        }
        product.advanced();
        return outcome;
    }

    /** Has something done on each lane that so many partitions have; ends when all have ended, also where one failed. */
    private <T> CompletableFuture<List<T>> onLanes(int partitions, IntFunction<T> work) {
        List<CompletableFuture<T>> each = IntStream.range(0, lanes.count(partitions))
                .mapToObj(lane -> lanes.ask(lane, () -> locked(lock(lane), () -> work.apply(lane))))
                .toList();
        return CompletableFuture.allOf(each.toArray(CompletableFuture<?>[]::new))
                .thenApply(
                        ended -> each.stream().map(CompletableFuture::resultNow).toList());
    }

    /** Has something done on the first lane while none works on the product; its failure fails the result. */
    CompletableFuture<Void> alone(Runnable task) {
        return lanes.ask(
                        0,
                        () -> locked(whole.writeLock(), () -> {
                            task.run();
                            return true;
                        }))
                .thenAccept(done -> {});
    }

    /** A record that found no room is given again alone, so that it shows whether it is the one that takes too much. */
    private Lock lock(int lane) {
        return store.memoryBytes() == 0
                        && parts.entrySet().stream()
                                .anyMatch(part -> lanes.of(part.getKey()) == lane && part.getValue().exhaustedAt >= 0)
                ? whole.writeLock()
                : whole.readLock();
    }

    private static <T> T locked(Lock lock, Supplier<T> task) {
        lock.lock();
        try {
            return task.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Passes over what the topic no longer has, and drops what the topic lost at its end, where new records take the
     * offsets again. Nothing happens when the topic is another one than that of the rows.
     *
     * @param begin the topic's oldest offsets
     * @param end the offsets behind its newest
     */
    void skip(Position begin, Position end) {
        if (!store.topicId().equals(Optional.of(begin.topicId()))) {
            return;
        }
        int partitions = store.position().partitions();
        for (int partition = 0; partition < partitions; partition++) {
            PartitionWriter writer = store.writer(partition);
            long missing = begin.next(partition) - writer.next();
            if (missing > 0 && writer.next() > 0) {
                writer.skip(begin.next(partition));
                writer.publish();
                product.countLost(missing);
            } else if (writer.next() > end.next(partition)) {
                store.rewind(partition, end.next(partition));
            }
        }
    }

    /** Goes to the end of partitions of which nothing was read and nothing is left: {@code begin} is {@code end} there. */
    void passEmptied(Position begin, Position end) {
        int partitions = store.position().partitions();
        for (int partition = 0; partition < partitions; partition++) {
            PartitionWriter writer = store.writer(partition);
            if (writer.next() == 0
                    && end.next(partition) > 0
                    && begin.topicId().equals(end.topicId())
                    && begin.next(partition) == end.next(partition)) {
                writer.skip(end.next(partition));
                writer.publish();
            }
        }
    }

    /** Forgets all rows; the topic is then to be read from its beginning. */
    void forget() {
        store.clear();
    }

    /**
     * To be called now and then: lets the store flush what has waited long enough, also when no record comes, and try
     * again what failed.
     *
     * @return why files cannot be written; empty when they can
     */
    CompletableFuture<Optional<String>> tick() {
        return onLanes(store.position().partitions(), this::tend).thenApply(faults -> store.fileFault());
    }

    private Optional<String> tend(int lane) {
        int partitions = store.position().partitions();
        for (int partition = 0; partition < partitions; partition++) {
            if (lanes.of(partition) == lane) {
                store.writer(partition).tend();
            }
        }
        return store.fileFault();
    }

    private Outcome append(List<ConsumerRecord<ByteBuffer, ByteBuffer>> records, Part part) {
        PartitionWriter writer = part.writer;
        RecordIntake reader = part.reader;
        for (ConsumerRecord<ByteBuffer, ByteBuffer> record : records) {
            if (record.offset() < writer.next()) {
                continue;
            }
            int rows = 1;
            try {
                rows = reader.prepare(record);
            } catch (OutOfMemoryError memory) {
                LOG.debug("{}: no heap to look at {}", product.qualifiedName(), record.offset()); // reading will tell
            }
            if (rows == RecordDecoder.WAITING) {
                return Outcome.WAITING;
            }
            boolean alone = record.offset() == part.exhaustedAt
                    && whole.isWriteLockedByCurrentThread()
                    && store.memoryBytes() == 0;
            if (!writer.ready(rows) || (rejection.isPresent() && rejection.get().isFull())) {
                return Outcome.EXHAUSTED;
            }
            RecordIntake.Reading read;
            Violation violation;
            try {
                read = reader.read(record);
                violation = reader.violation();
            } catch (OutOfMemoryException | OutOfMemoryError memory) {
                writer.exhausted();
                reader.end(false);
                part.exhaustedAlone = alone ? part.exhaustedAlone + 1 : 0;
                // The budget is the domain's own; the heap is everyone's, and may be short for a while.
                if (!alone || (memory instanceof OutOfMemoryError && part.exhaustedAlone < HEAP_TRIES)) {
                    part.exhaustedAt = record.offset();
                    return Outcome.EXHAUSTED;
                }
                read = RecordIntake.Reading.BROKEN;
                violation =
                        new Violation("size", "", "The record alone needs more memory than its domain's budget has.");
            }
            reader.end(read == RecordIntake.Reading.ROW && record.offset() >= part.counted.next());
            switch (read) {
                case ROW -> writer.commit(record.offset(), record.timestamp(), false, reader.rows());
                case DELETE -> writer.commit(record.offset(), record.timestamp(), true);
                case NOTHING -> writer.skip(record.offset() + 1);
                case BROKEN -> reject(record, writer, violation);
            }
        }
        part.exhaustedAt = -1;
        return Outcome.DONE;
    }

    private void reject(ConsumerRecord<ByteBuffer, ByteBuffer> record, PartitionWriter writer, Violation violation) {
        if (violation.rule().equals("schema") && !violation.reason().equals(refusedSchema)) {
            refusedSchema = violation.reason();
            LOG.warn("{}: {} ({})", product.qualifiedName(), violation.reason(), violation.path());
        }
        if (rejection.isPresent()) {
            store.durableAfter(rejection.get().send(DeadLetters.copy(record), violation));
        } else {
            LOG.warn("{}: passed over {}: {}", product.qualifiedName(), DeadLetters.Place.of(record), violation);
        }
        writer.skip(record.offset() + 1);
    }

    /**
     * What the contract says of some records now; nothing of them is kept.
     *
     * @return for each record why it would be rejected, empty where it would not; fails with {@code Unavailable} when
     *     memory is used up, or the registry has not given a schema yet
     */
    CompletableFuture<List<Optional<Violation>>> check(List<ConsumerRecord<byte[], byte[]>> records) {
        return onLanes(store.position().partitions(), lane -> {
                    Map<Integer, Optional<Violation>> verdicts = new TreeMap<>();
                    for (int i = 0; i < records.size(); i++) {
                        if (lanes.of(records.get(i).partition()) == lane) {
                            verdicts.put(i, check(DeadLetters.view(records.get(i))));
                        }
                    }
                    return verdicts;
                })
                .thenApply(each -> {
                    Map<Integer, Optional<Violation>> all = new TreeMap<>();
                    each.forEach(all::putAll);
                    return List.copyOf(all.values());
                });
    }

    private Optional<Violation> check(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        Part part = part(record.partition());
        int rows = part.reader.prepare(record);
        if (rows == RecordDecoder.WAITING) {
            throw unavailable("the schema registry has been asked for a record's schema; try again.");
        }
        try {
            if (!part.writer.ready(rows)) {
                throw unavailable(NO_MEMORY);
            }
            boolean broken = part.reader.read(record) == RecordIntake.Reading.BROKEN;
            part.reader.end(false);
            part.writer.batch().rollback();
            return broken ? Optional.of(part.reader.violation()) : Optional.empty();
        } catch (OutOfMemoryException | OutOfMemoryError memory) {
            part.writer.exhausted();
            throw unavailable(NO_MEMORY);
        }
    }

    private RuntimeException unavailable(String reason) {
        return new Problem.Unavailable(product.qualifiedName(), reason).exception();
    }

    /** A partition with a reader by the definition that holds now, into the writer that the store has now. */
    private Part part(int partition) {
        if (partition >= store.position().partitions()) {
            store.topic(store.topicId().orElseThrow(), partition + 1);
        }
        ProductDefinition definition = product.definition();
        PartitionWriter writer = store.writer(partition);
        Part known = parts.get(partition);
        if (known == null || known.definition != definition || known.writer != writer) {
            known = new Part(
                    definition,
                    writer,
                    rejection.isPresent()
                            ? new ContractRecords(product, writer, schemas)
                            : new DeadLetterRecords(product, writer),
                    product.counted().of(partition, store.topicId().orElse("-")));
            parts.put(partition, known);
        }
        return known;
    }
}
