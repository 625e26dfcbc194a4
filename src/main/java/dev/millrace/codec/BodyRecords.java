package dev.millrace.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.RowEncoder;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;

/**
 * Takes the body of a writing request apart and gives each of its records as JSON, in the form that the product's topic
 * has: JSON as it came, anything else through the columns that the contract gives it. One thread.
 */
public final class BodyRecords {
    /** Names are the client's: interned, as Jackson does by default, each new one would cost three times as much. */
    private static final JsonFactory JSON_FACTORY = JsonFactory.builder()
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private static final byte[] AVRO_MAGIC = {'O', 'b', 'j', 1};
    private static final int AVRO_SYNC = 16;
    private static final int AVRO_PREFIX = 5;

    /** What takes the records, in their order. */
    public interface Taker {
        /** A record; the bytes may be used again once this returns. */
        void json(byte[] bytes, int from, int length);

        /** A record that is in a sink, which is used again once this returns. */
        default void json(ByteSink record) {
            byte[] bytes = record.toBytes();
            json(bytes, 0, bytes.length);
        }

        /** A record that cannot become JSON, since it breaks the contract. */
        void broken(Violation why);
    }

    private final List<Property> columns;
    private final UnknownFields unknown;
    private final BufferAllocator allocator;
    private final int maxRecords;
    private final Function<List<ColumnLayout>, RowEncoder> encoders;
    private final Taker taker;
    private int records;

    /**
     * @param columns the contract's; none of them for unknown fields, where the body is not JSON
     * @param allocator borrowed, pays for the columns
     * @param maxRecords of one body
     * @param encoders make what writes such columns as JSON, in the order given
     */
    public BodyRecords(
            List<Property> columns,
            UnknownFields unknown,
            BufferAllocator allocator,
            int maxRecords,
            Function<List<ColumnLayout>, RowEncoder> encoders,
            Taker taker) {
        this.columns = List.copyOf(columns);
        this.unknown = unknown;
        this.allocator = allocator;
        this.maxRecords = maxRecords;
        this.encoders = encoders;
        this.taker = taker;
    }

