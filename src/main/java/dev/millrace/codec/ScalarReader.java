package dev.millrace.codec;

import dev.millrace.contract.PatternSearch;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Reads one value of a JSON record into its column and checks its rules. One thread, the decoder's. Every method returns
 * the index behind the value, or a fault; it writes exactly one value, or none.
 */
final class ScalarReader {
    private final Faults faults;
    private final JsonText text;
    private final JsonNumber number;
    private final IsoText iso = new IsoText();
    private final Base64Text base64 = new Base64Text();
    private final int maxStringBytes;

    ScalarReader(Faults faults, JsonText text, JsonNumber number, int maxStringBytes) {
        this.faults = faults;
        this.text = text;
        this.number = number;
        this.maxStringBytes = maxStringBytes;
    }

    int bool(FieldPlan field, byte[] b, int at) {
        if (JsonDecoder.isTrue(b, at)) {
            field.out.putBit(true);
            return at + 4;
        }
        if (JsonDecoder.isFalse(b, at)) {
            field.out.putBit(false);
            return at + 5;
        }
        return faults.at("type", "Expected true or false.");
    }

    int integer(FieldPlan field, byte[] b, int at) {
        boolean negative = b[at] == '-';
        int i = negative ? at + 1 : at;
        long word = Words.at(b, i) ^ Words.ZEROS;
        int count = Words.digits(word);
        if (count == 0) {
            return faults.at("type", "Expected a whole number.");
        }
        long value = Words.value(word, count);
        int digits = count;
        if (count == 8) {
            long next = Words.at(b, i + 8) ^ Words.ZEROS;
            int more = Words.digits(next);
            if (more > 0) {
                value = value * JsonNumber.POWERS[more] + Words.value(next, more);
                digits += more;
            }
        }
        int after = i + digits;
        byte end = b[after];
        if (digits == 16 || end == '.' || (end | 0x20) == 'e' || count > 1 && (word & 0xFF) == 0) {
            return longInteger(field, b, at);
        }
        return putInteger(field, negative ? -value : value) ? after : Faults.FAULT;
    }

    private int longInteger(FieldPlan field, byte[] b, int from) {
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        long value;
        if (number.scale(0)) {
            long magnitude = number.mantissa();
            boolean negative = number.negative();
            if (magnitude < 0 && !(negative && magnitude == Long.MIN_VALUE)) {
                return outOfRange(field, negative);
            }
            value = negative ? -magnitude : magnitude;
        } else {
            BigInteger whole = whole();
            if (whole == null) {
                return faults.at("type", "Expected a whole number.");
            }
            if (whole.bitLength() > 63) {
                return outOfRange(field, whole.signum() < 0);
            }
            value = whole.longValue();
        }
        return putInteger(field, value) ? at : Faults.FAULT;
    }

    private boolean putInteger(FieldPlan field, long value) {
        if (value < field.min || value > field.max) {
            outOfRange(field, value < field.min, value < field.typeMin || value > field.typeMax);
            return false;
        }
        if (field.furtherRules && isRefused(field, BigDecimal.valueOf(value))) {
            return false;
        }
        switch (field.width) {
            case 8 -> field.out.putInt64(value);
            case 4 -> field.out.putInt32((int) value);
            case 2 -> field.out.putInt16((short) value);
            default -> field.out.putInt8((byte) value);
        }
        return true;
    }

    private int outOfRange(FieldPlan field, boolean below) {
        return outOfRange(field, below, true);
    }

    private int outOfRange(FieldPlan field, boolean below, boolean ofType) {
        if (ofType) {
            return faults.at("type", "The number is beyond the column's " + field.width * 8 + " bits.");
        }
        return below
                ? faults.at("minimum", "The value is less than the contract allows.")
                : faults.at("maximum", "The value is greater than the contract allows.");
    }

