package dev.millrace.ingest;

import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.RecordDecoder;
import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.contract.ValueFormat;
import dev.millrace.domain.Product;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Snapshot;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/** Records of a product's own topic, checked against its contract. */
final class ContractRecords implements RecordIntake {
    private final Product product;
    private final PartitionWriter writer;
    private final RecordDecoder decoder;
    private final boolean isJson;
    private final SchemaSource schemas;
    private @Nullable RecordDecoder keys;
    private Violation violation = new Violation("", "", "");

    ContractRecords(Product product, PartitionWriter writer, SchemaSource schemas) {
        this.product = product;
        this.writer = writer;
        this.decoder =
                RecordDecoder.of(product.definition(), writer.batch(), JsonLimits.DEFAULT, schemas, writer.maxRows());
        this.schemas = schemas;
        this.isJson = product.definition().format() == ValueFormat.JSON;
    }

    @Override
    public int prepare(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        ByteBuffer value = record.value();
        if (value != null) {
            return isJson ? 1 : decoder.prepare(value.array(), from(value), value.remaining(), false);
        }
        ByteBuffer key = record.key();
        return key == null || !product.schema().upsert()
                ? 1
                : keys().prepare(key.array(), from(key), key.remaining(), true);
    }

    /** Made when the first row is deleted: most products have none that are. */
    private RecordDecoder keys() {
        RecordDecoder known = keys;
        if (known == null) {
            known = RecordDecoder.ofKeys(product.definition(), writer.batch(), schemas);
            keys = known;
        }
        return known;
    }

    @Override
    public int rows() {
        return decoder.rows();
    }

    @Override
    public Reading read(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        if (record.headers().lastHeader(DeadLetters.REPLAY_OF) != null && isCopy(record)) {
            return Reading.NOTHING;
        }
        ByteBuffer value = record.value();
        if (value == null) {
            return delete(record.key());
        }
        return decoder.decode(value.array(), from(value), value.remaining())
                ? Reading.ROW
                : broken(decoder.violation());
    }

    private static int from(ByteBuffer bytes) {
        return bytes.arrayOffset() + bytes.position();
    }

    /**
     * Whether the record is a replayed one whose original was taken: the topic was read again from before it, under a
     * contract that the original does not break.
     */
    private boolean isCopy(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        writer.publish();
        try (Snapshot snapshot = product.snapshot()) {
            for (Header header : record.headers().headers(DeadLetters.REPLAY_OF)) {
                if (DeadLetters.Place.parse(header.value())
                        .filter(place -> place.topic().equals(record.topic()))
                        // Where retention has let go of the original, the copy is all that is left of the record.
                        .filter(place -> place.in(snapshot) == Snapshot.Trace.ROW)
                        .isPresent()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** A record without a value deletes its key in an upsert product, and breaks the contract of any other. */
    private Reading delete(ByteBuffer key) {
        if (!product.schema().upsert()) {
            return broken(new Violation("value", "", "An append product takes no record without a value."));
        }
        if (key == null) {
            return broken(new Violation("key", "", "A delete names its key in the record's key."));
        }
        return keys().decodeKey(Utils.toArray(key)) ? Reading.DELETE : broken(keys().violation());
    }

    private Reading broken(Violation why) {
        violation = why;
        return Reading.BROKEN;
    }

    @Override
    public void end(boolean counts) {
        decoder.rules().end(counts);
    }

    @Override
    public Map<String, Long> warnings() {
        return decoder.rules().warnings();
    }

    @Override
    public Violation violation() {
        return violation;
    }
}
