package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.codec.Violation;
import dev.millrace.contract.Contract;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreSchema;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * The forms of a dead letter: as a record of the dead-letter topic it is the rejected record with the headers named here
 * behind its own; as a row it has the columns of {@code dead-letters.odcs.yaml}. A later record with {@link #STATE} and
 * without a value changes the letter of the same place.
 */
final class DeadLetters {
    static final String TOPIC = "__connect.errors.topic";
    static final String PARTITION = "__connect.errors.partition";
    static final String OFFSET = "__connect.errors.offset";
    static final String CONTRACT_ID = "contract.id";
    static final String CONTRACT_VERSION = "contract.version";
    static final String VIOLATIONS = "contract.violations";
    static final String REJECTED_AT = "contract.rejected.at";
    static final String OMITTED = "contract.value.omitted";
    static final String STATE = "contract.state";
    static final String REPLAYED_TO = "contract.replayed.to";

    /** On a replayed record, the place of the one that was rejected; once for each time it was. */
    static final String REPLAY_OF = "millrace.replay.of";

    /** Every record of a dead-letter topic goes here: whatever is said of a place must come in order. */
    static final int DEAD_LETTER_PARTITION = 0;

    private static final ObjectMapper JSON = new ObjectMapper();

    private DeadLetters() {}

    /** Where a record is on its topic; as text the letter's key. */
    record Place(String topic, int partition, long offset) {
        private static final Pattern TEXT = Pattern.compile("([a-zA-Z0-9._-]{1,249}):(\\d{1,6}):(\\d{1,18})");

        static Place of(ConsumerRecord<?, ?> record) {
            return new Place(record.topic(), record.partition(), record.offset());
        }

        /** The place that {@link #toString} wrote; empty for any other text. */
        static Optional<Place> parse(byte[] text) {
            return Optional.ofNullable(text)
                    .map(bytes -> TEXT.matcher(new String(bytes, UTF_8)))
                    .filter(java.util.regex.Matcher::matches)
                    .map(place -> new Place(
                            place.group(1), Integer.parseInt(place.group(2)), Long.parseLong(place.group(3))));
        }

        /** Whether a product of this topic has a row, visible or not, of the record here. */
        boolean isIn(Snapshot snapshot) {
            if (partition >= snapshot.partitions()) {
                return false;
            }
            for (Slice slice : snapshot.slices(partition)) {
                int row = slice.firstRowAt(offset);
                if (row < slice.rows() && slice.offset(row) == offset) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public String toString() {
            return topic + ":" + partition + ":" + offset;
        }
    }

    /** The bytes of a key or value, copied. */
    static byte @Nullable [] bytes(@Nullable ByteBuffer view) {
        return view == null ? null : Utils.toArray(view);
    }

    /** A record with a copy of its bytes. */
    static ConsumerRecord<byte[], byte[]> copy(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        return with(record, bytes(record.key()), bytes(record.value()));
    }

    /** A record as a topic gives it; it shares its bytes. */
    static ConsumerRecord<ByteBuffer, ByteBuffer> view(ConsumerRecord<byte[], byte[]> record) {
        byte[] key = record.key();
        byte[] value = record.value();
        return with(record, key == null ? null : ByteBuffer.wrap(key), value == null ? null : ByteBuffer.wrap(value));
    }

    private static <T> ConsumerRecord<T, T> with(ConsumerRecord<?, ?> record, @Nullable T key, @Nullable T value) {
        return new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.timestampType(),
                record.serializedKeySize(),
                record.serializedValueSize(),
                key,
                value,
                record.headers(),
                record.leaderEpoch());
    }

    /** The headers of a record's letter. */
    static Headers headers(Contract contract, ConsumerRecord<byte[], byte[]> record, Violation violation) {
        Headers headers = new RecordHeaders(record.headers());
        place(headers, Place.of(record));
        add(headers, "__connect.errors.stage", "VALUE_CONVERTER");
        add(headers, "__connect.errors.exception.class.name", "dev.millrace.codec.Violation");
        add(headers, "__connect.errors.exception.message", violation.reason());
        add(headers, CONTRACT_ID, contract.id());
        add(headers, CONTRACT_VERSION, contract.version());
        add(headers, VIOLATIONS, json(violation));
        add(headers, REJECTED_AT, Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        return headers;
    }

    /** The headers of a record that changes a letter's state. */
    static Headers mark(Contract contract, Place letter, String state) {
        Headers headers = new RecordHeaders();
        place(headers, letter);
        add(headers, CONTRACT_ID, contract.id());
        add(headers, CONTRACT_VERSION, contract.version());
        add(headers, STATE, state);
        return headers;
    }

    private static void place(Headers headers, Place place) {
        add(headers, TOPIC, place.topic());
        add(headers, PARTITION, Integer.toString(place.partition()));
        add(headers, OFFSET, Long.toString(place.offset()));
    }

    static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(UTF_8));
    }

    private static String json(Violation violation) {
        try {
            return JSON.writeValueAsString(
                    List.of(Map.of("path", violation.path(), "rule", violation.rule(), "reason", violation.reason())));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * A letter that may be replayed.
     *
     * @param record as it was rejected, its value null where it was omitted
     * @param omitted whether there was a value that is not kept
     */
    record Letter(ConsumerRecord<byte[], byte[]> record, boolean omitted) {
        /** The letter in a row. */
        static Letter of(StoreSchema schema, Batch batch, int row) {
            Function<String, Column> columns = name -> batch.column(schema.column(name));
            Column headerList = columns.apply("headers");
            Column header = headerList.child(0);
            Headers headers = new RecordHeaders();
            for (int i = headerList.start(row); i < headerList.end(row); i++) {
                headers.add(new String(header.child(0).bytes(i), UTF_8), bytes(header.child(1), i));
            }
            byte[] value = bytes(columns.apply("value"), row);
            return new Letter(
                    new ConsumerRecord<>(
                            new String(columns.apply("topic").bytes(row), UTF_8),
                            columns.apply("partition").int32(row),
                            columns.apply("offset").int64(row),
                            columns.apply("timestamp").int64(row),
                            TimestampType.CREATE_TIME,
                            ConsumerRecord.NULL_SIZE,
                            value == null ? ConsumerRecord.NULL_SIZE : value.length,
                            bytes(columns.apply("key"), row),
                            value,
                            headers,
                            Optional.empty()),
                    value == null && !columns.apply("value_bytes").isNull(row));
        }

        Place place() {
            return Place.of(record);
        }

        private static byte @Nullable [] bytes(Column column, int row) {
            return column.isNull(row) ? null : column.bytes(row);
        }
    }
}
