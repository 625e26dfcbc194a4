package dev.millrace.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.util.Optional;

/** One value as a column of its kind stores it, on the heap: of a key, or of a list that values are held against. Immutable. */
public final class Scalar {
    private static final long[] NO_WORDS = {};
    private static final int SHORT = 18;
    private static final BigInteger LOW_WORD =
            BigInteger.ONE.shiftLeft(Long.SIZE).subtract(BigInteger.ONE);

    private final byte[] bytes;
    private final long[] words;

    private Scalar(byte[] bytes, long[] words) {
        this.bytes = bytes;
        this.words = words;
    }

    /** Of a text or binary value; {@code bytes} are taken over. */
    public static Scalar of(byte[] bytes) {
        return new Scalar(bytes, NO_WORDS);
    }

    /** The value that a text read for {@link Kind#equal} is; empty where the column cannot hold it. */
    public static Optional<Scalar> of(Kind kind, KindText text) {
        return switch (text) {
            case KindText.Bytes(byte[] bytes) -> Optional.of(of(bytes));
            case KindText.Real(double value) ->
                Optional.of(
                        word(kind.width() == 4 ? Float.floatToIntBits((float) value) : Double.doubleToLongBits(value)));
            case KindText.Whole(BigInteger value, boolean exact) ->
                exact
                                && KindText.least(kind).compareTo(value) <= 0
                                && KindText.greatest(kind).compareTo(value) >= 0
                        ? Optional.of(whole(kind, value))
                        : Optional.empty();
            case KindText.Wrong _ -> Optional.empty();
        };
    }

    /** A whole number of few digits, as most keys are, without a detour; empty for any other text. */
    static Optional<Scalar> ofShort(Kind.Int kind, String text) {
        boolean negative = !text.isEmpty() && text.charAt(0) == '-';
        int at = negative ? 1 : 0;
        if (at == text.length() || text.length() > SHORT) {
            return Optional.empty();
        }
        long value = 0;
        for (; at < text.length(); at++) {
            int digit = text.charAt(at) - '0';
            if (digit < 0 || digit > 9) {
                return Optional.empty();
            }
            value = value * 10 + digit;
        }
        value = negative ? -value : value;
        boolean fits = kind.signed()
                ? value >> kind.bits() - 1 == value >> 63
                : value >= 0 && (kind.bits() == 64 || value >>> kind.bits() == 0);
        return fits ? Optional.of(word(extended(value, kind.bits()))) : Optional.empty();
    }

    /**
     * The value that a text is; empty where the column cannot hold it, be it no such text or none in its range.
     */
    public static Optional<Scalar> read(Kind kind, String text) {
        Optional<Scalar> found = kind instanceof Kind.Int integer ? ofShort(integer, text) : Optional.empty();
        return found.isPresent() ? found : of(kind, kind.equal(text));
    }

    private static Scalar word(long value) {
        return new Scalar(new byte[0], new long[] {value});
    }

    private static Scalar whole(Kind kind, BigInteger value) {
        if (kind.width() <= Long.BYTES) {
            return word(extended(value.longValue(), kind.width() * Byte.SIZE));
        }
        long[] words = new long[kind.width() / Long.BYTES];
        for (int i = 0; i < words.length; i++) {
            words[i] = value.shiftRight(i * Long.SIZE).longValue();
        }
        return new Scalar(new byte[0], words);
    }

    /** As {@link Column#fixed} has it: with the sign of its highest bit. */
    private static long extended(long value, int bits) {
        return bits == 0 ? value : value << Long.SIZE - bits >> Long.SIZE - bits;
    }

    /** The same as {@link Column#hash(int)} for a row with this value. */
    public long hash() {
        if (words.length == 0) {
            return Hash.of(bytes, 0, bytes.length);
        }
        long hash = Hash.of(words[0]);
        for (int i = 1; i < words.length; i++) {
            hash = Hash.combine(hash, Hash.of(words[i]));
        }
        return hash;
    }

    /** The same as {@link Column#hash(int, SecretHash)} for a row with this value. */
    public long hash(SecretHash secret) {
        if (words.length == 0) {
            return secret.of(bytes, 0, bytes.length);
        }
        long hash = secret.of(words[0]);
        for (int i = 1; i < words.length; i++) {
            hash = secret.combine(hash, words[i]);
        }
        return hash;
    }

    /** Appends it to a column of its kind; false, and nothing done, where the column's dictionary has no such text. */
    public boolean putInto(ColumnWriter column) {
        switch (column.layout().storage()) {
            case BYTES -> column.putBytes(bytes, 0, bytes.length);
            case BIT -> column.putBit(words[0] != 0);
            case FIXED -> {
                if (words.length == 1) {
                    column.putFixed(words[0]);
                } else {
                    BigInteger unscaled = BigInteger.ZERO;
                    for (int i = words.length - 1; i >= 0; i--) {
                        unscaled = unscaled.shiftLeft(Long.SIZE)
                                .or(BigInteger.valueOf(words[i]).and(LOW_WORD));
                    }
                    column.putDecimal(unscaled);
                }
            }
            case DICTIONARY -> {
                int number = column.layout().dictionary().values().indexOf(new String(bytes, UTF_8));
                if (number < 0) {
                    return false;
                }
                column.putFixed(number);
            }
            case STRUCT, LIST, VECTOR ->
                throw new IllegalStateException(
                        "no scalar is " + column.layout().storage());
        }
        return true;
    }

    /** Whether a row, which has a value, has this one. */
    public boolean isAt(Column column, int row) {
        return switch (column.layout().storage()) {
            case BYTES, DICTIONARY -> column.equalsBytes(row, bytes);
            case BIT -> column.bit(row) == (words[0] != 0);
            case FIXED -> {
                if (words.length == 1) {
                    yield column.fixed(row) == words[0];
                }
                boolean same = true;
                for (int i = 0; i < words.length; i++) {
                    same &= column.word(row, i) == words[i];
                }
                yield same;
            }
            case STRUCT, LIST, VECTOR -> false;
        };
    }
}
