package dev.millrace.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.TimestampProto;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;
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
 * The orders of {@link JsonDecodeBenchmark} in the other formats, rules off: ours against the formats' own readers, which
 * make an object of each record whose fields go into the same columns. Nanoseconds a record; Arrow has no such reader,
 * and one record holds all of the rows.
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
public class BinaryDecodeBenchmark {
    private static final int RECORDS = 1000;

    @Param({"avro", "protobuf", "arrow"})
    public String records;

    private RootAllocator allocator;
    private BatchWriter writer;
    private RecordDecoder decoder;
    private byte[][] input;
    private Schema avro;
    private GenericDatumReader<GenericRecord> reader;
    private Descriptor descriptor;

    @Setup
    public void setUp() throws IOException, DescriptorValidationException {
        allocator = new RootAllocator();
        List<Property> columns = Records.orders(false);
        byte[][] json = Records.orderJson(RECORDS);
        writer = new BatchWriter(Records.layout(columns), allocator);
        avro = AvroForm.schema("Order", columns);
        reader = new GenericDatumReader<>(avro);
        FileDescriptorProto file = ProtobufForm.file(columns);
        descriptor = FileDescriptor.buildFrom(file, new FileDescriptor[] {TimestampProto.getDescriptor()})
                .findMessageTypeByName("Record");
        JsonDecoder plain = Records.decoder(columns, writer);
        writer.open(1 << 14);
        List<byte[]> made = new ArrayList<>();
        var mapper = new ObjectMapper();
        for (byte[] record : json) {
            JsonNode tree = mapper.readTree(record);
            made.add(
                    records.equals("avro")
                            ? AvroForm.record(7, avro, columns, tree)
                            : ProtobufForm.record(7, descriptor, columns, tree));
            plain.decode(record, 0, record.length);
            writer.endRow();
        }
        input = records.equals("arrow") ? new byte[][] {stream()} : made.toArray(byte[][]::new);
        if (records.equals("arrow")) {
            decoder = new ArrowDecoder(columns, UnknownFields.IGNORE, writer, JsonLimits.DEFAULT, plain, RECORDS);
        } else {
            ValueFormat format = records.equals("avro") ? ValueFormat.AVRO : ValueFormat.PROTOBUF;
            String schema = format == ValueFormat.AVRO ? avro.toString() : ProtobufForm.base64(file);
            decoder = new RegistryDecoder(
                    columns,
                    List.of(),
                    UnknownFields.IGNORE,
                    writer,
                    JsonLimits.DEFAULT,
                    plain,
                    format,
                    id -> new SchemaSource.Known(format.name(), schema, List.of()));
        }
        writer.truncate(0);
        if (ours() != RECORDS) {
            throw new IllegalStateException(decoder.violation().toString());
        }
    }

    private byte[] stream() throws IOException {
        var out = new ByteArrayOutputStream();
        try (VectorSchemaRoot vectors = VectorSchemaRoot.create(writer.layout().schema(), allocator);
                var stream = new ArrowStreamWriter(vectors, null, out);
                var rows = writer.batch().slice(writer.layout().top(), 0, RECORDS, allocator)) {
            new VectorLoader(vectors).load(rows);
            stream.start();
            stream.writeBatch();
            stream.end();
        }
        return out.toByteArray();
    }

    @Setup(Level.Invocation)
    public void clear() {
        writer.truncate(0);
    }

    @TearDown
    public void tearDown() {
        writer.close();
        allocator.close();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int ours() {
        for (byte[] record : input) {
            decoder.prepare(record, 0, record.length, false);
            if (decoder.decode(record, 0, record.length)) {
                writer.endRows(decoder.rows());
            }
        }
        return writer.rows();
    }

    @Benchmark
    @OperationsPerInvocation(RECORDS)
    public int library() throws IOException {
        switch (records) {
            case "avro" -> {
                BinaryDecoder from = null;
                GenericRecord record = null;
                for (byte[] bytes : input) {
                    from = DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, from);
                    record = reader.read(record, from);
                    text(0, (Utf8) record.get(0));
                    writer.column(1).putInt64((Long) record.get(1));
                    writer.column(2).putFloat64((Double) record.get(2));
                    text(3, (Utf8) record.get(3));
                    writer.column(4).putInt64((Long) record.get(4));
                    text(5, (Utf8) record.get(5));
                    writer.endRow();
                }
            }
            case "protobuf" -> {
                var fields = descriptor.getFields();
                for (byte[] bytes : input) {
                    DynamicMessage record = DynamicMessage.parseFrom(
                            descriptor, CodedInputStream.newInstance(bytes, 7, bytes.length - 7));
                    text(0, (String) record.getField(fields.get(0)));
                    writer.column(1).putInt64((Long) record.getField(fields.get(1)));
                    writer.column(2).putFloat64((Double) record.getField(fields.get(2)));
                    text(3, (String) record.getField(fields.get(3)));
                    Message moment = (Message) record.getField(fields.get(4));
                    var parts = moment.getDescriptorForType().getFields();
                    long seconds = (Long) moment.getField(parts.get(0));
                    writer.column(4).putInt64(seconds * 1_000_000 + (Integer) moment.getField(parts.get(1)) / 1000);
                    text(5, (String) record.getField(fields.get(5)));
                    writer.endRow();
                }
            }
            default -> ours();
        }
        return writer.rows();
    }

    private void text(int column, Utf8 value) {
        writer.column(column).putBytes(value.getBytes(), 0, value.getByteLength());
    }

    private void text(int column, String value) {
        byte[] bytes = value.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        writer.column(column).putBytes(bytes, 0, bytes.length);
    }
}
