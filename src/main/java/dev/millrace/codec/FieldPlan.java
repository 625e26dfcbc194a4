package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ColumnWriter;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.Rules;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One field of a contract, compiled: what its name looks like in a record, which column it goes to and the rules as
 * plain numbers that cost a compare. Belongs to one decoder; final and without virtual calls, so that the decoder's one
 * switch over {@link Kind} is all the dispatch there is.
 */
final class FieldPlan {
    /** What a value looks like in JSON and in its column. */
    enum Kind {
        BOOL,
        INT,
        UNSIGNED64,
        FLOAT32,
        FLOAT64,
        DECIMAL,
        TEXT,
        UUID,
        BINARY,
        DATE,
        TIME,
        TIMESTAMP,
        EPOCH,
        STRUCT,
        LIST
    }

    private static final BigInteger UNSIGNED_LIMIT = BigInteger.ONE.shiftLeft(64);
    /** 0000-01-01 and 10000-01-01 as seconds since 1970. */
    private static final long FIRST_SECOND = -62_167_219_200L;

    private static final long END_SECOND = 253_402_300_800L;

    final String name;
    final Kind kind;
    final ColumnWriter out;
    final boolean required;
    final int width;
    /** The name in quotes and a colon. */
    final byte[] token;

    private final int tokenLength;
    private final long tokenFirst;
    private final long tokenLast;
    private final long tokenMask;

    /** Bounds of the column's type, inclusive. */
    final long typeMin;

    final long typeMax;
    /** Bounds of type and rules together, inclusive; of unsigned numbers by unsigned order. */
    final long min;

    final long max;
    final double floatMin;
    final double floatMax;
    final int minLength;
    final int maxLength;
    final int minItems;
    final int maxItems;
    final int precision;
    final int scale;
    final long perSecond;
    final boolean zoned;
    /** Digits between the number in the record and the column's unit. */
    final int epochScale;

    final @Nullable TextPattern pattern;
    final @Nullable NameTable values;
    final @Nullable BigDecimal multipleOf;
    final BigDecimal @Nullable [] numbers;
    final @Nullable BigDecimal decimalMin;
    final @Nullable BigDecimal decimalMax;
    /** Whether a number has rules beyond {@link #min} and {@link #max}. */
    final boolean furtherRules;

    final @Nullable ObjectPlan object;
    final @Nullable FieldPlan item;

    FieldPlan(Property property, ColumnWriter out) {
        this.name = property.physicalName();
        this.out = out;
        this.required = property.required();
        this.kind = kind(property.fieldType());
        this.width = out.layout().width();

        byte[] utf8 = ("\"" + name + "\":").getBytes(UTF_8);
        byte[] padded = Arrays.copyOf(utf8, Math.max(8, utf8.length));
        this.token = utf8;
        this.tokenLength = utf8.length;
        this.tokenFirst = Words.at(padded, 0);
        this.tokenMask = utf8.length >= 8 ? -1L : (1L << (utf8.length << 3)) - 1;
        this.tokenLast = Words.at(padded, padded.length - 8);

        Rules rules = property.rules();
        FieldType type = property.fieldType();
        this.minLength = rules.minLength();
        this.maxLength = rules.maxLength();
        this.minItems = rules.minItems();
        this.maxItems = rules.maxItems();
        this.precision = type instanceof FieldType.Decimal decimal ? decimal.precision() : 0;
        this.scale = type instanceof FieldType.Decimal decimal ? decimal.scale() : 0;
        this.perSecond = switch (type) {
            case FieldType.Timestamp timestamp -> timestamp.unit().perSecond();
            case FieldType.Time time -> time.unit().perSecond();
            default -> 1;
        };
        this.zoned = type instanceof FieldType.Timestamp timestamp && timestamp.zoned();
        this.epochScale = epochScale(type);
        this.typeMin = typeMin(type);
        this.typeMax = typeMax(type);
        boolean unsigned = kind == Kind.UNSIGNED64;
        this.min = unsigned ? unsignedBound(lower(rules), 0) : Math.max(typeMin, bound(lower(rules), typeMin));
        this.max = unsigned ? unsignedBound(upper(rules), -1) : Math.min(typeMax, bound(upper(rules), typeMax));
        boolean single = kind == Kind.FLOAT32;
        this.floatMin = Math.max(
                rules.minimum().map(BigDecimal::doubleValue).orElse(single ? -Float.MAX_VALUE : -Double.MAX_VALUE),
                rules.exclusiveMinimum().map(b -> Math.nextUp(b.doubleValue())).orElse(-Double.MAX_VALUE));
        this.floatMax = Math.min(
                rules.maximum().map(BigDecimal::doubleValue).orElse(single ? Float.MAX_VALUE : Double.MAX_VALUE),
                rules.exclusiveMaximum()
                        .map(b -> Math.nextDown(b.doubleValue()))
                        .orElse(Double.MAX_VALUE));
        this.decimalMin = decimalBound(rules.minimum(), rules.exclusiveMinimum(), 1);
        this.decimalMax = decimalBound(rules.maximum(), rules.exclusiveMaximum(), -1);
        this.pattern = rules.pattern().map(TextPattern::new).orElse(null);
        boolean text = kind == Kind.TEXT || kind == Kind.UUID;
        this.values = text && !rules.values().isEmpty()
                ? new NameTable(rules.values().stream()
                        .map(value -> value.getBytes(UTF_8))
                        .toList())
                : null;
        this.multipleOf = rules.multipleOf().orElse(null);
        this.numbers = isNumber() && !rules.values().isEmpty()
                ? rules.values().stream().map(BigDecimal::new).toArray(BigDecimal[]::new)
                : null;
        this.furtherRules = multipleOf != null
                || numbers != null
                || kind == Kind.DECIMAL && (decimalMin != null || decimalMax != null);

        this.object = kind == Kind.STRUCT ? new ObjectPlan(property.properties(), out::child) : null;
        this.item = kind == Kind.LIST
                ? new FieldPlan(
                        property.items().orElseThrow(() -> new IllegalArgumentException("an array without items")),
                        out.child(0))
                : null;
    }

