package dev.millrace.ingest;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Row;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.Violation;
import dev.millrace.domain.Product;
import dev.millrace.store.Key;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Records of a dead-letter topic, one row for each place on the product's topic, whatever comes twice. A letter's way is
 * from {@code rejected} to another state and never back. Records of other products on the same topic are passed over.
 *
 * <p>A letter is made JSON and decoded like any record: it is rare, and so its columns stand in its contract alone.
 */
final class DeadLetterRecords implements RecordIntake {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What becomes of a letter. */
    private static final Set<String> MARKS = Set.of("replayed", "taken");

    /** Larger values break every contract anyway. */
    private static final int MAX_VALUE_BYTES = JsonLimits.DEFAULT.maxBytes();

    /** Room for the largest value in base64, and as much for key and headers. */
    private static final JsonLimits LIMITS = new JsonLimits(4 * MAX_VALUE_BYTES, 8, 4096, MAX_VALUE_BYTES / 2 * 3);

    private final Product product;
    private final String contractId;
    private final PartitionWriter writer;
    private final JsonDecoder decoder;
    private final int stateColumn;
    private final int replayedColumn;
    private boolean unpublished;

    DeadLetterRecords(Product product, PartitionWriter writer) {
        this.product = product;
        // The other contract's id, which the dead letters' own ends.
        String own = product.definition().contract().id();
        this.contractId = own.substring(0, own.lastIndexOf(':'));
        this.writer = writer;
        this.decoder = JsonDecoder.of(product.definition(), writer.batch(), LIMITS);
        this.stateColumn = product.schema().column("state");
        this.replayedColumn = product.schema().column("replayed_to");
    }

    @Override
    public Reading read(ConsumerRecord<ByteBuffer, ByteBuffer> viewed) {
        ConsumerRecord<byte[], byte[]> record = DeadLetters.copy(viewed);
        Headers headers = record.headers();
        String id = text(headers, DeadLetters.TOPIC) + ":" + text(headers, DeadLetters.PARTITION) + ":"
                + text(headers, DeadLetters.OFFSET);
        Optional<DeadLetters.Place> place = DeadLetters.Place.parse(id.getBytes(UTF_8));
        if (place.isEmpty() || !contractId.equals(text(headers, DeadLetters.CONTRACT_ID))) {
            return Reading.NOTHING;
        }
        String state = text(headers, DeadLetters.STATE);
        if (state != null && !MARKS.contains(state)) {
            return Reading.NOTHING;
        }
        if (state != null || unpublished) {
            writer.publish();
            unpublished = false;
        }
        try (Snapshot snapshot = product.snapshot()) {
            Row known = snapshot.find(Key.ofText(product.schema(), id.getBytes(UTF_8)))
                    .orElse(null);
            if (state == null) {
                return known != null && !isRejected(known) ? Reading.NOTHING : letter(record, id, place.get());
            }
            return known == null ? Reading.NOTHING : mark(known, state, text(headers, DeadLetters.REPLAYED_TO));
        }
    }

    private boolean isRejected(Row row) {
        return row.batch().column(stateColumn).equalsBytes(row.row(), "rejected".getBytes(UTF_8));
    }

    /** The known row in another state. */
    private Reading mark(Row known, String state, @Nullable String replayedTo) {
        for (int i = 0; i < product.schema().columns().size(); i++) {
            ColumnWriter column = writer.batch().column(i);
            if (i == stateColumn) {
                put(column, state);
            } else if (i == replayedColumn && replayedTo != null) {
                put(column, replayedTo);
            } else {
                column.copy(known.batch().column(i), known.row());
            }
        }
        unpublished = true;
        return Reading.ROW;
    }

    private static void put(ColumnWriter column, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        column.putBytes(utf8, 0, utf8.length);
    }

    private Reading letter(ConsumerRecord<byte[], byte[]> record, String id, DeadLetters.Place place) {
        return decode(record, id, place, true) || decode(record, id, place, false) ? Reading.ROW : Reading.BROKEN;
    }

    /** @param whole whether to keep key, value and headers; not when they are too large */
    private boolean decode(ConsumerRecord<byte[], byte[]> record, String id, DeadLetters.Place place, boolean whole) {
        Headers headers = record.headers();
        String omitted = text(headers, DeadLetters.OMITTED);
        byte[] value = record.value();
        ObjectNode row = JSON.createObjectNode()
                .put("id", id)
                .put("state", "rejected")
                .put("topic", place.topic())
                .put("partition", place.partition())
                .put("offset", place.offset())
                .put("timestamp", Instant.ofEpochMilli(record.timestamp()).toString())
                .put("rejected_at", text(headers, DeadLetters.REJECTED_AT))
                .put("contract_id", contractId)
                .put("contract_version", text(headers, DeadLetters.CONTRACT_VERSION));
        JsonNode violations = violations(headers);
        row.put("rule", violations.path(0).path("rule").asText()).set("violations", violations);
        boolean kept = whole && omitted == null && value != null && value.length <= MAX_VALUE_BYTES;
        row.put("key", whole ? record.key() : null).put("value", kept ? value : null);
        if (omitted != null) {
            row.put("value_bytes", omitted.matches("\\d{1,18}") ? Long.parseLong(omitted) : 0);
        } else if (value != null) {
            row.put("value_bytes", value.length);
        }
        var own = row.putArray("headers");
        if (whole) {
            for (Header header : original(headers)) {
                own.addObject().put("name", header.key()).put("value", header.value());
            }
        }
        try {
            byte[] json = JSON.writeValueAsBytes(row);
            return decoder.decode(json, 0, json.length);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The headers that the record came with: those before the letter's own. */
    private static Iterable<Header> original(Headers headers) {
        Header[] all = headers.toArray();
        int own = all.length - 1;
        while (!all[own].key().equals(DeadLetters.TOPIC)) {
            own--;
        }
        return java.util.Arrays.asList(all).subList(0, own);
    }

    private static JsonNode violations(Headers headers) {
        String text = text(headers, DeadLetters.VIOLATIONS);
        try {
            return text == null ? JSON.createArrayNode() : Objects.requireNonNull(JSON.readTree(text));
        } catch (IOException broken) {
            return JSON.createArrayNode();
        }
    }

    private static @Nullable String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
    }

    @Override
    public Violation violation() {
        return decoder.violation();
    }
}
