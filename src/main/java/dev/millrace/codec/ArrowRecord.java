package dev.millrace.codec;

import dev.millrace.codec.ArrowField.Lay;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.jspecify.annotations.Nullable;

/**
 * An Arrow IPC stream (Arrow columnar format 1.5, "IPC Streaming Format") in a byte array, taken apart and verified: every
 * buffer lies within its message and is as long as its values need, offsets do not fall and stay within what they point
 * to, a dictionary has the type of every column that names it. Values are read from the array itself, which may hold other
 * records too: what is verified here is all that keeps a hostile record from reading those.
 */
final class ArrowRecord {
    private static final int CONTINUATION = -1;
    private static final int MAX_METADATA = 1 << 20;

    /**
     * A column of one batch; places are indexes of the array.
     *
     * @param validity -1 where no value is missing
     * @param data of bytes, where offset 0 leads to
     * @param dictionary what the indexes lead to
     */
    record Column(
            byte[] bytes,
            ArrowField field,
            int length,
            int validity,
            int offsets,
            int data,
            @Nullable Column dictionary,
            List<Column> children) {
        boolean isNull(int row) {
            return validity >= 0 && (bytes[validity + (row >>> 3)] >>> (row & 7) & 1) == 0;
        }

        boolean hasNulls(int from, int to) {
            int row = from;
            while (validity >= 0 && row < to) {
                if ((row & 63) == 0 && row + 64 <= to && Words.at(bytes, validity + (row >>> 3)) == -1L) {
                    row += 64;
                } else if (isNull(row++)) {
                    return true;
                }
            }
            return false;
        }

        boolean bit(int row) {
            return (bytes[data + (row >>> 3)] >>> (row & 7) & 1) != 0;
        }

        /** A whole number of up to 8 bytes. */
        long whole(int row, boolean signed) {
            int at = data + row * field.width();
            return switch (field.width()) {
                case 1 -> signed ? bytes[at] : bytes[at] & 0xFF;
                case 2 -> signed ? (short) half(at) : half(at);
                case 4 -> signed ? Words.halfAt(bytes, at) : Words.halfAt(bytes, at) & 0xFFFFFFFFL;
                default -> Words.at(bytes, at);
            };
        }

        private int half(int at) {
            return bytes[at] & 0xFF | (bytes[at + 1] & 0xFF) << 8;
        }

        int start(int row) {
            return field.lay() == Lay.VECTOR
                    ? row * field.width()
                    : field.width() == 4
                            ? Words.halfAt(bytes, offsets + (row << 2))
                            : (int) Words.at(bytes, offsets + (row << 3));
        }
    }

    /** The columns of one batch. */
    record Rows(int count, List<Column> columns) {}

    private final byte[] bytes;
    private final int end;
    private final int maxRows;
    private final Map<Long, Column> dictionaries = new HashMap<>();
    private final List<Rows> batches = new ArrayList<>();
    private List<ArrowField> fields = List.of();
    private byte[] schema = {};
    private int rows;

    // The batch at hand.
    private RecordBatch header = new RecordBatch();
    private int body;
    private long bodyBytes;
    private int node;
    private int buffer;

    private ArrowRecord(byte[] bytes, int end, int maxRows) {
        this.bytes = bytes;
        this.end = end;
        this.maxRows = maxRows;
    }

