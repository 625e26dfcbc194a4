package dev.millrace.ingest;

import dev.millrace.codec.RecordDecoder;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.Product;
import dev.millrace.problem.Problem;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.ProductStore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes runs of Kafka records into one product's store: bytes to columns, or to dead letters. Only the domain's ingest
 * thread calls it.
 *
 * <p>It may stop in the middle of a run when memory is used up. The same run is then given again and goes on where it
 * stopped: what the store has already is passed over by its offset.
 */
final class ProductIngest {
    private static final Logger LOG = LoggerFactory.getLogger(ProductIngest.class);
    private static final String NO_MEMORY = "the domain's memory budget is used up.";

    /** Where broken records go. */
    interface Rejection {
        /** Whether so many wait that no more records should be read. */
        boolean isFull();

        /** Takes one; the result ends when it cannot be lost any more. */
        CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation);
    }

    /** How a run ended. */
    enum Outcome {
        /** All of it is in and visible. */
        DONE,
        /** Part of it is in; the rest must be given again when there is memory. */
        EXHAUSTED,
        /** The same when the store's files can be written. */
        UNWRITABLE,
        /** The same when the registry has answered. */
        WAITING
    }

    private final Product product;
    private final ProductStore store;
    private final Optional<Rejection> rejection;
    private final SchemaSource schemas;
    private final List<RecordReader> readers = new ArrayList<>();
    private ProductDefinition definition;
    private long exhaustedAt = -1;
    private volatile String refusedSchema = "";

    /**
     * @param rejection where broken records go; empty for a product of dead letters, which passes them over
     * @param schemas where the schemas of the records are
     */
    ProductIngest(Product product, Optional<Rejection> rejection, SchemaSource schemas) {
        this.product = product;
        this.store = product.store();
        this.rejection = rejection;
        this.definition = product.definition();
        this.schemas = schemas;
    }

    /** Why the last schema that was refused was so; empty for none. Any thread. */
    String refusedSchema() {
        return refusedSchema;
    }

    Outcome accept(ConsumerRecords<ByteBuffer, ByteBuffer> records) {
        if (tick().isPresent()) {
            return Outcome.UNWRITABLE;
        }
        Outcome outcome = Outcome.DONE;
        for (TopicPartition partition : records.partitions()) {
            PartitionWriter writer = writer(partition.partition());
            Outcome ended = append(records.records(partition), writer, readers.get(partition.partition()));
            outcome = ended == Outcome.DONE ? outcome : ended;
            writer.publish();
        }
        if (outcome == Outcome.DONE) {
            for (Map.Entry<TopicPartition, OffsetAndMetadata> next :
                    records.nextOffsets().entrySet()) {
                PartitionWriter writer = writer(next.getKey().partition());
                if (next.getValue().offset() > writer.next()) {
                    writer.skip(next.getValue().offset());
                    writer.publish();
                }
            }
        }
        product.advanced();
        return outcome;
    }

    /**
     * Called now and then: lets the store flush what has waited long enough, also when no record comes, and try again
     * what failed.
     *
     * @return why files cannot be written; empty when they can
     */
    Optional<String> tick() {
        for (int partition = 0; partition < readers.size(); partition++) {
            store.writer(partition).publish();
        }
        return store.fileFault();
    }

    private Outcome append(
            List<ConsumerRecord<ByteBuffer, ByteBuffer>> records, PartitionWriter writer, RecordReader reader) {
        for (ConsumerRecord<ByteBuffer, ByteBuffer> record : records) {
            if (record.offset() < writer.next()) {
                continue;
            }
            int rows = reader.prepare(record);
            if (rows == RecordDecoder.WAITING) {
                return Outcome.WAITING;
            }
            if (!writer.ready(rows) || (rejection.isPresent() && rejection.get().isFull())) {
                return Outcome.EXHAUSTED;
            }
            boolean alone = record.offset() == exhaustedAt && store.memoryBytes() == 0;
            try {
                switch (reader.read(record)) {
                    case ROW -> writer.commit(record.offset(), record.timestamp(), false, reader.rows());
                    case DELETE -> writer.commit(record.offset(), record.timestamp(), true);
                    case NOTHING -> writer.skip(record.offset() + 1);
                    case BROKEN -> reject(record, writer, reader.violation());
                }
            } catch (OutOfMemoryException memory) {
                writer.exhausted();
                if (!alone) {
                    exhaustedAt = record.offset();
                    return Outcome.EXHAUSTED;
                }
                reject(
                        record,
                        writer,
                        new Violation("size", "", "The record alone needs more memory than its domain's budget has."));
            }
        }
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
     * @return for each record why it would be rejected; empty where it would not
     * @throws dev.millrace.problem.ProblemException with {@code Unavailable} when memory is used up, or the registry has
     *     not given a schema yet
     */
    List<Optional<Violation>> check(List<ConsumerRecord<byte[], byte[]>> records) {
        List<Optional<Violation>> verdicts = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> given : records) {
            ConsumerRecord<ByteBuffer, ByteBuffer> record = DeadLetters.view(given);
            PartitionWriter writer = writer(record.partition());
            RecordReader reader = readers.get(record.partition());
            int rows = reader.prepare(record);
            if (rows == RecordDecoder.WAITING) {
                throw unavailable("the schema registry has been asked for a record's schema; try again.");
            }
            try {
                if (!writer.ready(rows)) {
                    throw unavailable(NO_MEMORY);
                }
                boolean broken = reader.read(record) == RecordReader.Reading.BROKEN;
                writer.batch().rollback();
                verdicts.add(broken ? Optional.of(reader.violation()) : Optional.empty());
            } catch (OutOfMemoryException memory) {
                writer.exhausted();
                throw unavailable(NO_MEMORY);
            }
        }
        return verdicts;
    }

    private RuntimeException unavailable(String reason) {
        return new Problem.Unavailable(product.qualifiedName(), reason).exception();
    }

    private PartitionWriter writer(int partition) {
        ProductDefinition now = product.definition();
        if (now != definition) {
            definition = now;
            for (int i = 0; i < readers.size(); i++) {
                readers.set(i, reader(i));
            }
        }
        if (partition >= readers.size()) {
            store.topic(store.topicId().orElseThrow(), partition + 1);
            while (readers.size() <= partition) {
                readers.add(reader(readers.size()));
            }
        }
        return store.writer(partition);
    }

    private RecordReader reader(int partition) {
        PartitionWriter writer = store.writer(partition);
        return rejection.isPresent()
                ? new ContractRecords(product, writer, schemas)
                : new DeadLetterRecords(product, writer);
    }
}
