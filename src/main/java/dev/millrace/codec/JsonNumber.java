package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import ch.randelshofer.fastdoubleparser.JavaDoubleParser;
import ch.randelshofer.fastdoubleparser.JavaFloatParser;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Reads a JSON number once, into a mantissa and a power of ten, and gives it as what a column holds. One thread; the
 * result is valid until the next read.
 *
 * <p>The value is {@code mantissa × 10^exponent} with the mantissa unsigned, unless more than 19 digits stood there and
 * one of those behind is not 0: then it is not exact and the text is read again by a slower reader.
 *
 * <p>Doubles take Clinger's fast path ("How to read floating point numbers accurately", 1990) or fastdoubleparser's
 * Eisel-Lemire; both give the nearest double.
 */
final class JsonNumber {
    static final long[] POWERS = powers();

    private static final int MAX_DIGITS = 19;
    private static final int MAX_CHARACTERS = 1000;
    private static final int EXPONENT_CAP = 1_000_000;
    private static final double[] EXACT_DOUBLES = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22
    };

    private final RecordFaults faults;
    private byte[] source = {};
    private int from;
    private int to;
    private boolean negative;
    private long mantissa;
    private int exponent;
    private boolean exact;
    private long value;

    JsonNumber(RecordFaults faults) {
        this.faults = faults;
    }

    boolean negative() {
        return negative;
    }

    long mantissa() {
        return mantissa;
    }

    /** What {@link #isWhole} found. */
    long value() {
        return value;
    }

    /** Reads the number that begins here; returns the index behind it, or a fault. */
    int read(byte[] bytes, int at) {
        int i = at;
        boolean minus = bytes[i] == '-';
        if (minus) {
            i++;
        }
        long word = Words.at(bytes, i) ^ Words.ZEROS;
        int count = Words.digits(word);
        if (count == 0) {
            return faults.json("Expected a number.");
        }
        if (count > 1 && (word & 0xFF) == 0) {
            return faults.json("A number begins with a needless zero.");
        }
        long value = Words.value(word, count);
        int power = 0;
        boolean whole = true;
        i += count;
        if (count == 8) {
            word = Words.at(bytes, i) ^ Words.ZEROS;
            int more = Words.digits(word);
            if (more > 0) {
                value = value * POWERS[more] + Words.value(word, more);
                i += more;
                count += more;
            }
            for (int digit; count >= 16 && (digit = bytes[i] - '0') >= 0 && digit <= 9; i++) {
                if (count < MAX_DIGITS) {
                    value = value * 10 + digit;
                    count++;
                } else {
                    power++;
                    whole &= digit == 0;
                }
            }
        }
        byte next = bytes[i];
        if (next == '.') {
            i++;
            int fraction = i;
            if (value == 0) {
                count = 0;
            }
            while (true) {
                word = Words.at(bytes, i) ^ Words.ZEROS;
                int more = Words.digits(word);
                if (more == 0) {
                    break;
                }
                if (count + more <= MAX_DIGITS) {
                    value = value * POWERS[more] + Words.value(word, more);
                    count = value == 0 ? 0 : count + more;
                    power -= more;
                    i += more;
                } else {
                    for (int digit; (digit = bytes[i] - '0') >= 0 && digit <= 9; i++) {
                        if (count < MAX_DIGITS) {
                            value = value * 10 + digit;
                            count++;
                            power--;
                        } else {
                            whole &= digit == 0;
                        }
                    }
                    break;
                }
                if (more < 8) {
                    break;
                }
            }
            if (i == fraction) {
                return faults.json("A number ends with its point.");
            }
            next = bytes[i];
        }
        if ((next | 0x20) == 'e') {
            i++;
            boolean down = bytes[i] == '-';
            if (down || bytes[i] == '+') {
                i++;
            }
            int digits = i;
            int scale = 0;
            for (int digit; (digit = bytes[i] - '0') >= 0 && digit <= 9; i++) {
                scale = Math.min(EXPONENT_CAP, scale * 10 + digit);
            }
            if (i == digits) {
                return faults.json("A number ends with its e.");
            }
            power += down ? -scale : scale;
        }
        if (i - at > MAX_CHARACTERS) {
            return faults.at("size", "A number has too many digits.");
        }
        source = bytes;
        from = at;
        to = i;
        negative = minus;
        mantissa = value;
        exponent = power;
        exact = whole;
        return i;
    }

    /** The nearest double; infinite when the number is beyond all doubles. */
    double toDouble() {
        long value = mantissa;
        int power = exponent;
        if (exact && value >= 0 && value <= 1L << 53 && power >= -22 && power <= 22) {
            double positive = power < 0 ? value / EXACT_DOUBLES[-power] : value * EXACT_DOUBLES[power];
            return negative ? -positive : positive;
        }
        return JavaDoubleParser.parseDouble(source, from, to - from);
    }

    /** The nearest float; infinite when the number is beyond all floats. */
    float toFloat() {
        long value = mantissa;
        int power = exponent;
        if (exact && value >= 0 && value <= 1L << 24 && power >= -10 && power <= 10) {
            float positive = power < 0 ? value / (float) EXACT_DOUBLES[-power] : value * (float) EXACT_DOUBLES[power];
            return negative ? -positive : positive;
        }
        return JavaFloatParser.parseFloat(source, from, to - from);
    }

    /**
     * Whether the number times {@code 10^scale} is a whole number below 2^64 in magnitude; {@link #mantissa} is that
     * magnitude then. A number of more than 19 digits may be called too large by mistake; {@link #toBigDecimal} decides.
     */
    boolean scale(int scale) {
        if (mantissa == 0 && exact) {
            return true;
        }
        int power = exponent + scale;
        if (!exact || power < -MAX_DIGITS || power > MAX_DIGITS) {
            return false;
        }
        if (power == 0) {
            return true;
        }
        long factor = POWERS[Math.abs(power)];
        if (power > 0) {
            if (Math.unsignedMultiplyHigh(mantissa, factor) != 0) {
                return false;
            }
            mantissa *= factor;
        } else {
            long quotient = Long.divideUnsigned(mantissa, factor);
            if (quotient * factor != mantissa) {
                return false;
            }
            mantissa = quotient;
        }
        exponent = -scale;
        return true;
    }

    /**
     * Whether the number is a whole one of 64 bits, which {@link #value} is then; notes why not.
     *
     * @param columnBits what the fault says that the column has
     */
    boolean isWhole(boolean unsigned, int columnBits) {
        boolean beyond;
        if (scale(0)) {
            value = negative ? -mantissa : mantissa;
            beyond = unsigned ? negative && value != 0 : mantissa < 0 && !(negative && mantissa == Long.MIN_VALUE);
        } else if (isModest()) {
            BigDecimal plain = toBigDecimal().stripTrailingZeros();
            if (plain.scale() > 0) {
                return faults.refuse("type", "Expected a whole number.");
            }
            BigInteger whole = plain.toBigInteger();
            value = whole.longValue();
            beyond = unsigned ? whole.signum() < 0 || whole.bitLength() > 64 : whole.bitLength() > 63;
        } else if (exponent > 0) {
            beyond = true;
        } else {
            return faults.refuse("type", "Expected a whole number.");
        }
        return !beyond || faults.beyond(columnBits);
    }

    /** Whether the number lies within a range in which {@link #toBigDecimal} and its arithmetic are cheap. */
    boolean isModest() {
        return Math.abs(exponent) <= MAX_CHARACTERS;
    }

    /** The whole value; allocates. */
    BigDecimal toBigDecimal() {
        return new BigDecimal(new String(source, from, to - from, ISO_8859_1));
    }

    private static long[] powers() {
        long[] powers = new long[MAX_DIGITS + 1];
        powers[0] = 1;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = powers[i - 1] * 10;
        }
        return powers;
    }
}