    /**
     * The record in {@code [from, end)}.
     *
     * @param before whose fields are taken when its schema has the same bytes; null for none
     * @throws Malformed when it is none, or has more rows
     */
    static ArrowRecord of(byte[] bytes, int from, int end, int maxRows, @Nullable ArrowRecord before) {
        var record = new ArrowRecord(bytes, end, maxRows);
        try {
            record.read(from, before);
        } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException outside) {
            throw new Malformed("A part of the metadata lies outside of it.");
        }
        return record;
    }

    List<ArrowField> fields() {
        return fields;
    }

    List<Rows> batches() {
        return batches;
    }

    int rows() {
        return rows;
    }

    private void read(int from, @Nullable ArrowRecord before) {
        int at = from;
        boolean first = true;
        while (at < end) {
            int size = word(at);
            at += 4;
            if (size == CONTINUATION) {
                size = word(at);
                at += 4;
            }
            if (size == 0) {
                break;
            }
            if (size < 0 || size > end - at || size > MAX_METADATA) {
                throw new Malformed(
                        "A message's metadata is longer than the record or than " + MAX_METADATA + " bytes.");
            }
            Message message = Message.getRootAsMessage(
                    ByteBuffer.wrap(bytes, at, size).slice().order(ByteOrder.LITTLE_ENDIAN));
            body = at + size;
            bodyBytes = message.bodyLength();
            if (bodyBytes < 0 || bodyBytes > end - body) {
                throw new Malformed("A message's body is longer than the record.");
            }
            if (first != (message.headerType() == MessageHeader.Schema)) {
                throw new Malformed("An Arrow stream has one schema, at its begin.");
            }
            switch (message.headerType()) {
                case MessageHeader.Schema -> schema((Schema) message.header(new Schema()), at, size, before);
                case MessageHeader.RecordBatch -> batch((RecordBatch) message.header(new RecordBatch()));
                case MessageHeader.DictionaryBatch ->
                    dictionary((DictionaryBatch) message.header(new DictionaryBatch()));
                default -> throw new Malformed("A message is neither schema nor batch.");
            }
            first = false;
            at = body + (int) bodyBytes;
        }
        if (first) {
            throw new Malformed("The record is no Arrow stream: it is empty.");
        }
    }

    private int word(int at) {
        if (end - at < 4) {
            throw new Malformed("The record ends in the middle of a message.");
        }
        return Words.halfAt(bytes, at);
    }

    private void schema(@Nullable Schema header, int at, int size, @Nullable ArrowRecord before) {
        schema = Arrays.copyOfRange(bytes, at, at + size);
        if (before != null && Arrays.equals(schema, before.schema)) {
            fields = before.fields;
            return;
        }
        if (header == null || header.endianness() != 0) {
            throw new Malformed("Expected a schema of little-endian values.");
        }
        var budget = new ArrowField.Budget();
        List<ArrowField> read = new ArrayList<>();
        for (int i = 0; i < header.fieldsLength(); i++) {
            read.add(ArrowField.of(header.fields(i), 1, budget));
        }
        if (read.isEmpty()) {
            throw new Malformed("schema", "The stream has no columns.");
        }
        hasEachOnce(read);
        holdTogether(read, new HashMap<>());
        fields = List.copyOf(read);
    }

    private static void hasEachOnce(List<ArrowField> fields) {
        Set<String> names = new HashSet<>();
        for (ArrowField field : fields) {
            if (!names.add(field.name())) {
                throw new Malformed("schema", "Two columns are named " + field.name() + "; each is to stand once.");
            }
            hasEachOnce(field.children());
        }
    }

    /** A dictionary is read by the type of the column that names it first, so all that name it must have that type. */
    private static void holdTogether(List<ArrowField> fields, Map<Long, ArrowField> types) {
        for (ArrowField field : fields) {
            ArrowField values = field.values();
            if (values != null) {
                ArrowField known = types.putIfAbsent(field.dictionary(), values);
                if (known != null && !known.isLike(values)) {
                    throw new Malformed(
                            "schema",
                            "The columns " + known.name() + " and " + field.name()
                                    + " name one dictionary and have not one type.");
                }
                holdTogether(List.of(values), types);
            }
            holdTogether(field.children(), types);
        }
    }

    private void dictionary(@Nullable DictionaryBatch dictionary) {
        RecordBatch values = dictionary == null ? null : dictionary.data();
        if (dictionary == null || dictionary.isDelta()) {
            throw new Malformed("A dictionary is missing, or comes in parts, which is not read.");
        }
        ArrowField field = valuesOf(dictionary.id(), fields);
        if (field == null) {
            throw new Malformed("A dictionary belongs to no column.");
        }
        dictionaries.put(
                dictionary.id(), columns(values, List.of(field)).columns.getFirst());
    }

    private static @Nullable ArrowField valuesOf(long id, List<ArrowField> fields) {
        for (ArrowField field : fields) {
            ArrowField values = field.values();
            ArrowField found = values != null && field.dictionary() == id
                    ? values
                    : valuesOf(id, values == null ? field.children() : List.of(values));
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    private void batch(@Nullable RecordBatch batch) {
        Rows read = columns(batch, fields);
        rows += read.count;
        if (rows > maxRows) {
            throw new Malformed("The record has more than " + maxRows + " rows.");
        }
        batches.add(read);
    }

    private Rows columns(@Nullable RecordBatch batch, List<ArrowField> read) {
        if (batch == null || batch.compression() != null) {
            throw new Malformed(
                    "A batch is missing or compressed; let the producer send it as it is, in a compressed topic.");
        }
        long count = batch.length();
        if (count < 0 || count > Math.min(Integer.MAX_VALUE, 8 * bodyBytes + (read.isEmpty() ? 0 : maxRows))) {
            throw new Malformed("A batch has more rows than it has bytes for.");
        }
        header = batch;
        node = 0;
        buffer = 0;
        List<Column> columns = new ArrayList<>();
        for (ArrowField field : read) {
            columns.add(column(field, (int) count));
        }
        if (node != batch.nodesLength() || buffer != batch.buffersLength()) {
            throw new Malformed("A batch has another number of columns or buffers than its schema.");
        }
        return new Rows((int) count, columns);
    }

    /** The next column, with at least {@code needed} values. */
    private Column column(ArrowField field, int needed) {
        if (node >= header.nodesLength() || buffer + field.lay().buffers > header.buffersLength()) {
            throw new Malformed("A batch has fewer columns or buffers than its schema.");
        }
        long count = java.util.Objects.requireNonNull(header.nodes(node)).length();
        boolean mayMiss = java.util.Objects.requireNonNull(header.nodes(node++)).nullCount() != 0;
        if (count < needed || count > Math.min(Integer.MAX_VALUE, 8 * bodyBytes + maxRows)) {
            throw new Malformed(
                    "The column " + field.name() + " has fewer values than the batch has rows, or too many.");
        }
        int length = (int) count;
        int validity = -1;
        if (field.lay() != Lay.NONE) {
            long at = buffer(0);
            if (size(buffer) > 0 || mayMiss) {
                need(field, buffer, (count + 7) / 8);
                validity = (int) at;
            }
        }
        int offsets = -1;
        int data = -1;
        List<Column> children = List.of();
        int own = buffer;
        buffer += field.lay().buffers;
        switch (field.lay()) {
            case NONE, STRUCT, VECTOR -> {}
            case BITS -> {
                need(field, own + 1, (count + 7) / 8);
                data = at(own + 1);
            }
            case FIXED -> {
                need(field, own + 1, count * field.width());
                data = at(own + 1);
            }
            case BYTES -> {
                data = at(own + 2);
                offsets = offsets(field, own + 1, length, size(own + 2));
            }
            case LIST -> offsets = offsets(field, own + 1, length, Integer.MAX_VALUE);
        }
        if (!field.children().isEmpty()) {
            int least = switch (field.lay()) {
                case VECTOR -> Math.multiplyExact(length, field.width());
                case LIST -> length == 0 ? 0 : (int) offset(field, offsets, length);
                default -> length;
            };
            List<Column> nested = new ArrayList<>();
            for (ArrowField child : field.children()) {
                nested.add(column(child, least));
            }
            children = nested;
        }
        Column dictionary = null;
        if (field.values() != null) {
            dictionary = dictionaries.get(field.dictionary());
            if (dictionary == null && length > 0) {
                throw new Malformed("The dictionary of the column " + field.name() + " does not come before it.");
            }
        }
        return new Column(bytes, field, length, validity, offsets, data, dictionary, children);
    }

    private long size(int number) {
        return java.util.Objects.requireNonNull(header.buffers(number)).length();
    }

    private long buffer(int more) {
        return at(buffer + more);
    }

    /** Where a buffer begins, which lies within the body. */
    private int at(int number) {
        var place = java.util.Objects.requireNonNull(header.buffers(number));
        if (place.offset() < 0
                || place.length() < 0
                || place.offset() > bodyBytes
                || place.length() > bodyBytes - place.offset()) {
            throw new Malformed("A buffer lies outside of its message.");
        }
        return body + (int) place.offset();
    }

    private void need(ArrowField field, int number, long needed) {
        if (size(number) < needed) {
            throw new Malformed("A buffer of the column " + field.name() + " is too short for its values.");
        }
    }

    private int offsets(ArrowField field, int number, int length, long limit) {
        int from = at(number);
        if (length == 0) {
            return from;
        }
        need(field, number, (length + 1L) * field.width());
        long before = 0;
        for (int i = 0; i <= length; i++) {
            long offset = offset(field, from, i);
            if (offset < before || offset > limit) {
                throw new Malformed("The offsets of the column " + field.name() + " fall, or lead outside of it.");
            }
            before = offset;
        }
        return from;
    }

    private long offset(ArrowField field, int from, int index) {
        return field.width() == 4 ? Words.halfAt(bytes, from + (index << 2)) : Words.at(bytes, from + (index << 3));
    }
}
