package dev.millrace.codec;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Rules;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
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
        long[] range = range(type);
        typeMin = range[0];
        typeMax = range[1];

        var below = new Side(true, rules.minimum(), rules.exclusiveMinimum());
        var above = new Side(false, rules.maximum(), rules.exclusiveMaximum());
        Optional<BigInteger> lower = below.whole(scale);
        Optional<BigInteger> upper = above.whole(scale);
        min = unsigned ? unsignedBound(lower, 0) : Math.max(typeMin, bound(lower, typeMin));
        max = unsigned ? unsignedBound(upper, -1) : Math.min(typeMax, bound(upper, typeMax));
        least = lower.map(whole -> new BigDecimal(whole, scale)).orElse(null);
        greatest = upper.map(whole -> new BigDecimal(whole, scale)).orElse(null);
        floatMin = below.floating(single);
        floatMax = above.floating(single);

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
        boolean wideBounds =
                !unsigned && Stream.concat(lower.stream(), upper.stream()).anyMatch(value -> value.bitLength() > 63);
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

    /** The least value of a type with its greatest. */
    private static long[] range(FieldType type) {
        return switch (type) {
            case FieldType.Int integer
            when integer.signed() -> new long[] {-1L << integer.bits() - 1, -1L >>> 65 - integer.bits()};
            case FieldType.Int integer -> new long[] {0, -1L >>> 64 - integer.bits()};
            case FieldType.Date ignored ->
                new long[] {FIRST_SECOND / SECONDS_PER_DAY, END_SECOND / SECONDS_PER_DAY - 1};
            case FieldType.Time time ->
                new long[] {0, SECONDS_PER_DAY * time.unit().perSecond() - 1};
            case FieldType.Timestamp time
            when time.unit() != FieldType.Unit.NANOS ->
                new long[] {
                    FIRST_SECOND * time.unit().perSecond(),
                    END_SECOND * time.unit().perSecond() - 1
                };
            default -> new long[] {Long.MIN_VALUE, Long.MAX_VALUE};
        };
    }

    /** One of the two sides of a range, as a contract gives it: the tighter of the value itself and what lies behind it. */
    private record Side(boolean lower, Optional<BigDecimal> inclusive, Optional<BigDecimal> exclusive) {
        /** The last unscaled value that the rules allow. */
        Optional<BigInteger> whole(int scale) {
            BigInteger inwards = lower ? BigInteger.ONE : BigInteger.ONE.negate();
            RoundingMode in = lower ? RoundingMode.CEILING : RoundingMode.FLOOR;
            RoundingMode out = lower ? RoundingMode.FLOOR : RoundingMode.CEILING;
            return Stream.concat(
                            inclusive.stream()
                                    .map(bound -> bound.setScale(scale, in).unscaledValue()),
                            exclusive.stream()
                                    .map(bound -> bound.setScale(scale, out)
                                            .unscaledValue()
                                            .add(inwards)))
                    .reduce(lower ? BigInteger::max : BigInteger::min);
        }

        /** The last floating-point number that type and rules allow. */
        double floating(boolean single) {
            double ofType = single ? Float.MAX_VALUE : Double.MAX_VALUE;
            double last = lower ? -ofType : ofType;
            double direction = lower ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
            double in = inclusive.map(bound -> nearest(bound, single)).orElse(last);
            double out = exclusive
                    .map(bound -> single
                            ? Math.nextAfter(bound.floatValue(), direction)
                            : Math.nextAfter(bound.doubleValue(), direction))
                    .orElse(last);
            return lower ? Math.max(in, out) : Math.min(in, out);
        }
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

    private static double nearest(BigDecimal bound, boolean single) {
        return single ? bound.floatValue() : bound.doubleValue();
    }
}