    /** Whether the field's name, in quotes and with its colon, stands at {@code at}; sixteen bytes can be read there. */
    boolean standsAt(byte[] b, int at, int end) {
        if (tokenLength <= 8) {
            return ((Words.at(b, at) ^ tokenFirst) & tokenMask) == 0;
        }
        if (Words.at(b, at) != tokenFirst) {
            return false;
        }
        if (tokenLength <= 16) {
            return Words.at(b, at + tokenLength - 8) == tokenLast;
        }
        return at + tokenLength <= end && Arrays.equals(b, at + 8, at + tokenLength, token, 8, tokenLength);
    }

    int tokenLength() {
        return tokenLength;
    }

    boolean isNumber() {
        return switch (kind) {
            case INT, UNSIGNED64, FLOAT32, FLOAT64, DECIMAL -> true;
            case BOOL, TEXT, UUID, BINARY, DATE, TIME, TIMESTAMP, EPOCH, STRUCT, LIST -> false;
        };
    }

    private static Kind kind(FieldType type) {
        return switch (type) {
            case FieldType.Bool ignored -> Kind.BOOL;
            case FieldType.Int integer -> integer.bits() == 64 && !integer.signed() ? Kind.UNSIGNED64 : Kind.INT;
            case FieldType.Floating floating -> floating.bits() == 32 ? Kind.FLOAT32 : Kind.FLOAT64;
            case FieldType.Decimal ignored -> Kind.DECIMAL;
            case FieldType.Text ignored -> Kind.TEXT;
            case FieldType.Binary ignored -> Kind.BINARY;
            case FieldType.Date ignored -> Kind.DATE;
            case FieldType.Timestamp timestamp ->
                timestamp.encoding() == FieldType.Encoding.ISO ? Kind.TIMESTAMP : Kind.EPOCH;
            case FieldType.Time ignored -> Kind.TIME;
            case FieldType.Uuid ignored -> Kind.UUID;
            case FieldType.Struct ignored -> Kind.STRUCT;
            case FieldType.ListOf ignored -> Kind.LIST;
        };
    }

    private static int epochScale(FieldType type) {
        if (!(type instanceof FieldType.Timestamp timestamp)) {
            return 0;
        }
        int digits = switch (timestamp.unit()) {
            case MILLIS -> 3;
            case MICROS -> 6;
            case NANOS -> 9;
        };
        return switch (timestamp.encoding()) {
            case ISO -> 0;
            case EPOCH_MILLIS -> digits - 3;
            case EPOCH_SECONDS -> digits;
        };
    }

