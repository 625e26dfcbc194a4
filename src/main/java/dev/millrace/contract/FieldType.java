package dev.millrace.contract;

import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;

/**
 * How the server keeps a value, independent of any memory format: what {@code logicalType}, {@code physicalType} and
 * {@code logicalTypeOptions.format} of a property come to. {@link TypeMapping} holds the table.
 */
public sealed interface FieldType {
    /** True or false. */
    record Bool() implements FieldType {}

    /** A whole number of 8, 16, 32 or 64 bits. */
    record Int(int bits, boolean signed) implements FieldType {}

    /** An IEEE 754 number of 32 or 64 bits. */
    record Floating(int bits) implements FieldType {}

    /** A decimal number of at most {@code precision} digits, 1 to 76, of which {@code scale} stand after the point. */
    record Decimal(int precision, int scale) implements FieldType {
        /** The most digits. */
        public static final int MAX_PRECISION = 76;
    }

    /** A Unicode text. */
    record Text() implements FieldType {}

    /** One of a few texts, kept as its number in the list; the list has at least one and no text twice. */
    record OneOf(List<String> values) implements FieldType {
        /** The most texts; a longer list is a rule on {@link Text}. */
        public static final int MAX_VALUES = 4096;

        public OneOf {
            values = List.copyOf(values);
        }
    }

    /** Bytes; base64 in JSON. */
    record Binary() implements FieldType {}

    /**
     * A day of the proleptic Gregorian calendar.
     *
     * @param encoding how a JSON record holds it: as {@code 2001-01-31}, or as a number of days
     */
    record Date(Encoding encoding) implements FieldType {
        public Date() {
            this(Encoding.ISO);
        }
    }

    /**
     * An instant ({@code zoned}, kept as UTC) or a local date and time.
     *
     * @param encoding how a JSON record holds it
     * @param zone of a text that names none, where it is {@code zoned}
     */
    record Timestamp(Unit unit, boolean zoned, Encoding encoding, ZoneId zone) implements FieldType {
        public Timestamp(Unit unit, boolean zoned, Encoding encoding) {
            this(unit, zoned, encoding, ZoneOffset.UTC);
        }
    }

    /** A time of day without zone; {@code 12:34:56.789} in JSON. */
    record Time(Unit unit) implements FieldType {}

    /** A UUID; its usual text in JSON. */
    record Uuid() implements FieldType {}

    /** Named fields, at least one. */
    record Struct(List<Field> fields) implements FieldType {
        public Struct {
            fields = List.copyOf(fields);
        }
    }

    /** A list of values of one type. */
    record ListOf(Field element) implements FieldType {}

    /** Values by keys that differ, in any order; an object in JSON. A key is a text, a UUID, one of a few texts or an Int. */
    record MapOf(Field key, Field value) implements FieldType {}

    /** A list of exactly {@code size} numbers that are there, of 32 or 64 bits each. */
    record VectorOf(int size, Floating element) implements FieldType {
        /** The most numbers. */
        public static final int MAX_SIZE = 65_536;
    }

    /** A named value within a struct or, named {@code item}, a list or, named {@code key} and {@code value}, a map; null is allowed unless {@code required}. */
    record Field(String name, FieldType type, boolean required) {}

    /** The resolution of a time. */
    enum Unit {
        MILLIS(1_000),
        MICROS(1_000_000),
        NANOS(1_000_000_000);

        private final int perSecond;

        Unit(int perSecond) {
            this.perSecond = perSecond;
        }

        /** How many make a second. */
        public int perSecond() {
            return perSecond;
        }
    }

    /** How a JSON record holds a date or timestamp: as ISO 8601 text, or as a number since 1970-01-01T00:00:00Z. */
    enum Encoding {
        ISO(0),
        EPOCH_DAYS(0),
        EPOCH_SECONDS(0),
        EPOCH_MILLIS(3),
        EPOCH_MICROS(6),
        EPOCH_NANOS(9);

        private final int digits;

        Encoding(int digits) {
            this.digits = digits;
        }

        /** Digits of the number's unit behind the second. */
        public int digits() {
            return digits;
        }
    }
}