    /** The number read last, of more than 19 digits or a large exponent, as a whole one; null when it is not whole. */
    private @org.jspecify.annotations.Nullable BigInteger whole() {
        if (!number.isModest()) {
            return number.exponent() > 0 ? BigInteger.ONE.shiftLeft(128) : null;
        }
        BigDecimal value = number.toBigDecimal().stripTrailingZeros();
        return value.scale() > 0 ? null : value.toBigInteger();
    }

    int unsigned64(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a whole number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        long value;
        if (number.scale(0)) {
            value = number.mantissa();
            if (number.negative() && value != 0) {
                return outOfRange(field, true);
            }
        } else {
            BigInteger whole = whole();
            if (whole == null) {
                return faults.at("type", "Expected a whole number.");
            }
            if (whole.signum() < 0 || whole.bitLength() > 64) {
                return outOfRange(field, whole.signum() < 0);
            }
            value = whole.longValue();
        }
        boolean below = Long.compareUnsigned(value, field.min) < 0;
        if (below || Long.compareUnsigned(value, field.max) > 0) {
            return outOfRange(field, below, false);
        }
        if (field.furtherRules && isRefused(field, new BigDecimal(Long.toUnsignedString(value)))) {
            return Faults.FAULT;
        }
        field.out.putInt64(value);
        return at;
    }

    int float64(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        double value = number.toDouble();
        if (!(value >= field.floatMin && value <= field.floatMax)) {
            return outOfRange(field, value < field.floatMin, Double.isInfinite(value));
        }
        if (field.furtherRules && isFloatRefused(field)) {
            return Faults.FAULT;
        }
        field.out.putFloat64(value);
        return at;
    }

    int float32(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        float value = number.toFloat();
        if (!(value >= field.floatMin && value <= field.floatMax)) {
            return outOfRange(field, value < field.floatMin, Float.isInfinite(value));
        }
        if (field.furtherRules && isFloatRefused(field)) {
            return Faults.FAULT;
        }
        field.out.putFloat32(value);
        return at;
    }

    int decimal(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        if (!field.furtherRules && number.scale(field.scale)) {
            long magnitude = number.mantissa();
            if (field.precision < 20 && Long.compareUnsigned(magnitude, JsonNumber.POWERS[field.precision]) >= 0) {
                return tooManyDigits(field);
            }
            boolean negative = number.negative() && magnitude != 0;
            field.out.putDecimal(negative ? -magnitude : magnitude, negative ? -1 : 0);
            return at;
        }
        if (!number.isModest()) {
            return tooManyDigits(field);
        }
        BigDecimal value = number.toBigDecimal();
        if (value.stripTrailingZeros().scale() > field.scale) {
            return tooManyDigits(field);
        }
        BigDecimal scaled = value.setScale(field.scale);
        if (scaled.precision() > field.precision) {
            return tooManyDigits(field);
        }
        if (field.furtherRules && isRefused(field, scaled)) {
            return Faults.FAULT;
        }
        BigInteger unscaled = scaled.unscaledValue();
        field.out.putDecimal(unscaled.longValue(), unscaled.shiftRight(64).longValue());
        return at;
    }

    private int tooManyDigits(FieldPlan field) {
        return faults.at(
                "type",
                "Expected at most " + field.precision + " digits, " + field.scale + " of them behind the point.");
    }

    private boolean isFloatRefused(FieldPlan field) {
        if (!number.isModest()) {
            faults.at("multipleOf", "The number is too large or too small to be checked.");
            return true;
        }
        return isRefused(field, number.toBigDecimal());
    }

    /** Rules that few columns have, at the price of allocation. */
    private boolean isRefused(FieldPlan field, BigDecimal value) {
        if (field.decimalMin != null && value.compareTo(field.decimalMin) < 0) {
            faults.at("minimum", "The value is less than the contract allows.");
            return true;
        }
        if (field.decimalMax != null && value.compareTo(field.decimalMax) > 0) {
            faults.at("maximum", "The value is greater than the contract allows.");
            return true;
        }
        if (field.multipleOf != null && value.remainder(field.multipleOf).signum() != 0) {
            faults.at("multipleOf", "Expected a multiple of " + field.multipleOf.toPlainString() + ".");
            return true;
        }
        if (field.numbers != null) {
            for (BigDecimal allowed : field.numbers) {
                if (allowed.compareTo(value) == 0) {
                    return false;
                }
            }
            faults.at("enum", "The value is not one of those that the contract allows.");
            return true;
        }
        return false;
    }

