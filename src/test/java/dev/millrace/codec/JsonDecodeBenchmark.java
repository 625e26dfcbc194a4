package dev.millrace.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnWriter;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Records to columns: ours against Jackson 2's streaming parser into the same columns. Nanoseconds a record.
 *
 * <p>{@code orders} is flat, 118 bytes; {@code earthquakes} the real nested features. {@code rules} adds length, ranges,
 * pattern and enum to the orders.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-Darrow.enable_unsafe_memory_access=true",
            "-Darrow.enable_null_check_for_get=false"
        })
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@SuppressWarnings("NullAway.Init")
public class JsonDecodeBenchmark {
    private static final int RECORDS = 1000;

    @Param({"orders", "rules", "earthquakes"})
    public String records;

    private RootAllocator allocator;
    private BatchWriter writer;
    private JsonDecoder decoder;
    private byte[][] json;
    private final JsonFactory jackson = new JsonFactory();
    private Target jacksonRoot;

    /** A JSON object's fields for the Jackson reader, as canonical names. */
    record Target(Map<String, Integer> names, ColumnWriter[] columns, Target[] nested, FieldPlan.Kind[] kinds) {
        static Target of(FieldPlan.ObjectPlan plan) {
            int size = plan.fields.length;
            var target =
                    new Target(new HashMap<>(), new ColumnWriter[size], new Target[size], new FieldPlan.Kind[size]);
            for (int i = 0; i < size; i++) {
                target.names.put(plan.fields[i].name.intern(), i);
                target.columns[i] = plan.fields[i].out;
                target.kinds[i] = plan.fields[i].kind;
                FieldPlan.ObjectPlan object = plan.fields[i].object;
                target.nested[i] = object == null ? null : of(object);
            }
            return target;
        }
    }

    @Setup
    public void setUp() {
        allocator = new RootAllocator();
        List<dev.millrace.contract.Property> columns =
                records.equals("earthquakes") ? Records.earthquakes() : Records.orders(records.equals("rules"));
        json = records.equals("earthquakes") ? Records.earthquakeJson(RECORDS) : Records.orderJson(RECORDS);
        writer = new BatchWriter(Records.layout(columns), allocator);
        decoder = Records.decoder(columns, writer);
        jacksonRoot = Target.of(new FieldPlan.ObjectPlan(columns, writer::column));
        writer.open(1 << 14);
        ours();
        writer.truncate(0);
    }

    @Setup(Level.Invocation)
    public void clear() {
        if (writer.rows() > 0) {
            writer.truncate(0);
        }
    }

    @TearDown
    public void tearDown() {
        writer.close();
        allocator.close();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int ours() {
        for (byte[] record : json) {
            if (!decoder.decode(record, 0, record.length)) {
                throw new AssertionError(decoder.violation().toString());
            }
            writer.endRow();
        }
        return writer.rows();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int jackson() throws IOException {
        for (byte[] record : json) {
            try (JsonParser parser = jackson.createParser(record)) {
                parser.nextToken();
                object(jacksonRoot, parser);
            }
            writer.endRow();
        }
        return writer.rows();
    }

    private static void object(Target target, JsonParser parser) throws IOException {
        long seen = 0;
        ColumnWriter[] columns = target.columns;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            Integer number = target.names.get(name);
            JsonToken token = parser.nextToken();
            if (number == null) {
                parser.skipChildren();
                continue;
            }
            int i = number;
            seen |= 1L << i;
            ColumnWriter column = columns[i];
            if (token == JsonToken.VALUE_NULL) {
                column.putNull();
                continue;
            }
            switch (target.kinds[i]) {
                case TEXT -> text(column, parser);
                case INT -> column.putFixed(parser.getLongValue());
                case FLOAT64 -> column.putFloat64(parser.getDoubleValue());
                case TIMESTAMP -> column.putInt64(timestamp(parser));
                case EPOCH -> column.putInt64(parser.getLongValue());
                case STRUCT -> {
                    object(target.nested[i], parser);
                    column.endStruct();
                }
                case LIST -> {
                    while (parser.nextToken() != JsonToken.END_ARRAY) {
                        column.child(0).putFloat64(parser.getDoubleValue());
                    }
                    column.endList();
                }
                default -> throw new AssertionError(target.kinds[i].toString());
            }
        }
        for (int i = 0; i < columns.length; i++) {
            if ((seen >>> i & 1) == 0) {
                columns[i].putNull();
            }
        }
    }

    /** By our own reader of dates: java.time would take as long as all the rest. */
    private static long timestamp(JsonParser parser) throws IOException {
        char[] chars = parser.getTextCharacters();
        int from = parser.getTextOffset();
        int length = parser.getTextLength();
        byte[] bytes = SCRATCH.get();
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) chars[from + i];
        }
        bytes[length] = '"';
        IsoText iso = ISO.get();
        if (iso.timestamp(bytes, 0) < 0) {
            throw new IOException("not a timestamp");
        }
        return iso.epochSeconds() * 1_000_000 + iso.nanos() / 1_000;
    }

    /** ASCII texts char by char, the fastest way that was found; others by way of a string. */
    private static void text(ColumnWriter column, JsonParser parser) throws IOException {
        char[] chars = parser.getTextCharacters();
        int from = parser.getTextOffset();
        int length = parser.getTextLength();
        byte[] bytes = SCRATCH.get();
        if (length <= bytes.length) {
            int or = 0;
            for (int i = 0; i < length; i++) {
                char c = chars[from + i];
                or |= c;
                bytes[i] = (byte) c;
            }
            if (or < 0x80) {
                column.putBytes(bytes, 0, length);
                return;
            }
        }
        byte[] utf8 = new String(chars, from, length).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        column.putBytes(utf8, 0, utf8.length);
    }

    private static final ThreadLocal<IsoText> ISO = ThreadLocal.withInitial(IsoText::new);
    private static final ThreadLocal<byte[]> SCRATCH = ThreadLocal.withInitial(() -> new byte[1024]);
}
