package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ForwardingMap;
import com.google.common.primitives.UnsignedLong;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import dev.cel.runtime.CelVariableResolver;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Column;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.time.Duration;
import java.time.Instant;
import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The row being written as CEL's variables, each read from its column when an expression names it. One thread. */
final class RowValues implements CelVariableResolver {
    private static final long SECONDS_PER_DAY = 86_400;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Property> columns;
    private final BatchWriter writer;
    private int ahead;

    RowValues(List<Property> columns, BatchWriter writer) {
        this.columns = List.copyOf(columns);
        this.writer = writer;
        for (int i = 0; i < columns.size(); i++) {
            numbers.put(columns.get(i).name(), i);
        }
    }

    /** Reads that row of those being written from now on. */
    void at(int number) {
        ahead = number;
    }

    boolean isNull(String column) {
        return find(column).filter(NullValue.NULL_VALUE::equals).isPresent();
    }

    @Override
    public Optional<Object> find(String name) {
        return Optional.ofNullable(numbers.get(name))
                .map(number -> value(
                        columns.get(number).fieldType(), writer.column(number).view(), writer.rows() + ahead));
    }

    private static Object value(FieldType type, Column column, int row) {
        if (column.isNull(row)) {
            return NullValue.NULL_VALUE;
        }
        return switch (type) {
            case FieldType.Bool ignored -> column.bit(row);
            case FieldType.Int integer -> integer(integer, column.fixed(row));
            case FieldType.Floating floating ->
                floating.bits() == 32 ? (double) column.float32(row) : column.float64(row);
            case FieldType.Decimal decimal ->
                column.decimal(row, decimal.scale()).doubleValue();
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _ -> text(column, row);
            case FieldType.Binary ignored -> CelByteString.of(column.bytes(row));
            case FieldType.Date ignored -> Instant.ofEpochSecond(column.int32(row) * SECONDS_PER_DAY);
            case FieldType.Timestamp timestamp -> instant(column.int64(row), timestamp.unit());
            case FieldType.Time time -> sinceMidnight(column.fixed(row), time.unit());
            case FieldType.Struct struct -> new Fields(struct.fields(), column, row);
            case FieldType.ListOf list -> new Items(list.element().type(), column, row);
            case FieldType.VectorOf vector -> new Items(vector.element(), column, row);
            case FieldType.MapOf map -> new Entries(map, column, row);
        };
    }

    private static Object integer(FieldType.Int type, long signed) {
        if (type.signed()) {
            return signed;
        }
        return type.bits() == 64 ? UnsignedLong.fromLongBits(signed) : signed & -1L >>> (64 - type.bits());
    }

    private static String text(Column column, int row) {
        return new String(column.bytes(row), UTF_8);
    }

    private static Instant instant(long units, FieldType.Unit unit) {
        int perSecond = unit.perSecond();
        return Instant.ofEpochSecond(
                Math.floorDiv(units, perSecond), Math.floorMod(units, perSecond) * (NANOS_PER_SECOND / perSecond));
    }

    private static Duration sinceMidnight(long units, FieldType.Unit unit) {
        return Duration.ofNanos(units * (NANOS_PER_SECOND / unit.perSecond()));
    }

    /** What it costs at most to look at all of a value: one an item, and one for eight characters. */
    static long weight(Object value) {
        return switch (value) {
            case String text -> 1 + (text.length() >> 3);
            case Items items -> 1 + weight(items.elements, items.from, items.from + items.size);
            case Fields fields -> 1 + weight(fields.column, fields.row, fields.row + 1);
            case Entries entries -> 1 + weight(entries.column, entries.row, entries.row + 1);
            case Collection<?> made -> 1 + made.size();
            case Map<?, ?> made -> 1 + made.size();
            default -> 1;
        };
    }

    private static long weight(Column column, int from, int to) {
        if (from == to) {
            return 0;
        }
        return to
                - from
                + switch (column.layout().storage()) {
                    case BIT, FIXED -> 0;
                    case BYTES -> (column.end(to - 1) - column.start(from)) >> 3;
                    case DICTIONARY ->
                        IntStream.range(from, to)
                                .mapToLong(row -> column.length(row) >> 3)
                                .sum();
                    case LIST, VECTOR -> weight(column.child(0), column.start(from), column.end(to - 1));
                    case STRUCT -> {
                        long sum = 0;
                        for (int i = 0; i < column.layout().children().size(); i++) {
                            sum += weight(column.child(i), from, to);
                        }
                        yield sum;
                    }
                };
    }

    /** An object's fields, each read when it is asked for. */
    private static final class Fields extends AbstractMap<String, Object> {
        private final List<FieldType.Field> fields;
        private final Column column;
        private final int row;

        Fields(List<FieldType.Field> fields, Column column, int row) {
            this.fields = fields;
            this.column = column;
            this.row = row;
        }

        @Override
        public @Nullable Object get(@Nullable Object name) {
            for (int i = 0; i < fields.size(); i++) {
                if (fields.get(i).name().equals(name)) {
                    return value(fields.get(i).type(), column.child(i), row);
                }
            }
            return null;
        }

        @Override
        public boolean containsKey(@Nullable Object name) {
            return fields.stream().anyMatch(field -> field.name().equals(name));
        }

        @Override
        public Set<Entry<String, Object>> entrySet() {
            Map<String, Object> entries = new LinkedHashMap<>();
            for (int i = 0; i < fields.size(); i++) {
                entries.put(fields.get(i).name(), value(fields.get(i).type(), column.child(i), row));
            }
            return entries.entrySet();
        }
    }

    /** A map's entries. */
    private static final class Entries extends ForwardingMap<Object, Object> {
        private final Column column;
        private final int row;
        private final Map<Object, Object> entries = new LinkedHashMap<>();

        Entries(FieldType.MapOf type, Column column, int row) {
            this.column = column;
            this.row = row;
            Column keys = column.child(0).child(0);
            Column values = column.child(0).child(1);
            for (int i = column.start(row); i < column.end(row); i++) {
                entries.put(
                        value(type.key().type(), keys, i), value(type.value().type(), values, i));
            }
        }

        @Override
        protected Map<Object, Object> delegate() {
            return entries;
        }
    }

    /** A list's items, each read when it is asked for. */
    private static final class Items extends AbstractList<Object> {
        private final FieldType type;
        private final Column elements;
        private final int from;
        private final int size;

        Items(FieldType type, Column column, int row) {
            this.type = type;
            this.elements = column.child(0);
            this.from = column.start(row);
            this.size = column.length(row);
        }

        @Override
        public Object get(int index) {
            return value(type, elements, from + Objects.checkIndex(index, size));
        }

        @Override
        public int size() {
            return size;
        }
    }
}
