package dev.millrace.contract.processor;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A scalar type of Java: what it is in the contract, and how generated code reads it from JSON ({@code in}), writes it
 * as JSON ({@code out}) and takes it from a column ({@code c}, {@code r}). In each, {@code $} stands for the value,
 * {@code $p} and {@code $s} for a decimal's precision and scale.
 *
 * @param primitive empty for none
 * @param boxed its whole name
 * @param format of the contract; empty for none
 */
record JavaType(
        String primitive,
        String boxed,
        Family family,
        String logicalType,
        String format,
        String read,
        String write,
        String view) {
    /** Which constraints a value takes. */
    enum Family {
        WHOLE,
        FLOATING,
        DECIMAL,
        TEXT,
        BYTES,
        ITEMS,
        OTHER
    }

    private static final List<JavaType> TABLE = """
            boolean|java.lang.Boolean      |OTHER   |boolean  |     |in.bool()         |out.append($)|c.bit(r)
            byte   |java.lang.Byte         |WHOLE   |integer  |i8   |(byte) in.whole(8)|out.append($)|c.int8(r)
            short  |java.lang.Short        |WHOLE   |integer  |i16  |(short) in.whole(16)|out.append($)|c.int16(r)
            int    |java.lang.Integer      |WHOLE   |integer  |i32  |(int) in.whole(32)|out.append($)|c.int32(r)
            long   |java.lang.Long         |WHOLE   |integer  |i64  |in.whole(64)      |out.append($)|c.int64(r)
            float  |java.lang.Float        |FLOATING|number   |f32  |in.float32()      |out.append($)|c.float32(r)
            double |java.lang.Double       |FLOATING|number   |f64  |in.float64()      |out.append($)|c.float64(r)
                   |java.math.BigDecimal   |DECIMAL |number   |     |in.decimal($p, $s)|out.append($.toPlainString())|c.decimal(r, $s)
                   |java.math.BigInteger   |DECIMAL |number   |     |in.decimal($p, 0).toBigInteger()|out.append($)|c.decimal(r, 0).toBigInteger()
                   |java.lang.String       |TEXT    |string   |     |in.text()         |JsonQuotes.quote(out, $)|text(c, r)
                   |java.util.UUID         |OTHER   |string   |uuid |in.uuid()         |JsonQuotes.quote(out, $.toString())|java.util.UUID.fromString(text(c, r))
                   |byte[]                 |BYTES   |string   |byte |in.binary()       |JsonQuotes.quote(out, java.util.Base64.getEncoder().encodeToString($))|c.bytes(r)
                   |java.time.LocalDate    |OTHER   |date     |     |in.date()         |JsonQuotes.quote(out, $.toString())|java.time.LocalDate.ofEpochDay(c.int32(r))
                   |java.time.LocalTime    |OTHER   |time     |     |in.time()         |JsonQuotes.quote(out, $.toString())|java.time.LocalTime.ofNanoOfDay(c.int64(r) * 1000)
                   |java.time.LocalDateTime|OTHER   |timestamp|     |in.localTimestamp()|JsonQuotes.quote(out, $.toString())|java.time.LocalDateTime.of(1970, 1, 1, 0, 0).plus(c.int64(r), java.time.temporal.ChronoUnit.MICROS)
                   |java.time.Instant      |OTHER   |timestamp|     |in.timestamp()    |JsonQuotes.quote(out, $.toString())|java.time.Instant.EPOCH.plus(c.int64(r), java.time.temporal.ChronoUnit.MICROS)
            """.lines().map(JavaType::row).toList();

    /** The type of texts, those of enums too. */
    static final JavaType STRING = of("java.lang.String").orElseThrow();

    private static JavaType row(String line) {
        String[] cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toArray(String[]::new);
        return new JavaType(
                cells[0], cells[1], Family.valueOf(cells[2]), cells[3], cells[4], cells[5], cells[6], cells[7]);
    }

    static Optional<JavaType> of(String type) {
        return TABLE.stream()
                .filter(known -> known.boxed.equals(type) || !type.isEmpty() && known.primitive.equals(type))
                .findFirst();
    }

    boolean is(String simpleName) {
        return boxed.endsWith("." + simpleName);
    }

    /** A cell of the table with a value and the digits of its decimal put in. */
    static String fill(String cell, String value, dev.millrace.contract.FieldType type) {
        String filled = cell;
        if (type instanceof dev.millrace.contract.FieldType.Decimal(int precision, int scale)) {
            filled = cell.replace("$p", "" + precision).replace("$s", "" + scale);
        }
        return filled.replace("$", value);
    }
}
