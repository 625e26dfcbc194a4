package dev.millrace.codec;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Rules;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a field's numbers or times as plain numbers in the column's unit: whole numbers and times as they are,
 * decimals unscaled. Rules that do not fit into 64 bits make {@link #exact} true and are checked as decimals. Immutable.
 */
final class Bounds {
    /** What rules say of a value. */
    enum Verdict {
        FINE,
        BELOW,
        ABOVE,
        NO_MULTIPLE,
        NOT_ALLOWED
    }

    private static final BigInteger UNSIGNED_LIMIT = BigInteger.ONE.shiftLeft(64);
    /** 0000-01-01 and 10000-01-01 as seconds since 1970. */
    static final long FIRST_SECOND = -62_167_219_200L;

    static final long END_SECOND = 253_402_300_800L;
    private static final long SECONDS_PER_DAY = 86_400;
    private static final int EXACT_POWER = 22;
    private static final double EXACT_WHOLE = 1e15;

    /** Bounds of the column's type, inclusive. */
    final long typeMin;

    final long typeMax;
    /** Bounds of type and rules together, inclusive; of unsigned numbers by unsigned order. */
    final long min;

    final long max;
    final double floatMin;
    final double floatMax;
    /** Values are multiples of it; of a floating-point number, times {@link #power}; 0 for none. */
    final long step;

    final double power;
    /** The only values, in order. */
    final long @Nullable [] allowed;

    final double @Nullable [] allowedFloats;
    final boolean exact;

    final @Nullable BigDecimal least;
    final @Nullable BigDecimal greatest;
    final @Nullable BigDecimal multipleOf;
    final List<BigDecimal> numbers;

    private final int scale;
    private final boolean unsigned;

    Bounds(FieldType type, Rules rules) {
        scale = type instanceof FieldType.Decimal decimal ? decimal.scale() : 0;
        unsigned = isUnsigned64(type);
        boolean floating = type instanceof FieldType.Floating;
        boolean single = type instanceof FieldType.Floating number && number.bits() == 32;
        typeMin = typeMin(type);
        typeMax = typeMax(type);

        Optional<BigInteger> lower = lower(rules, scale);
        Optional<BigInteger> upper = upper(rules, scale);
        min = unsigned ? unsignedBound(lower, 0) : Math.max(typeMin, bound(lower, typeMin));
        max = unsigned ? unsignedBound(upper, -1) : Math.min(typeMax, bound(upper, typeMax));
        least = lower.map(whole -> new BigDecimal(whole, scale)).orElse(null);
        greatest = upper.map(whole -> new BigDecimal(whole, scale)).orElse(null);
        floatMin = floatMin(rules, single);
        floatMax = floatMax(rules, single);

        multipleOf = rules.multipleOf().orElse(null);
        BigInteger every =
                multipleOf == null ? BigInteger.ZERO : step(multipleOf, floating ? fraction(multipleOf) : scale);
        int fraction = multipleOf == null ? 0 : fraction(multipleOf);
        power = floating ? Double.parseDouble("1e" + fraction) : 1;

        numbers = isText(type)
                ? List.of()
                : rules.values().stream().map(Bounds::number).toList();
        List<BigInteger> whole = numbers.stream()
                .map(value -> value.movePointRight(scale).stripTrailingZeros())
                .filter(value -> value.scale() <= 0)
                .map(BigDecimal::toBigInteger)
                .toList();
        allowed = numbers.isEmpty() || floating
                ? null
                : whole.stream().mapToLong(BigInteger::longValue).sorted().toArray();
        allowedFloats = numbers.isEmpty() || !floating
                ? null
                : numbers.stream()
                        .mapToDouble(value -> nearest(value, single) + 0.0)
                        .sorted()
                        .toArray();

        int bits = unsigned ? 64 : 63;
        boolean wide = every.bitLength() > 63 || whole.stream().anyMatch(value -> value.bitLength() > bits);
        boolean wideBounds = !unsigned
                && (lower.filter(value -> value.bitLength() > 63).isPresent()
                        || upper.filter(value -> value.bitLength() > 63).isPresent());
        boolean fine = fraction > EXACT_POWER || every.doubleValue() >= EXACT_WHOLE;
        exact = floating ? multipleOf != null && fine : wide || wideBounds;
        step = exact ? 0 : every.longValue();
    }

    /** Whether a value has rules beyond {@link #min} and {@link #max}. */
    boolean further() {
        return step != 0 || allowed != null || allowedFloats != null || exact;
    }

    /** Those rules on a value in the column's unit. */
    Verdict further(long value) {
        if (exact) {
            return further(unsigned ? new BigDecimal(Long.toUnsignedString(value)) : BigDecimal.valueOf(value, scale));
        }
        if (step != 0 && (unsigned ? Long.remainderUnsigned(value, step) : value % step) != 0) {
            return Verdict.NO_MULTIPLE;
        }
        return allowed != null && Arrays.binarySearch(allowed, value) < 0 ? Verdict.NOT_ALLOWED : Verdict.FINE;
    }

    /**
     * The same on a floating-point number. What is a multiple is asked of its shortest decimal form, so that 0.3 is one
     * of 0.1: that form has at most 15 digits exactly when they, divided by their power of ten, give the number again.
     *
     * @param shortest the double that has the value's shortest decimal form
     */
    Verdict further(double value, double shortest) {
        if (allowedFloats != null && Arrays.binarySearch(allowedFloats, value + 0.0) < 0) {
            return Verdict.NOT_ALLOWED;
        }
        double whole = Math.rint(shortest * power);
        if (exact || step != 0 && !(Math.abs(whole) < EXACT_WHOLE)) {
            return multiple(BigDecimal.valueOf(shortest));
        }
        boolean fits = step == 0 || whole / power == shortest && (long) whole % step == 0;
        return fits ? Verdict.FINE : Verdict.NO_MULTIPLE;
    }

    /** The same on a whole number or decimal of any size, its range too; allocates. */
    Verdict further(BigDecimal value) {
        if (least != null && value.compareTo(least) < 0) {
            return Verdict.BELOW;
        }
        if (greatest != null && value.compareTo(greatest) > 0) {
            return Verdict.ABOVE;
        }
        boolean isAllowed = numbers.isEmpty() || numbers.stream().anyMatch(other -> other.compareTo(value) == 0);
        return isAllowed ? multiple(value) : Verdict.NOT_ALLOWED;
    }

    private Verdict multiple(BigDecimal value) {
        return multipleOf == null || value.remainder(multipleOf).signum() == 0 ? Verdict.FINE : Verdict.NO_MULTIPLE;
    }

    static boolean isUnsigned64(FieldType type) {
        return type instanceof FieldType.Int integer && integer.bits() == 64 && !integer.signed();
    }

    private static boolean isText(FieldType type) {
        return switch (type) {
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _, FieldType.Binary _ -> true;
            default -> false;
        };
    }

    private static BigDecimal number(String value) {
        return switch (value) {
            case "true" -> BigDecimal.ONE;
            case "false" -> BigDecimal.ZERO;
            default -> new BigDecimal(value);
        };
    }

    private static int fraction(BigDecimal step) {
        return Math.max(0, step.stripTrailingZeros().scale());
    }

    /** What an unscaled value of that scale is a multiple of when the value itself is one of {@code of}. */
    private static BigInteger step(BigDecimal of, int scale) {
        int fraction = fraction(of);
        BigInteger unscaled = of.movePointRight(fraction).toBigIntegerExact();
        return fraction <= scale
                ? unscaled.multiply(BigInteger.TEN.pow(scale - fraction))
                : unscaled.divide(unscaled.gcd(BigInteger.TEN.pow(fraction - scale)));
    }

    private static long typeMin(FieldType type) {
        return switch (type) {
            case FieldType.Int integer -> integer.signed() ? -1L << (integer.bits() - 1) : 0;
            case FieldType.Date ignored -> FIRST_SECOND / SECONDS_PER_DAY;
            case FieldType.Time ignored -> 0;
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
            case FieldType.Date ignored -> END_SECOND / SECONDS_PER_DAY - 1;
            case FieldType.Time time -> SECONDS_PER_DAY * time.unit().perSecond() - 1;
            case FieldType.Timestamp timestamp ->
                timestamp.unit() == FieldType.Unit.NANOS
                        ? Long.MAX_VALUE
                        : END_SECOND * timestamp.unit().perSecond() - 1;
            default -> Long.MAX_VALUE;
        };
    }

    /** The least unscaled value that the rules allow. */
    private static Optional<BigInteger> lower(Rules rules, int scale) {
        Optional<BigInteger> inclusive = rules.minimum().map(bound -> unscaled(bound, scale, RoundingMode.CEILING));
        Optional<BigInteger> exclusive = rules.exclusiveMinimum()
                .map(bound -> unscaled(bound, scale, RoundingMode.FLOOR).add(BigInteger.ONE));
        return inclusive.isPresent() && exclusive.isPresent()
                ? inclusive.map(a -> a.max(exclusive.get()))
                : inclusive.or(() -> exclusive);
    }

    /** The greatest unscaled value that the rules allow. */
    private static Optional<BigInteger> upper(Rules rules, int scale) {
        Optional<BigInteger> inclusive = rules.maximum().map(bound -> unscaled(bound, scale, RoundingMode.FLOOR));
        Optional<BigInteger> exclusive = rules.exclusiveMaximum()
                .map(bound -> unscaled(bound, scale, RoundingMode.CEILING).subtract(BigInteger.ONE));
        return inclusive.isPresent() && exclusive.isPresent()
                ? inclusive.map(a -> a.min(exclusive.get()))
                : inclusive.or(() -> exclusive);
    }

    private static BigInteger unscaled(BigDecimal bound, int scale, RoundingMode rounding) {
        return bound.setScale(scale, rounding).unscaledValue();
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

    private static double floatMin(Rules rules, boolean single) {
        double least = single ? -Float.MAX_VALUE : -Double.MAX_VALUE;
        return Math.max(
                rules.minimum().map(bound -> nearest(bound, single)).orElse(least),
                rules.exclusiveMinimum()
                        .map(bound -> nearest(bound, single))
                        .map(bound -> single ? Math.nextUp(bound.floatValue()) : Math.nextUp(bound))
                        .orElse(least));
    }

    private static double floatMax(Rules rules, boolean single) {
        double greatest = single ? Float.MAX_VALUE : Double.MAX_VALUE;
        return Math.min(
                rules.maximum().map(bound -> nearest(bound, single)).orElse(greatest),
                rules.exclusiveMaximum()
                        .map(bound -> nearest(bound, single))
                        .map(bound -> single ? Math.nextDown(bound.floatValue()) : Math.nextDown(bound))
                        .orElse(greatest));
    }

    private static double nearest(BigDecimal bound, boolean single) {
        return single ? bound.floatValue() : bound.doubleValue();
    }
}
