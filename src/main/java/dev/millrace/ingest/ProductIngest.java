package dev.millrace.ingest;

import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
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

/**
 * Takes runs of Kafka records into one product's store: bytes to columns, or to dead letters. Only the domain's ingest
 * thread calls it.
 *
 * <p>It may stop in the middle of a run when memory is used up. The same run is then given again and goes on where it
 * stopped: what the store has already is passed over by its offset.
 */
final class ProductIngest {
    /** How a run ended. */
    enum Outcome {
        /** All of it is in and visible. */
        DONE,
        /** Part of it is in; the rest must be given again when there is memory. */
        EXHAUSTED
    }

    private final Product product;
    private final ProductStore store;
    private final DeadLetterTopic deadLetters;
    private final List<JsonDecoder> decoders = new ArrayList<>();
    private long exhaustedAt = -1;

    ProductIngest(Product product, DeadLetterTopic deadLetters) {
        this.product = product;
        this.store = product.store();
        this.deadLetters = deadLetters;
    }

    Outcome accept(ConsumerRecords<byte[], byte[]> records) {
        Outcome outcome = Outcome.DONE;
        for (TopicPartition partition : records.partitions()) {
            PartitionWriter writer = writer(partition.partition());
            if (!append(records.records(partition), writer, decoders.get(partition.partition()))) {
                outcome = Outcome.EXHAUSTED;
            }
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

    private boolean append(List<ConsumerRecord<byte[], byte[]>> records, PartitionWriter writer, JsonDecoder decoder) {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (record.offset() < writer.next()) {
                continue;
            }
            if (!writer.ready() || deadLetters.isFull()) {
                return false;
            }
            boolean alone = record.offset() == exhaustedAt && store.memoryBytes() == 0;
            try {
                append(record, writer, decoder);
            } catch (OutOfMemoryException memory) {
                writer.exhausted();
                if (!alone) {
                    exhaustedAt = record.offset();
                    return false;
                }
                reject(
                        record,
                        writer,
                        new Violation("size", "", "The record alone needs more memory than its domain's budget has."));
            }
        }
        return true;
    }

    private void append(ConsumerRecord<byte[], byte[]> record, PartitionWriter writer, JsonDecoder decoder) {
        byte[] value = record.value();
        if (value == null) {
            delete(record, writer, decoder);
        } else if (decoder.decode(value, 0, value.length)) {
            writer.commit(record.offset(), record.timestamp(), false);
        } else {
            reject(record, writer, decoder.violation());
        }
    }

    /** A record without a value deletes its key in an upsert product, and breaks the contract of any other. */
    private void delete(ConsumerRecord<byte[], byte[]> record, PartitionWriter writer, JsonDecoder decoder) {
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
                decoders.add(JsonDecoder.of(
                        product.definition(), store.writer(decoders.size()).batch(), JsonLimits.DEFAULT));
            }
        }
        return store.writer(partition);
    }
}