    /**
     * Gives all records of a body.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidBody} when it cannot be taken apart, with {@code
     *     TooLarge} when it has too many records; some may have been given by then
     */
    public void take(BodyForm form, byte[] body) {
        try {
            switch (form) {
                case JSON -> json(body);
                case NDJSON -> lines(body);
                case AVRO -> avro(body);
                case ARROW -> arrow(body);
            }
        } catch (Malformed broken) {
            String rule = broken.rule("");
            throw rule.isEmpty() ? invalid(form, broken.reason()) : refused(rule, broken.reason());
        } catch (ProblemException problem) {
            throw problem;
        } catch (RuntimeException | StackOverflowError failure) {
            var faults = new RecordFaults();
            faults.unforeseen(failure);
            throw refused(RecordFaults.UNREADABLE, faults.violation().reason());
        } catch (JsonProcessingException broken) {
            throw invalid(form, broken.getOriginalMessage());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** The body is as its format wants it, and the record that comes next has no row. */
    private RuntimeException refused(String rule, String reason) {
        var rejection = new Problem.Rejection(records, rule, "", reason);
        return new Problem.BrokenRecords(1, records + 1, List.of(rejection)).exception();
    }

    private static RuntimeException invalid(BodyForm form, String reason) {
        return new Problem.InvalidBody("The body cannot be read: " + reason, form.expected).exception();
    }

    private void count() {
        if (++records > maxRecords) {
            throw new Problem.TooLarge("The number of records", records, maxRecords).exception();
        }
    }

    private void json(byte[] body) throws IOException {
        try (JsonParser parser = JSON_FACTORY.createParser(body)) {
            boolean array = parser.nextToken() == JsonToken.START_ARRAY;
            JsonToken token = array ? parser.nextToken() : parser.currentToken();
            while (token != null && token != JsonToken.END_ARRAY) {
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                parser.finishToken();
                int to = (int) parser.currentLocation().getByteOffset();
                if (token != JsonToken.START_OBJECT || from < 0) {
                    throw new Malformed("it is no object in UTF-8, nor an array of such.");
                }
                count();
                taker.json(body, from, to - from);
                token = array ? parser.nextToken() : null;
            }
            if ((!array && records == 0) || parser.nextToken() != null) {
                throw new Malformed(records == 0 ? "it is empty." : "something stands behind the records.");
            }
        }
    }

    private void lines(byte[] body) {
        for (int from = 0, at = 0; at <= body.length; at++) {
            if (at == body.length || body[at] == '\n') {
                if (!new String(body, from, at - from, StandardCharsets.ISO_8859_1).isBlank()) {
                    count();
                    taker.json(body, from, at - from);
                }
                from = at + 1;
            }
        }
    }

    /** Avro 1.12, "Object Container Files". */
    private void avro(byte[] body) {
        var in = new ByteReader();
        in.over(body, 0, body.length);
        if (body.length < AVRO_MAGIC.length
                || !Arrays.equals(body, in.take(AVRO_MAGIC.length), AVRO_MAGIC.length, AVRO_MAGIC, 0, 4)) {
            throw new Malformed("it does not begin as such a file does.");
        }
        Map<String, String> metadata = metadata(in);
        if (!metadata.getOrDefault("avro.codec", "null").equals("null")) {
            throw new Malformed("its blocks are compressed.");
        }
        var schema = new SchemaSource.Known("AVRO", metadata.getOrDefault("avro.schema", ""), List.of());
        int sync = in.take(AVRO_SYNC);
        AvroPlan ends = ends(schema);
        ends.passOver(body.length);
        try (var rows = new Columns()) {
            var decoder = new RegistryDecoder(
                    columns,
                    List.of(),
                    unknown,
                    rows.writer,
                    JsonLimits.DEFAULT,
                    rows.noRules,
                    ValueFormat.AVRO,
                    id -> schema);
            while (!in.isDone()) {
                long count = in.zigzag();
                long size = in.zigzag();
                int at = in.take(size);
                int end = in.at();
                for (long i = 0; i < count; i++) {
                    int next = ends.end(body, at, end);
                    byte[] record = new byte[AVRO_PREFIX + next - at];
                    System.arraycopy(body, at, record, AVRO_PREFIX, next - at);
                    rows.give(decoder.decode(record, 0, record.length), decoder);
                    at = next;
                }
                int mark = in.take(AVRO_SYNC);
                if (at != end || !Arrays.equals(body, mark, mark + AVRO_SYNC, body, sync, sync + AVRO_SYNC)) {
                    throw new Malformed("a block does not end where it says.");
                }
            }
        }
    }

    private static Map<String, String> metadata(ByteReader in) {
        Map<String, String> metadata = new HashMap<>();
        for (long block = in.zigzag(); block != 0; block = in.zigzag()) {
            if (block < 0) {
                in.zigzag(); // its size in bytes, which nobody needs
            }
            for (long i = Math.abs(block); i > 0; i--) {
                String key = text(in);
                metadata.put(key, text(in));
            }
        }
        return metadata;
    }

    private static String text(ByteReader in) {
        int from = in.take(in.zigzag());
        return new String(in.bytes(), from, in.at() - from, StandardCharsets.UTF_8);
    }

    /** Finds where records end: the plan of a contract without fields passes over all of them. */
    private static AvroPlan ends(SchemaSource.Known schema) {
        var faults = new RecordFaults();
        var converter = new ScalarConverter(faults, new CheckedColumns(faults, 0), JsonLimits.DEFAULT);
        AvroPlan plan = AvroPlan.of(schema, new ObjectPlan(List.of()), false, converter, false);
        if (plan == null) {
            throw new Malformed(faults.violation().reason());
        }
        return plan;
    }

    private void arrow(byte[] body) {
        try (var rows = new Columns()) {
            var decoder = new ArrowDecoder(
                    columns, unknown, rows.writer, JsonLimits.DEFAULT, rows.noRules, Integer.MAX_VALUE >> 4);
            int count = decoder.openRows(body);
            if (count > maxRecords) {
                throw new Problem.TooLarge("The number of records", count, maxRecords).exception();
            }
            for (int row = 0; row < count; row++) {
                rows.give(decoder.decodeRow(row), decoder);
            }
        }
    }

    /** The contract's columns, as records have them, for one row at a time. */
    private final class Columns implements AutoCloseable {
        private final BatchWriter writer;
        private final ByteSink.ArrowTarget target;
        private final ByteSink sink;
        private final RowEncoder encoder;
        private final JsonDecoder noRules;

        Columns() {
            writer = new BatchWriter(Layout.of(ArrowSchemas.ofRecords(columns)), allocator);
            // The rules over several columns are checked where the JSON is.
            noRules = JsonDecoder.of(columns, List.of(), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
            encoder = encoders.apply(writer.layout().top());
            target = new ByteSink.ArrowTarget(allocator, 1 << 10);
            sink = new ByteSink(target);
            boolean opened = false;
            try {
                writer.open(8);
                opened = true;
            } finally {
                if (!opened) {
                    target.close();
                }
            }
        }

        void give(boolean good, RecordDecoder decoder) {
            count();
            if (!good) {
                taker.broken(decoder.violation());
                return;
            }
            writer.endRow();
            sink.reset();
            encoder.row(writer.batch(), 0, sink);
            writer.truncate(0);
            taker.json(sink);
        }

        @Override
        public void close() {
            writer.close();
            target.close();
        }
    }
}
