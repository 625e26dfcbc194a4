package dev.millrace.codec;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * Reads one value of a JSON record and gives it to {@link CheckedColumns}. One thread, the decoder's. Every method
 * returns the index behind the value, or a fault; it writes exactly one value, or none.
 */
final class ScalarReader {
    private final Faults faults;
    private final JsonText text;
    private final JsonNumber number;
    private final IsoText iso = new IsoText();
    private final Base64Text base64 = new Base64Text();
    private final CheckedColumns checked;

    ScalarReader(Faults faults, JsonText text, JsonNumber number, CheckedColumns checked) {
        this.faults = faults;
        this.text = text;
        this.number = number;
        this.checked = checked;
    }

    int bool(FieldPlan field, byte[] b, int at) {
        if (Words.isTrue(b, at)) {
            return checked.bool(field, true) ? at + 4 : Faults.FAULT;
        }
        if (Words.isFalse(b, at)) {
            return checked.bool(field, false) ? at + 5 : Faults.FAULT;
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
        return checked.integer(field, negative ? -value : value) ? after : Faults.FAULT;
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
                return beyond(field);
            }
            value = negative ? -magnitude : magnitude;
        } else {
            BigInteger whole = whole();
            if (whole == null) {
                return faults.at("type", "Expected a whole number.");
            }
            if (whole.bitLength() > 63) {
                return beyond(field);
            }
            value = whole.longValue();
        }
        return checked.integer(field, value) ? at : Faults.FAULT;
    }

    private int beyond(FieldPlan field) {
        checked.beyondColumn(field);
        return Faults.FAULT;
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
                return beyond(field);
            }
        } else {
            BigInteger whole = whole();
            if (whole == null) {
                return faults.at("type", "Expected a whole number.");
            }
            if (whole.signum() < 0 || whole.bitLength() > 64) {
                return beyond(field);
            }
            value = whole.longValue();
        }
        return checked.unsigned(field, value) ? at : Faults.FAULT;
    }

    int float64(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        return checked.float64(field, number.toDouble()) ? at : Faults.FAULT;
    }

    int float32(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        return checked.float32(field, number.toFloat()) ? at : Faults.FAULT;
    }

    int decimal(FieldPlan field, byte[] b, int from) {
        if (!isNumber(b[from])) {
            return faults.at("type", "Expected a number.");
        }
        int at = number.read(b, from);
        if (at < 0) {
            return at;
        }
        boolean good;
        if (number.scale(field.scale)) {
            good = checked.decimal(field, number.mantissa(), number.negative());
        } else {
            good = number.isModest() ? checked.decimal(field, number.toBigDecimal()) : checked.tooManyDigits(field);
        }
        return good ? at : Faults.FAULT;
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
            return checked.text(field, text.bytes(), 0, text.length(), text.codePoints()) ? at : Faults.FAULT;
        }
        int length = stop - start;
        if (!checked.textFits(field, b, start, length, length)) {
            return Faults.FAULT;
        }
        field.out.endBytes();
        return stop + 1;
    }

    int oneOf(FieldPlan field, byte[] b, int from) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a text.");
        }
        int start = from + 1;
        int stop = start;
        while (b[stop] >= 0x20 && b[stop] != '"' && b[stop] != '\\') {
            stop++;
        }
        if (b[stop] == '"') {
            return checked.text(field, b, start, stop - start, stop - start) ? stop + 1 : Faults.FAULT;
        }
        int at = text.read(b, start);
        if (at < 0) {
            return at;
        }
        return checked.text(field, text.bytes(), 0, text.length(), text.codePoints()) ? at : Faults.FAULT;
    }

    /** A map's key: a name whose quotes and escapes are gone, with a byte that is no digit behind it. */
    boolean key(FieldPlan field, byte[] b, int from, int length) {
        return switch (field.kind) {
            case INT, UNSIGNED64 -> {
                int digits = from + (length > 1 && b[from] == '-' ? 1 : 0);
                boolean plain = b[digits] != '0' || length == 1;
                for (int i = digits; i < from + length; i++) {
                    plain &= b[i] >= '0' && b[i] <= '9';
                }
                if (!plain || length == 0) {
                    yield faults.at("type", "Expected a whole number.") >= 0;
                }
                yield (field.kind == FieldPlan.Kind.INT ? integer(field, b, from) : unsigned64(field, b, from)) >= 0;
            }
            case UUID -> checked.uuid(field, b, from, length);
            default -> checked.text(field, b, from, length);
        };
    }

    int uuid(FieldPlan field, byte[] b, int from, int end) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a UUID.");
        }
        if (b.length >= from + 38 && b[from + 37] == '"' && CheckedColumns.isUuid(b, from + 1, 36)) {
            return checked.text(field, b, from + 1, 36, 36) ? from + 38 : Faults.FAULT;
        }
        int at = text.read(b, from + 1);
        if (at < 0) {
            return at;
        }
        return checked.uuid(field, text.bytes(), 0, text.length()) ? at : Faults.FAULT;
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
        return checked.binary(field, base64.bytes(), 0, length) ? at : Faults.FAULT;
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
        return checked.moment(field, iso.days()) ? at : Faults.FAULT;
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
        return checked.time(field, iso.secondOfDay(), iso.nanos()) ? at : Faults.FAULT;
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
        return checked.timestamp(field, iso.epochSeconds(), iso.nanos()) ? at : Faults.FAULT;
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
        return checked.moment(field, value) ? at : Faults.FAULT;
    }

    private static boolean isNumber(byte first) {
        return first == '-' || first >= '0' && first <= '9';
    }
}
