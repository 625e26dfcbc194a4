package dev.millrace.arrow;

import dev.millrace.contract.FieldType;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * What the values of a column are: the one table of types, a row each, in which keys, filters, orders, encoders, schemas
 * and SQL look up what they need. Immutable; any thread.
 *
 * <p>A text means the same wherever a request gives one: {@link #equal} is what a key and a comparison for equality take,
 * {@link #read} what a comparison of order takes, which also has a place for what lies between two values of the column.
 * What the JSON encoder writes of a value, without its quotes, is a text of that value.
 */
public sealed interface Kind {
    /** True or false. */
    record Bool() implements Kind {}

    /** A whole number of 8, 16, 32 or 64 bits. */
    record Int(int bits, boolean signed) implements Kind {}

    /** An IEEE 754 number of 32 or 64 bits. */
    record Real(int bits) implements Kind {}

    /** A decimal number in 128 or 256 bits; {@code scale} digits stand behind the point. */
    record Decimal(int precision, int scale, int bits) implements Kind {
        /** Whether systems with numbers of 128 bits have it, too. */
        public boolean fits128() {
            return bits <= 128;
        }
    }

    /** A Unicode text, encoded by a dictionary or not. */
    record Text() implements Kind {}

    /** Bytes; base64 as text. */
    record Binary() implements Kind {}

    /** A day, counted from 1970-01-01. */
    record Date() implements Kind {}

    /** A time of day, counted from midnight. */
    record Time(Unit unit) implements Kind {}

    /** An instant, counted from 1970 in UTC, or a local date and time, counted as if it were one. */
    record Timestamp(Unit unit, boolean zoned) implements Kind {}

    /** Named fields. */
    record Struct() implements Kind {}

    /** Any number of values. */
    record ListOf() implements Kind {}

    /** Values by keys. */
    record MapOf() implements Kind {}

    /** Exactly so many values. */
    record VectorOf(int size) implements Kind {}

    /** What times are counted in. */
    enum Unit {
        MILLIS(TimeUnit.MILLISECOND, 1_000, "ms"),
        MICROS(TimeUnit.MICROSECOND, 1_000_000, "us"),
        NANOS(TimeUnit.NANOSECOND, 1_000_000_000, "ns");

        private final TimeUnit arrow;
        private final int perSecond;
        private final String symbol;

        Unit(TimeUnit arrow, int perSecond, String symbol) {
            this.arrow = arrow;
            this.perSecond = perSecond;
            this.symbol = symbol;
        }

        /** How many make a second. */
        public int perSecond() {
            return perSecond;
        }

        /** How many nanoseconds one is. */
        public int nanos() {
            return 1_000_000_000 / perSecond;
        }

        /** How many make a millisecond. */
        public int perMilli() {
            return perSecond / 1_000;
        }

        /** Its symbol: {@code ms}, {@code us} or {@code ns}. */
        public String symbol() {
            return symbol;
        }

        /** Its name for people, such as {@code milliseconds}. */
        public String text() {
            return name().toLowerCase(Locale.ROOT).replaceFirst("s$", "seconds");
        }
    }

    /**
     * The row of one of Arrow's types; of a dictionary that of its texts.
     *
     * @throws IllegalArgumentException for a type that Millrace does not store
     */
    static Kind of(ArrowType type) {
        return switch (type) {
            case ArrowType.Bool _ -> new Bool();
            case ArrowType.Int integer -> new Int(integer.getBitWidth(), integer.getIsSigned());
            case ArrowType.FloatingPoint real
            when real.getPrecision() != FloatingPointPrecision.HALF ->
                new Real(real.getPrecision() == FloatingPointPrecision.SINGLE ? 32 : 64);
            case ArrowType.Decimal decimal
            when decimal.getBitWidth() >= 128 ->
                new Decimal(decimal.getPrecision(), decimal.getScale(), decimal.getBitWidth());
            case ArrowType.Utf8 _ -> new Text();
            case ArrowType.Binary _ -> new Binary();
            case ArrowType.Date date when date.getUnit() == DateUnit.DAY -> new Date();
            case ArrowType.Time time when time.getUnit() != TimeUnit.SECOND -> new Time(unit(time.getUnit()));
            case ArrowType.Timestamp stamp
            when stamp.getUnit() != TimeUnit.SECOND ->
                new Timestamp(unit(stamp.getUnit()), stamp.getTimezone() != null);
            case ArrowType.Struct _ -> new Struct();
            case ArrowType.List _ -> new ListOf();
            case ArrowType.Map _ -> new MapOf();
            case ArrowType.FixedSizeList list -> new VectorOf(list.getListSize());
            default -> throw new IllegalArgumentException("type " + type + " cannot be stored.");
        };
    }

    private static Unit unit(TimeUnit arrow) {
        return switch (arrow) {
            case MILLISECOND -> Unit.MILLIS;
            case MICROSECOND -> Unit.MICROS;
            case NANOSECOND -> Unit.NANOS;
            case SECOND -> throw new IllegalArgumentException("seconds cannot be stored.");
        };
    }

    /** The row of what a contract says. */
    static Kind of(FieldType type) {
        return switch (type) {
            case FieldType.Bool _ -> new Bool();
            case FieldType.Int integer -> new Int(integer.bits(), integer.signed());
            case FieldType.Floating floating -> new Real(floating.bits());
            case FieldType.Decimal decimal ->
                new Decimal(decimal.precision(), decimal.scale(), decimal.precision() > 38 ? 256 : 128);
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _ -> new Text();
            case FieldType.Binary _ -> new Binary();
            case FieldType.Date _ -> new Date();
            case FieldType.Time time -> new Time(Unit.valueOf(time.unit().name()));
            case FieldType.Timestamp stamp ->
                new Timestamp(Unit.valueOf(stamp.unit().name()), stamp.zoned());
            case FieldType.Struct _ -> new Struct();
            case FieldType.ListOf _ -> new ListOf();
            case FieldType.MapOf _ -> new MapOf();
            case FieldType.VectorOf vector -> new VectorOf(vector.size());
        };
    }

    /** The row in Arrow's own words. */
    default ArrowType arrow() {
        return switch (this) {
            case Bool _ -> ArrowType.Bool.INSTANCE;
            case Int(int bits, boolean signed) -> new ArrowType.Int(bits, signed);
            case Real(int bits) ->
                new ArrowType.FloatingPoint(bits == 32 ? FloatingPointPrecision.SINGLE : FloatingPointPrecision.DOUBLE);
            case Decimal(int precision, int scale, int bits) -> new ArrowType.Decimal(precision, scale, bits);
            case Text _ -> ArrowType.Utf8.INSTANCE;
            case Binary _ -> ArrowType.Binary.INSTANCE;
            case Date _ -> new ArrowType.Date(DateUnit.DAY);
            case Time(Unit unit) -> new ArrowType.Time(unit.arrow, unit == Unit.MILLIS ? 32 : 64);
            case Timestamp(Unit unit, boolean zoned) -> new ArrowType.Timestamp(unit.arrow, zoned ? "UTC" : null);
            case Struct _ -> ArrowType.Struct.INSTANCE;
            case ListOf _ -> ArrowType.List.INSTANCE;
            case MapOf _ -> new ArrowType.Map(false);
            case VectorOf(int size) -> new ArrowType.FixedSizeList(size);
        };
    }

    /** How values lie in memory when no dictionary encodes them. */
    default Storage storage() {
        return switch (this) {
            case Bool _ -> Storage.BIT;
            case Int _, Real _, Decimal _, Date _, Time _, Timestamp _ -> Storage.FIXED;
            case Text _, Binary _ -> Storage.BYTES;
            case Struct _ -> Storage.STRUCT;
            case ListOf _, MapOf _ -> Storage.LIST;
            case VectorOf _ -> Storage.VECTOR;
        };
    }

    /** Bytes a value of {@link Storage#FIXED}, values of {@link Storage#VECTOR}, else 0. */
    default int width() {
        return switch (this) {
            case Int(int bits, var _) -> bits / 8;
            case Real(int bits) -> bits / 8;
            case Decimal(var _, var _, int bits) -> bits / 8;
            case Date _ -> 4;
            case Time(Unit unit) -> unit == Unit.MILLIS ? 4 : 8;
            case Timestamp _ -> 8;
            case VectorOf(int size) -> size;
            case Bool _, Text _, Binary _, Struct _, ListOf _, MapOf _ -> 0;
        };
    }

    /** Whether one value is worth looking at as a text: it can be a key's, compared and counted. */
    default boolean isScalar() {
        return switch (this) {
            case Struct _, ListOf _, MapOf _, VectorOf _ -> false;
            default -> true;
        };
    }

    /** Whether rows can be sorted by it. */
    default boolean isOrdered() {
        return isScalar() && !(this instanceof Binary);
    }

    /** Whether values can be added up. */
    default boolean isNumber() {
        return this instanceof Int || this instanceof Real || this instanceof Decimal;
    }

    /** What a text of a value looks like, for people. */
    default String expected() {
        return switch (this) {
            case Bool _ -> "true or false";
            case Int(var _, boolean signed) ->
                signed ? "a whole number such as 60" : "a whole number of at least 0, such as 60";
            case Real _ -> "a number such as 12.5";
            case Decimal _ -> "a decimal number such as 12.50";
            case Text _ -> "text";
            case Binary _ -> "bytes in base64 such as 3q2+7w==";
            case Date _ -> "a date such as 2026-01-31";
            case Time _ -> "a time such as 13:45:00";
            case Timestamp(var _, boolean zoned) ->
                zoned
                        ? "a timestamp such as 2026-01-31T13:45:00Z, or a date"
                        : "a timestamp without offset such as 2026-01-31T13:45:00, or a date";
            case Struct _, ListOf _, MapOf _, VectorOf _ -> "no text";
        };
    }

    /** What the column counts, for people; a text that says more lies between two of its values. */
    default String keeps() {
        return switch (this) {
            case Time(Unit unit) -> unit.text();
            case Timestamp(Unit unit, var _) -> unit.text();
            case Decimal(var _, int scale, var _) -> scale + " digits behind the point";
            default -> "whole values";
        };
    }

    /** What a text stands for among the column's values, be it one of them or not. */
    default KindText read(String text) {
        return KindText.read(this, text);
    }

    /** The same, but wrong where no value of the column's unit is what the text says. */
    default KindText equal(String text) {
        KindText read = read(text);
        return read instanceof KindText.Whole(var _, boolean exact) && !exact
                ? new KindText.Wrong("is finer than the column, which keeps " + keeps() + ".")
                : read;
    }

    /** The JSON Schema of a value as answers have it, but for what it is made of. */
    default Map<String, Object> schema() {
        var schema = new LinkedHashMap<String, Object>();
        schema.put(
                "type",
                switch (this) {
                    case Bool _ -> "boolean";
                    case Int _ -> "integer";
                    case Real _, Decimal _ -> "number";
                    case Text _, Binary _, Date _, Time _, Timestamp _ -> "string";
                    case ListOf _, VectorOf _ -> "array";
                    case Struct _, MapOf _ -> "object";
                });
        switch (this) {
            case Int integer -> {
                schema.put("minimum", KindText.least(integer));
                schema.put("maximum", KindText.greatest(integer));
            }
            case Binary _ -> schema.put("contentEncoding", "base64");
            case Date _ -> schema.put("format", "date");
            case Time _ -> schema.put("format", "time");
            case Timestamp(var _, boolean zoned) when zoned -> schema.put("format", "date-time");
            case VectorOf(int size) -> {
                schema.put("minItems", size);
                schema.put("maxItems", size);
            }
            default -> {}
        }
        return schema;
    }

    /** Its name in SQL, without a list's or an object's parts. */
    default String sql() {
        return switch (this) {
            case Bool _ -> "BOOLEAN";
            case Int(int bits, boolean signed) ->
                (signed ? "" : "U")
                        + switch (bits) {
                            case 8 -> "TINYINT";
                            case 16 -> "SMALLINT";
                            case 32 -> "INTEGER";
                            default -> "BIGINT";
                        };
            case Real(int bits) -> bits == 32 ? "FLOAT" : "DOUBLE";
            case Decimal decimal ->
                decimal.fits128() ? "DECIMAL(" + decimal.precision + "," + decimal.scale + ")" : "VARCHAR";
            case Text _ -> "VARCHAR";
            case Binary _ -> "BLOB";
            case Date _ -> "DATE";
            case Time(Unit unit) -> unit == Unit.NANOS ? "TIME_NS" : "TIME";
            case Timestamp(Unit unit, boolean zoned) ->
                unit == Unit.NANOS ? "TIMESTAMP_NS" : zoned ? "TIMESTAMPTZ" : "TIMESTAMP";
            case Struct _ -> "STRUCT";
            case ListOf _, VectorOf _ -> "LIST";
            case MapOf _ -> "MAP";
        };
    }
}