    private static long typeMin(FieldType type) {
        return switch (type) {
            case FieldType.Int integer -> integer.signed() ? -1L << (integer.bits() - 1) : 0;
            case FieldType.Timestamp timestamp ->
                timestamp.unit() == FieldType.Unit.NANOS
                        ? Long.MIN_VALUE
                        : FIRST_SECOND * timestamp.unit().perSecond();
            default -> Long.MIN_VALUE;
        };
    }

    private static long typeMax(FieldType type) {
        return switch (type) {
            case FieldType.Int integer ->
                integer.signed() || integer.bits() < 64
                        ? (1L << (integer.signed() ? integer.bits() - 1 : integer.bits())) - 1
                        : -1L;
            case FieldType.Timestamp timestamp ->
                timestamp.unit() == FieldType.Unit.NANOS
                        ? Long.MAX_VALUE
                        : END_SECOND * timestamp.unit().perSecond() - 1;
            default -> Long.MAX_VALUE;
        };
    }

    /** The least whole number that the rules allow. */
    private static Optional<BigInteger> lower(Rules rules) {
        Optional<BigInteger> inclusive = rules.minimum()
                .map(bound -> bound.setScale(0, RoundingMode.CEILING).toBigInteger());
        Optional<BigInteger> exclusive = rules.exclusiveMinimum()
                .map(bound ->
                        bound.setScale(0, RoundingMode.FLOOR).toBigInteger().add(BigInteger.ONE));
        return inclusive.isPresent() && exclusive.isPresent()
                ? inclusive.map(a -> a.max(exclusive.get()))
                : inclusive.or(() -> exclusive);
    }

    /** The greatest whole number that the rules allow. */
    private static Optional<BigInteger> upper(Rules rules) {
        Optional<BigInteger> inclusive = rules.maximum()
                .map(bound -> bound.setScale(0, RoundingMode.FLOOR).toBigInteger());
        Optional<BigInteger> exclusive = rules.exclusiveMaximum()
                .map(bound ->
                        bound.setScale(0, RoundingMode.CEILING).toBigInteger().subtract(BigInteger.ONE));
        return inclusive.isPresent() && exclusive.isPresent()
                ? inclusive.map(a -> a.min(exclusive.get()))
                : inclusive.or(() -> exclusive);
    }

    private static long bound(Optional<BigInteger> bound, long without) {
        return bound.map(value -> value.bitLength() < 64
                        ? value.longValue()
                        : value.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE)
                .orElse(without);
    }

    private static long unsignedBound(Optional<BigInteger> bound, long without) {
        return bound.map(value -> value.max(BigInteger.ZERO)
                        .min(UNSIGNED_LIMIT.subtract(BigInteger.ONE))
                        .longValue())
                .orElse(without);
    }

    /** The tighter of two bounds on a decimal, made inclusive at the column's own scale. */
    private @Nullable BigDecimal decimalBound(
            Optional<BigDecimal> inclusive, Optional<BigDecimal> exclusive, int direction) {
        if (kind != Kind.DECIMAL) {
            return null;
        }
        RoundingMode inwards = direction > 0 ? RoundingMode.CEILING : RoundingMode.FLOOR;
        RoundingMode outwards = direction > 0 ? RoundingMode.FLOOR : RoundingMode.CEILING;
        BigDecimal first =
                inclusive.map(bound -> bound.setScale(scale, inwards)).orElse(null);
        BigDecimal second = exclusive
                .map(bound -> bound.setScale(scale, outwards).add(BigDecimal.valueOf(direction, scale)))
                .orElse(null);
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        return direction > 0 ? first.max(second) : first.min(second);
    }

    /** The children of an object by name. */
    static final class ObjectPlan {
        final FieldPlan[] fields;
        final NameTable names;
        /** Which fields beyond the first 64 the object at hand has had. */
        final long[] seen;

        ObjectPlan(List<Property> properties, java.util.function.IntFunction<ColumnWriter> columns) {
            this.fields = new FieldPlan[properties.size()];
            for (int i = 0; i < fields.length; i++) {
                fields[i] = new FieldPlan(properties.get(i), columns.apply(i));
            }
            this.names = names(fields);
            this.seen = new long[fields.length >>> 6];
        }

        /** The same fields, some of them only. */
        ObjectPlan(List<FieldPlan> some) {
            this.fields = some.toArray(FieldPlan[]::new);
            this.names = names(fields);
            this.seen = new long[fields.length >>> 6];
        }

        private static NameTable names(FieldPlan[] fields) {
            return new NameTable(Arrays.stream(fields)
                    .map(field -> field.name.getBytes(UTF_8))
                    .toList());
        }
    }
}
