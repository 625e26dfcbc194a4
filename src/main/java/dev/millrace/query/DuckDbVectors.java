package dev.millrace.query;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Storage;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.duckdb.DuckDBColumnType;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBLogicalType;

/**
 * Copies column buffers into DuckDB's vectors. Stateless; any thread of DuckDB's.
 *
 * <p>DuckDB's Java API sets a value at a time under a lock. The native calls below are the ones that it stands on, named as
 * in DuckDB's C API; they are not public in Java, so the version is pinned and a test writes every type through them. A
 * vector's memory is seen through a {@code ByteBuffer} of its length, so no write leaves it.
 */
final class DuckDbVectors {
    private static final int INLINE_BYTES = 12;
    private static final int STRING_BYTES = 16;

    private static final MethodHandles.Lookup LOOKUP = lookup();
    private static final MethodHandle CHUNK = chunkReference();
    private static final MethodHandle VECTOR =
            binding("duckdb_data_chunk_get_vector", ByteBuffer.class, ByteBuffer.class, long.class);
    private static final MethodHandle DATA =
            binding("duckdb_vector_get_data", ByteBuffer.class, ByteBuffer.class, long.class);
    private static final MethodHandle VALIDITY =
            binding("duckdb_vector_get_validity", ByteBuffer.class, ByteBuffer.class, long.class);
    private static final MethodHandle WRITABLE =
            binding("duckdb_vector_ensure_validity_writable", void.class, ByteBuffer.class);
    private static final MethodHandle STRING =
            binding("duckdb_vector_assign_string_element_len", void.class, ByteBuffer.class, long.class, byte[].class);

    private DuckDbVectors() {}

    /** Whether a column is written here: plain values only, since DuckDB's Java API takes no others. */
    static boolean takes(ColumnLayout column) {
        return column.children().isEmpty();
    }

    /** The type that a column has in DuckDB; binary values are hexadecimal text, times numbers. The caller closes it. */
    static DuckDBLogicalType type(ColumnLayout column) throws SQLException {
        return column.kind() instanceof Kind.Decimal decimal && decimal.fits128()
                ? DuckDBLogicalType.decimal(decimal.precision(), decimal.scale())
                : DuckDBLogicalType.of(stored(column.kind()));
    }

    /** A column's expression as the type that it stands for. */
    static String typed(String value, ColumnLayout column) {
        return switch (column.kind()) {
            case Kind.Binary _ -> "unhex(" + value + ")";
            case Kind.Time(Kind.Unit unit) ->
                (unit == Kind.Unit.NANOS ? "make_timestamp_ns(" : "make_timestamp(") + value + ")::"
                        + column.kind().sql();
            default -> value;
        };
    }

    private static DuckDBColumnType stored(Kind kind) {
        return switch (kind) {
            case Kind.Time _ -> DuckDBColumnType.BIGINT;
            case Kind.Binary _ -> DuckDBColumnType.VARCHAR;
            case Kind.Timestamp(Kind.Unit unit, boolean zoned)
            when zoned && unit != Kind.Unit.NANOS -> DuckDBColumnType.TIMESTAMP_WITH_TIME_ZONE;
            default -> DuckDBColumnType.valueOf(kind.sql());
        };
    }

    /** Writes {@code count} rows of a column, with the structs around it, into the chunk's vector of that number. */
    static void write(DuckDBDataChunkWriter chunk, int vector, List<Column> path, int[] rows, int from, int count) {
        ByteBuffer reference = (ByteBuffer) call(VECTOR, call(CHUNK, chunk), (long) vector);
        int[] selected = Arrays.copyOfRange(rows, from, from + count);
        write(reference, path, selected, count);
    }

    private static void write(ByteBuffer vector, List<Column> path, int[] rows, int count) {
        Column column = path.getLast();
        boolean[] missing = new boolean[count];
        for (Column each : path) {
            if (each.layout().nullable()) {
                for (int i = 0; i < count; i++) {
                    missing[i] |= each.isNull(rows[i]);
                }
            }
        }
        call(WRITABLE, vector);
        ByteBuffer validity = buffer(call(VALIDITY, vector, (long) Math.max(1, count)));
        for (int i = 0; i < count; i += Long.SIZE) {
            long word = 0;
            for (int bit = 0; bit < Math.min(Long.SIZE, count - i); bit++) {
                word |= missing[i + bit] ? 0 : 1L << bit;
            }
            validity.putLong(i >>> 3, word);
        }
        switch (column.layout().storage()) {
            case BIT, FIXED -> fixed(vector, column, rows, missing, count);
            case BYTES, DICTIONARY -> texts(vector, column, rows, missing, count);
            case STRUCT, LIST, VECTOR ->
                throw new IllegalStateException(column.layout().path() + " is nested");
        }
    }

