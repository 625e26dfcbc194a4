package dev.millrace.codec;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
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

/** Columns to JSON: ours against Jackson 2's generator from the same columns. Nanoseconds a row. */
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
public class JsonEncodeBenchmark {
    private static final int RECORDS = 1000;

    @Param({"orders", "earthquakes"})
    public String records;

    private RootAllocator allocator;
    private BatchWriter writer;
    private Batch batch;
    private ByteSink.ArrowTarget target;
    private ByteSink sink;
    private JsonEncoder encoder;
    private Source[] sources;
    private final JsonFactory jackson = new JsonFactory();
    private final ByteArrayBuilder bytes = new ByteArrayBuilder(1 << 20);

    /** A column for the Jackson writer. */
    record Source(SerializedString name, Column column, ColumnLayout layout, Source[] children, int kind) {
        static Source of(Column column) {
            ColumnLayout layout = column.layout();
            Source[] children = new Source[layout.children().size()];
            for (int i = 0; i < children.length; i++) {
                children[i] = of(column.child(i));
            }
            int kind = switch (layout.type()) {
                case ArrowType.Utf8 ignored -> 0;
                case ArrowType.FloatingPoint ignored -> 1;
                case ArrowType.Int ignored -> 2;
                case ArrowType.Timestamp ignored -> 3;
                case ArrowType.Struct ignored -> 4;
                default -> 5;
            };
            return new Source(new SerializedString(layout.name()), column, layout, children, kind);
        }
    }

    @Setup
    public void setUp() {
        allocator = new RootAllocator();
        List<dev.millrace.contract.Property> columns =
                records.equals("earthquakes") ? Records.earthquakes() : Records.orders(false);
        byte[][] json = records.equals("earthquakes") ? Records.earthquakeJson(RECORDS) : Records.orderJson(RECORDS);
        writer = new BatchWriter(Records.layout(columns), allocator);
        JsonDecoder decoder = Records.decoder(columns, writer);
        writer.open(1 << 10);
        for (byte[] record : json) {
            if (!decoder.decode(record, 0, record.length)) {
                throw new AssertionError(decoder.violation().toString());
            }
            writer.endRow();
        }
        batch = writer.batch();
        target = new ByteSink.ArrowTarget(allocator, 1 << 20);
        sink = new ByteSink(target);
        encoder = JsonEncoder.of(writer.layout().top(), false);
        sources = new Source[columns.size()];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = Source.of(batch.column(i));
        }
    }

    @TearDown
    public void tearDown() {
        target.close();
        writer.close();
        allocator.close();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int ours() {
        sink.position(0);
        for (int row = 0; row < RECORDS; row++) {
            encoder.row(batch, row, sink);
            sink.reserve(8);
            sink.put((byte) '\n');
        }
        return sink.position();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int jackson() throws IOException {
        bytes.reset();
        try (JsonGenerator generator = jackson.createGenerator(bytes)) {
            for (int row = 0; row < RECORDS; row++) {
                object(sources, row, generator);
                generator.writeRaw('\n');
            }
        }
        return bytes.size();
    }

    private static void object(Source[] sources, int row, JsonGenerator generator) throws IOException {
        generator.writeStartObject();
        for (Source source : sources) {
            generator.writeFieldName(source.name);
            value(source, row, generator);
        }
        generator.writeEndObject();
    }

    private static void value(Source source, int row, JsonGenerator generator) throws IOException {
        Column column = source.column;
        if (column.isNull(row)) {
            generator.writeNull();
            return;
        }
        switch (source.kind) {
            case 0 -> {
                byte[] utf8 = column.bytes(row);
                generator.writeUTF8String(utf8, 0, utf8.length);
            }
            case 1 -> generator.writeNumber(column.float64(row));
            case 2 -> generator.writeNumber(column.fixed(row));
            case 3 -> {
                long perSecond = ((ArrowType.Timestamp) source.layout.type()).getUnit()
                                == org.apache.arrow.vector.types.TimeUnit.MILLISECOND
                        ? 1_000
                        : 1_000_000;
                byte[] text = SCRATCH.get();
                generator.writeRawUTF8String(text, 0, timestamp(column.int64(row), perSecond, text));
            }
            case 4 -> object(source.children, row, generator);
            default -> {
                generator.writeStartArray();
                for (int i = column.start(row); i < column.end(row); i++) {
                    value(source.children[0], i, generator);
                }
                generator.writeEndArray();
            }
        }
    }

    /** Digit by digit, as one writes it by hand: Instant.toString would take as long as all the rest. */
    private static int timestamp(long value, long perSecond, byte[] text) {
        long second = Math.floorDiv(value, perSecond);
        long fraction = value - second * perSecond;
        LocalDate date = LocalDate.ofEpochDay(Math.floorDiv(second, 86_400L));
        int ofDay = (int) Math.floorMod(second, 86_400L);
        int at = digits(date.getYear(), 4, text, 0);
        text[at++] = '-';
        at = digits(date.getMonthValue(), 2, text, at);
        text[at++] = '-';
        at = digits(date.getDayOfMonth(), 2, text, at);
        text[at++] = 'T';
        at = digits(ofDay / 3600, 2, text, at);
        text[at++] = ':';
        at = digits(ofDay / 60 % 60, 2, text, at);
        text[at++] = ':';
        at = digits(ofDay % 60, 2, text, at);
        if (fraction != 0) {
            text[at++] = '.';
            at = digits((int) fraction, perSecond == 1_000 ? 3 : 6, text, at);
        }
        text[at++] = 'Z';
        return at;
    }

    private static int digits(int value, int count, byte[] text, int at) {
        int rest = value;
        for (int i = count - 1; i >= 0; i--) {
            text[at + i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return at + count;
    }

    private static final ThreadLocal<byte[]> SCRATCH = ThreadLocal.withInitial(() -> new byte[64]);
}