    int text(FieldPlan field, byte[] b, int from, int end) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a text.");
        }
        int start = from + 1;
        int stop = field.out.appendPlain(b, start, end);
        if (b[stop] != '"') {
            field.out.dropBytes();
            int at = text.read(b, start);
            if (at < 0) {
                return at;
            }
            text.terminate();
            return putText(field, text.bytes(), 0, text.length(), text.codePoints()) ? at : Faults.FAULT;
        }
        int length = stop - start;
        if (length > maxStringBytes) {
            return faults.at("size", "The string is too long.");
        }
        if (isTextRefused(field, b, start, length, length)) {
            return Faults.FAULT;
        }
        field.out.endBytes();
        return stop + 1;
    }

    /** A key's bytes, which are the text itself. */
    int bareText(FieldPlan field, byte[] b, int end) {
        int codePoints = 0;
        for (int at = 0; at < end; codePoints++) {
            int size = b[at] >= 0 ? 1 : JsonText.sequence(b, at);
            if (size == 0) {
                return faults.at("type", "The key is not UTF-8.");
            }
            at += size;
        }
        if (field.kind == FieldPlan.Kind.UUID && !isUuid(b, 0, end)) {
            return faults.at("type", "Expected a UUID.");
        }
        return putText(field, b, 0, end, codePoints) ? end : Faults.FAULT;
    }

    int uuid(FieldPlan field, byte[] b, int from, int end) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a UUID.");
        }
        if (b.length >= from + 38 && b[from + 37] == '"' && isUuid(b, from + 1, 36)) {
            return text(field, b, from, end);
        }
        int at = text.read(b, from + 1);
        if (at < 0) {
            return at;
        }
        text.terminate();
        if (!isUuid(text.bytes(), 0, text.length())) {
            return faults.at("type", "Expected a UUID.");
        }
        return putText(field, text.bytes(), 0, text.length(), text.codePoints()) ? at : Faults.FAULT;
    }

    private boolean putText(FieldPlan field, byte[] bytes, int from, int length, int codePoints) {
        if (isTextRefused(field, bytes, from, length, codePoints)) {
            return false;
        }
        field.out.putBytes(bytes, from, length);
        return true;
    }

    private boolean isTextRefused(FieldPlan field, byte[] bytes, int from, int length, int codePoints) {
        if (codePoints < field.minLength) {
            faults.at("minLength", "Expected at least " + field.minLength + " characters.");
            return true;
        }
        if (codePoints > field.maxLength) {
            faults.at("maxLength", "Expected at most " + field.maxLength + " characters.");
            return true;
        }
        if (field.values != null && field.values.find(bytes, from, length) < 0) {
            faults.at("enum", "The value is not one of those that the contract allows.");
            return true;
        }
        return field.pattern != null && isRefused(field.pattern.find(bytes, from, length));
    }

    private boolean isRefused(PatternSearch.Outcome found) {
        return switch (found) {
            case FOUND -> false;
            case ABSENT -> {
                faults.at("pattern", "The text does not match the contract's pattern.");
                yield true;
            }
            case TOO_HARD -> {
                faults.at("pattern", "The text is too long or too intricate for the contract's pattern.");
                yield true;
            }
        };
    }

    private static boolean isUuid(byte[] b, int from, int length) {
        if (length != 36) {
            return false;
        }
        for (int i = 0; i < 36; i++) {
            byte c = b[from + i];
            boolean fine = i == 8 || i == 13 || i == 18 || i == 23 ? c == '-' : c >= 0 && Character.digit(c, 16) >= 0;
            if (!fine) {
                return false;
            }
        }
        return true;
    }

    int binary(FieldPlan field, byte[] b, int from) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a text in base64.");
        }
        int at = text.read(b, from + 1);
        if (at < 0) {
            return at;
        }
        int length = base64.decode(text.bytes(), text.length());
        if (length < 0) {
            return faults.at("type", "Expected a text in base64.");
        }
        if (length < field.minLength || length > field.maxLength) {
            return faults.at(
                    length < field.minLength ? "minLength" : "maxLength", "The number of bytes is not allowed.");
        }
        field.out.putBytes(base64.bytes(), 0, length);
        return at;
    }

    int date(FieldPlan field, byte[] b, int from) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a date such as 2001-01-31.");
        }
        int at = iso.date(b, from + 1);
        if (at < 0) {
            at = text.read(b, from + 1);
            if (at < 0) {
                return at;
            }
            text.terminate();
            if (iso.date(text.bytes(), 0) < 0) {
                return faults.at("type", "Expected a date such as 2001-01-31.");
            }
        }
        return putInRange(field, iso.days()) ? at : Faults.FAULT;
    }

    int time(FieldPlan field, byte[] b, int from) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a time such as 12:34:56.");
        }
        int at = iso.time(b, from + 1);
        if (at < 0) {
            at = text.read(b, from + 1);
            if (at < 0) {
                return at;
            }
            text.terminate();
            if (iso.time(text.bytes(), 0) < 0) {
                return faults.at("type", "Expected a time such as 12:34:56.");
            }
        }
        long fraction = iso.fraction(field.perSecond);
        if (fraction < 0) {
            return faults.at("type", "The fraction of the second has more digits than the column.");
        }
        return putInRange(field, iso.secondOfDay() * field.perSecond + fraction) ? at : Faults.FAULT;
    }

    int timestamp(FieldPlan field, byte[] b, int from) {
        if (b[from] != '"') {
            return noTimestamp(field);
        }
        int at = iso.timestamp(b, from + 1);
        if (at < 0) {
            at = text.read(b, from + 1);
            if (at < 0) {
                return at;
            }
            text.terminate();
            if (iso.timestamp(text.bytes(), 0) < 0) {
                return noTimestamp(field);
            }
        }
        if (iso.hasOffset() != field.zoned) {
            return noTimestamp(field);
        }
        long fraction = iso.fraction(field.perSecond);
        if (fraction < 0) {
            return faults.at("type", "The fraction of the second has more digits than the column.");
        }
        long seconds = iso.epochSeconds();
        long value = seconds * field.perSecond + fraction;
        if (Math.floorDiv(value, field.perSecond) != seconds) {
            return faults.at("type", "The timestamp is beyond the column's 64 bits.");
        }
        return putInRange(field, value) ? at : Faults.FAULT;
    }

    private int noTimestamp(FieldPlan field) {
        return faults.at(
                "type",
                field.zoned
                        ? "Expected a timestamp with an offset such as 2001-01-31T12:34:56Z."
                        : "Expected a timestamp without offset such as 2001-01-31T12:34:56.");
    }

    int epoch(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number of time since 1970.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        if (!number.scale(field.epochScale) || number.mantissa() < 0) {
            return faults.at("type", "The number of time since 1970 is too large or has too many digits.");
        }
        long value = number.negative() ? -number.mantissa() : number.mantissa();
        return putInRange(field, value) ? at : Faults.FAULT;
    }

    private boolean putInRange(FieldPlan field, long value) {
        if (value < field.min || value > field.max) {
            boolean ofType = value < field.typeMin || value > field.typeMax;
            if (ofType) {
                faults.at("type", "Expected a year from 0000 to 9999.");
            } else {
                outOfRange(field, value < field.min, false);
            }
            return false;
        }
        if (field.width == 8) {
            field.out.putInt64(value);
        } else {
            field.out.putInt32((int) value);
        }
        return true;
    }

    private static boolean isNumber(byte first) {
        return first == '-' || first >= '0' && first <= '9';
    }
}