    private static void fixed(ByteBuffer vector, Column column, int[] rows, boolean[] missing, int count) {
        ColumnLayout layout = column.layout();
        long factor = factor(layout.kind());
        if (layout.kind() instanceof Kind.Decimal decimal) {
            decimals(vector, column, decimal, rows, missing, count);
        } else if (layout.storage() == Storage.BIT) {
            ByteBuffer data = data(vector, 1, count);
            for (int i = 0; i < count; i++) {
                data.put(i, (byte) (column.bit(rows[i]) ? 1 : 0));
            }
        } else if (factor > 0) {
            ByteBuffer data = data(vector, Long.BYTES, count);
            for (int i = 0; i < count; i++) {
                // What is missing may be anything, and need not have room.
                data.putLong(i << 3, missing[i] ? 0 : Math.multiplyExact(column.fixed(rows[i]), factor));
            }
        } else {
            ByteBuffer data = data(vector, layout.width(), count);
            switch (layout.width()) {
                case 1 -> {
                    for (int i = 0; i < count; i++) {
                        data.put(i, column.int8(rows[i]));
                    }
                }
                case 2 -> {
                    for (int i = 0; i < count; i++) {
                        data.putShort(i << 1, column.int16(rows[i]));
                    }
                }
                case 4 -> {
                    for (int i = 0; i < count; i++) {
                        data.putInt(i << 2, column.int32(rows[i]));
                    }
                }
                default -> {
                    for (int i = 0; i < count; i++) {
                        data.putLong(i << 3, column.int64(rows[i]));
                    }
                }
            }
        }
    }

    /** What a time or timestamp is multiplied with to be one of DuckDB's; 0 for what is copied. */
    private static long factor(Kind kind) {
        boolean millis = kind instanceof Kind.Time(Kind.Unit time) && time == Kind.Unit.MILLIS
                || kind instanceof Kind.Timestamp(Kind.Unit stamp, var _) && stamp == Kind.Unit.MILLIS;
        return millis ? 1_000 : 0;
    }

    private static void decimals(
            ByteBuffer vector, Column column, Kind.Decimal type, int[] rows, boolean[] missing, int count) {
        int digits = type.precision();
        int width = digits <= 4 ? 2 : digits <= 9 ? 4 : digits <= 18 ? 8 : 16;
        boolean text = !type.fits128();
        ByteBuffer data = data(vector, text ? STRING_BYTES : width, count);
        for (int i = 0; i < count; i++) {
            if (text) {
                text(
                        vector,
                        data,
                        i,
                        missing[i]
                                ? new byte[0]
                                : column.decimal(rows[i], type.scale())
                                        .toPlainString()
                                        .getBytes(StandardCharsets.US_ASCII));
                continue;
            }
            long low = missing[i] ? 0 : column.word(rows[i], 0);
            switch (width) {
                case 2 -> data.putShort(i << 1, (short) low);
                case 4 -> data.putInt(i << 2, (int) low);
                case 8 -> data.putLong(i << 3, low);
                default ->
                    data.putLong(i << 4, low).putLong((i << 4) + Long.BYTES, missing[i] ? 0 : column.word(rows[i], 1));
            }
        }
    }

    private static void texts(ByteBuffer vector, Column column, int[] rows, boolean[] missing, int count) {
        ByteBuffer data = data(vector, STRING_BYTES, count);
        for (int i = 0; i < count; i++) {
            int start = missing[i] ? 0 : column.start(rows[i]);
            int length = missing[i] ? 0 : column.end(rows[i]) - start;
            if (column.layout().kind() instanceof Kind.Binary) {
                String hex = missing[i] ? "" : HexFormat.of().formatHex(column.bytes(rows[i]));
                text(vector, data, i, hex.getBytes(StandardCharsets.US_ASCII));
            } else if (length <= INLINE_BYTES) {
                int at = i << 4;
                data.putLong(at, 0).putLong(at + 8, 0).putInt(at, length);
                for (int b = 0; b < length; b++) {
                    data.put(at + 4 + b, column.byteAt(start + b));
                }
            } else {
                call(STRING, vector, (long) i, column.bytes(rows[i]));
            }
        }
    }

    private static void text(ByteBuffer vector, ByteBuffer data, int row, byte[] text) {
        data.putLong(row << 4, 0).putLong((row << 4) + 8, 0);
        call(STRING, vector, (long) row, text);
    }

    private static ByteBuffer data(ByteBuffer vector, int width, int count) {
        return count == 0 ? ByteBuffer.allocate(0) : buffer(call(DATA, vector, (long) width * count));
    }

    private static ByteBuffer buffer(Object bytes) {
        return ((ByteBuffer) bytes).order(ByteOrder.nativeOrder());
    }

    private static MethodHandles.Lookup lookup() {
        try {
            return MethodHandles.privateLookupIn(DuckDBConnection.class, MethodHandles.lookup());
        } catch (IllegalAccessException otherModule) {
            throw new ExceptionInInitializerError(otherModule);
        }
    }

    private static MethodHandle binding(String name, Class<?> result, Class<?>... parameters) {
        return find(() -> LOOKUP.findStatic(
                LOOKUP.findClass("org.duckdb.DuckDBBindings"), name, MethodType.methodType(result, parameters)));
    }

    private static MethodHandle chunkReference() {
        return find(() -> MethodHandles.privateLookupIn(DuckDBDataChunkWriter.class, MethodHandles.lookup())
                .findGetter(DuckDBDataChunkWriter.class, "chunkRef", ByteBuffer.class));
    }

    private interface Finding {
        MethodHandle find() throws ReflectiveOperationException;
    }

    private static MethodHandle find(Finding finding) {
        try {
            MethodHandle found = finding.find();
            return found.asType(found.type().generic())
                    .asSpreader(Object[].class, found.type().parameterCount());
        } catch (ReflectiveOperationException otherVersion) {
            throw new ExceptionInInitializerError(otherVersion);
        }
    }

    @SuppressWarnings("CatchingUnchecked") // what a method handle throws has no type
    private static Object call(MethodHandle handle, Object... arguments) {
        try {
            Object result = (Object) handle.invokeExact(arguments);
            return result == null ? arguments : result;
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable failure) {
            throw new IllegalStateException(failure);
        }
    }
}
