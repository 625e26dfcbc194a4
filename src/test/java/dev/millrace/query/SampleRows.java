package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Dictionary;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.StoreOptions;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** A real store with a column of every kind that can be filtered; closing it checks for leaks. */
public final class SampleRows implements AutoCloseable {
    public static final String TOPIC = "topic-1";
    public static final int PARTITIONS = 2;

    /** One row; null means missing. {@code mag} and {@code place} are fields of the struct {@code properties}. */
    public record Row(
            String id,
            @Nullable String origin,
            @Nullable Integer delay,
            @Nullable Long limit,
            @Nullable Double speed,
            @Nullable BigDecimal price,
            @Nullable LocalDate day,
            @Nullable Instant at,
            @Nullable Boolean ok,
            boolean properties,
            @Nullable Double mag) {}

    private static final ArrowType DOUBLE = new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);

    public static final Schema COLUMNS = new Schema(List.of(
            new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
            field("origin", ArrowType.Utf8.INSTANCE),
            field("delay", new ArrowType.Int(32, true)),
            field("limit", new ArrowType.Int(64, true)),
            field("speed", DOUBLE),
            field("price", new ArrowType.Decimal(20, 2, 128)),
            field("day", new ArrowType.Date(DateUnit.DAY)),
            field("at", new ArrowType.Timestamp(TimeUnit.MILLISECOND, "UTC")),
            field("ok", ArrowType.Bool.INSTANCE),
            new Field("properties", FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(field("mag", DOUBLE)))));

    public static final StoreSchema SCHEMA = new StoreSchema(COLUMNS, List.of("id"), true);

    /** The texts that the column {@code origin} can have in {@link #ENCODED}. */
    public static final List<String> ORIGINS = List.of("", "SFO", "SF", "SFOX", "ÄÖ", "LAX", "JFK");

    /** The same columns with a dictionary for {@code origin} and 256 bits for {@code price}. */
    public static final StoreSchema ENCODED = new StoreSchema(
            new Schema(COLUMNS.getFields().stream()
                    .map(field -> switch (field.getName()) {
                        case "origin" -> Dictionary.field(field, 0, ORIGINS);
                        case "price" -> field("price", new ArrowType.Decimal(60, 2, 256));
                        default -> field;
                    })
                    .toList()),
            List.of("id"),
            true);

    private final BufferAllocator root = new RootAllocator();
    private final ExecutorService files = Executors.newSingleThreadExecutor();
    private final LocalStore store;

    public SampleRows(Path folder) {
        this(folder, SCHEMA);
    }

    public SampleRows(Path folder, StoreSchema schema) {
        this(folder, schema, 5_000);
    }

    SampleRows(Path folder, StoreSchema schema, int segmentRows) {
        this(folder, schema, TestOptions.of(segmentRows, 8 << 20, 256 << 20, Duration.ofHours(1)));
    }

    public SampleRows(Path folder, StoreSchema schema, StoreOptions options) {
        try {
            store = LocalStore.open(schema, options, folder, new StoreResources(root, root, files));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        store.topic(TOPIC, PARTITIONS);
    }

    public BufferAllocator allocator() {
        return root;
    }

    public LocalStore store() {
        return store;
    }

    /** Row {@code i} of the usual data. */
    public static Row usual(int i) {
        return new Row(
                "id-" + i,
                i % 11 == 0 ? null : i % 3 == 0 ? "SFO" : i % 3 == 1 ? "LAX" : "JFK",
                i % 7 == 0 ? null : i % 200 - 20,
                (long) i % 10,
                i % 5 == 0 ? null : i / 4.0,
                BigDecimal.valueOf(i, 2),
                LocalDate.ofEpochDay(11_000 + i % 100),
                Instant.ofEpochMilli(1_000_000_000_000L + i),
                i % 13 == 0 ? null : i % 2 == 0,
                i % 4 != 0,
                i % 6 == 0 ? null : i % 9 * 1.0);
    }

    /** Writes rows {@code [from, to)} of the usual data, row {@code i} into partition {@code i % 2}, and publishes. */
    public void writeUsual(int from, int to) {
        for (int i = from; i < to; i++) {
            write(i % PARTITIONS, usual(i), false);
        }
        publish();
    }

    public void publish() {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            store.writer(partition).publish();
        }
    }

    public void write(int partition, Row row, boolean deleted) {
        PartitionWriter writer = store.writer(partition);
        if (!writer.ready(1)) {
            throw new IllegalStateException("no memory");
        }
        put(writer.batch(), row);
        writer.commit(writer.next(), 1_700_000_000_000L + writer.next(), deleted);
    }

    /** Writes one record of several rows. */
    public void writeRecord(int partition, List<Row> rows) {
        PartitionWriter writer = store.writer(partition);
        if (!writer.ready(rows.size())) {
            throw new IllegalStateException("no memory");
        }
        rows.forEach(row -> put(writer.batch(), row));
        writer.commit(writer.next(), 1_700_000_000_000L + writer.next(), false, rows.size());
    }

    /** Writes the contract's columns of a row. */
    static void put(BatchWriter batch, Row row) {
        text(batch.column(0), row.id());
        text(batch.column(1), row.origin());
        if (row.delay() == null) {
            batch.column(2).putNull();
        } else {
            batch.column(2).putInt32(row.delay());
        }
        if (row.limit() == null) {
            batch.column(3).putNull();
        } else {
            batch.column(3).putInt64(row.limit());
        }
        number(batch.column(4), row.speed());
        BigDecimal price = row.price();
        if (price == null) {
            batch.column(5).putNull();
        } else {
            BigInteger unscaled = price.setScale(2).unscaledValue();
            batch.column(5).putDecimal(unscaled);
        }
        LocalDate day = row.day();
        if (day == null) {
            batch.column(6).putNull();
        } else {
            batch.column(6).putInt32((int) day.toEpochDay());
        }
        Instant at = row.at();
        if (at == null) {
            batch.column(7).putNull();
        } else {
            batch.column(7).putInt64(at.toEpochMilli());
        }
        if (row.ok() == null) {
            batch.column(8).putNull();
        } else {
            batch.column(8).putBit(row.ok());
        }
        if (row.properties()) {
            number(batch.column(9).child(0), row.mag());
            batch.column(9).endStruct();
        } else {
            batch.column(9).putNull();
        }
    }

    private static void text(ColumnWriter column, @Nullable String text) {
        if (text == null) {
            column.putNull();
        } else if (!column.layout().dictionary().values().isEmpty()) {
            column.putFixed(ORIGINS.indexOf(text));
        } else {
            byte[] utf8 = text.getBytes(UTF_8);
            column.putBytes(utf8, 0, utf8.length);
        }
    }

    private static void number(ColumnWriter column, @Nullable Double value) {
        if (value == null) {
            column.putNull();
        } else {
            column.putFloat64(value);
        }
    }

    private static Field field(String name, ArrowType type) {
        return new Field(name, FieldType.nullable(type), List.of());
    }

    @Override
    public void close() {
        store.close();
        files.close();
        root.close();
    }
}
