package dev.millrace.ingest;

import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.RecordDecoder;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.domain.Product;
import dev.millrace.store.DeadLetter;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.ProductStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

    /** How a run ended. */
    enum Outcome {
        /** All of it is in and visible. */
        DONE,
        /** Part of it is in; the rest must be given again when there is memory. */
        EXHAUSTED,
        /** The same when the registry has answered. */
        WAITING
    }

    private final Product product;
    private final ProductStore store;
    private final DeadLetterTopic deadLetters;
    private final SchemaSource schemas;
    private final List<RecordDecoder> decoders = new ArrayList<>();
    private long exhaustedAt = -1;
    private volatile String refusedSchema = "";

    ProductIngest(Product product, DeadLetterTopic deadLetters, SchemaSource schemas) {
        this.product = product;
        this.store = product.store();
        this.deadLetters = deadLetters;
        this.schemas = schemas;
    }

    /** Why the last schema that was refused was so; empty for none. Any thread. */
    String refusedSchema() {
        return refusedSchema;
    }

    Outcome accept(ConsumerRecords<byte[], byte[]> records) {
        Outcome outcome = Outcome.DONE;
        for (TopicPartition partition : records.partitions()) {
            PartitionWriter writer = writer(partition.partition());
            Outcome ended = append(records.records(partition), writer, decoders.get(partition.partition()));
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
        return outcome;
    }

    /** Called now and then: lets the store flush what has waited long enough, also when no record comes. */
    void tick() {
        for (int partition = 0; partition < decoders.size(); partition++) {
            store.writer(partition).publish();
        }
    }

    private Outcome append(
            List<ConsumerRecord<byte[], byte[]>> records, PartitionWriter writer, RecordDecoder decoder) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.offset() < writer.next()) {
                continue;
            }
            byte[] bytes = record.value() == null ? record.key() : record.value();
            int rows = bytes == null ? 1 : decoder.prepare(bytes, record.value() == null);
            if (rows == RecordDecoder.WAITING) {
                return Outcome.WAITING;
            }
            if (!writer.ready(rows) || deadLetters.isFull()) {
                return Outcome.EXHAUSTED;
            }
            boolean alone = record.offset() == exhaustedAt && store.memoryBytes() == 0;
            try {
                append(record, writer, decoder);
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

    private void append(ConsumerRecord<byte[], byte[]> record, PartitionWriter writer, RecordDecoder decoder) {
        byte[] value = record.value();
        if (value == null) {
            delete(record, writer, decoder);
        } else if (decoder.decode(value, 0, value.length)) {
            writer.commit(record.offset(), record.timestamp(), false, decoder.rows());
        } else {
            reject(record, writer, decoder.violation());
        }
    }

    /** A record without a value deletes its key in an upsert product, and breaks the contract of any other. */
    private void delete(ConsumerRecord<byte[], byte[]> record, PartitionWriter writer, RecordDecoder decoder) {
        byte[] key = record.key();
        if (!product.schema().upsert()) {
            reject(record, writer, new Violation("value", "", "An append product takes no record without a value."));
        } else if (key == null) {
            reject(record, writer, new Violation("key", "", "A delete names its key in the record's key."));
        } else if (decoder.decodeKey(key)) {
            writer.commit(record.offset(), record.timestamp(), true);
        } else {
            reject(record, writer, decoder.violation());
        }
    }

    private void reject(ConsumerRecord<byte[], byte[]> record, PartitionWriter writer, Violation violation) {
        if (violation.rule().equals("schema") && !violation.reason().equals(refusedSchema)) {
            refusedSchema = violation.reason();
            LOG.warn("{}: {} ({})", product.qualifiedName(), violation.reason(), violation.path());
        }
        store.durableAfter(deadLetters.send(product.definition(), record, violation));
        writer.reject(new DeadLetter(
                record.partition(),
                record.offset(),
                record.timestamp(),
                violation.rule(),
                violation.path(),
                violation.reason(),
                Math.max(0, record.serializedValueSize())));
    }

    private PartitionWriter writer(int partition) {
        if (partition >= decoders.size()) {
            store.topic(store.topicId().orElseThrow(), partition + 1);
            while (decoders.size() <= partition) {
                PartitionWriter writer = store.writer(decoders.size());
                decoders.add(RecordDecoder.of(
                        product.definition(), writer.batch(), JsonLimits.DEFAULT, schemas, writer.maxRows()));
            }
        }
        return store.writer(partition);
    }
}
