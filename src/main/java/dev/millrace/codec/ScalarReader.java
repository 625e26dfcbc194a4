package dev.millrace.codec;

/**
 * Reads one value of a JSON record and gives it to {@link CheckedColumns}. One thread, the decoder's. Every method
 * returns the index behind the value, or a fault; it writes exactly one value, or none.
 */
final class ScalarReader {
    private final RecordFaults faults;
    private final JsonScalars json;
    private final JsonText text;
    private final JsonNumber number;
    private final CheckedColumns checked;

    ScalarReader(RecordFaults faults, JsonScalars json, CheckedColumns checked) {
        this.faults = faults;
        this.json = json;
        this.text = json.text;
        this.number = json.number;
        this.checked = checked;
    }

    int bool(FieldPlan field, byte[] b, int from) {
        int at = json.bool(b, from);
        return at >= 0 && checked.bool(field, b[from] == 't') ? at : RecordFaults.FAULT;
    }

    int integer(FieldPlan field, byte[] b, int from) {
        boolean negative = b[from] == '-';
        int i = negative ? from + 1 : from;
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
            int at = json.whole(b, from, false, field.width * 8);
            return at >= 0 && checked.integer(field, number.value()) ? at : RecordFaults.FAULT;
        }
        return checked.integer(field, negative ? -value : value) ? after : RecordFaults.FAULT;
    }

    int unsigned64(FieldPlan field, byte[] b, int from) {
        int at = json.whole(b, from, true, 64);
        return at >= 0 && checked.unsigned(field, number.value()) ? at : RecordFaults.FAULT;
    }

    int float64(FieldPlan field, byte[] b, int from) {
        int at = json.number(b, from, "Expected a number.");
        return at >= 0 && checked.float64(field, number.toDouble()) ? at : RecordFaults.FAULT;
    }

    int float32(FieldPlan field, byte[] b, int from) {
        int at = json.number(b, from, "Expected a number.");
        return at >= 0 && checked.float32(field, number.toFloat()) ? at : RecordFaults.FAULT;
    }

    int decimal(FieldPlan field, byte[] b, int from) {
        int at = json.number(b, from, "Expected a number.");
        if (at < 0) {
            return at;
        }
        boolean good;
        if (number.scale(field.scale)) {
            good = checked.decimal(field, number.mantissa(), number.negative());
        } else {
            good = number.isModest() ? checked.decimal(field, number.toBigDecimal()) : checked.tooManyDigits(field);
        }
        return good ? at : RecordFaults.FAULT;
    }

    int text(FieldPlan field, byte[] b, int from, int end) {
        if (b[from] != '"') {
            return faults.at("type", "Expected a text.");
        }
        int start = from + 1;
        int stop = field.out.appendPlain(b, start, end);
        if (b[stop] != '"') {
            field.out.dropBytes();
            return escaped(field, b, from, "Expected a text.");
        }
        int length = stop - start;
        if (!checked.textFits(field, b, start, length, length)) {
            return RecordFaults.FAULT;
        }
        field.out.endBytes();
        return stop + 1;
    }

    int oneOf(FieldPlan field, byte[] b, int from) {
        int start = from + 1;
        int stop = start;
        if (b[from] == '"') {
            while (b[stop] >= 0x20 && b[stop] != '"' && b[stop] != '\\') {
                stop++;
            }
            if (b[stop] == '"') {
                return checked.text(field, b, start, stop - start, stop - start) ? stop + 1 : RecordFaults.FAULT;
            }
        }
        return escaped(field, b, from, "Expected a text.");
    }

    int uuid(FieldPlan field, byte[] b, int from) {
        if (b.length >= from + 38 && b[from] == '"' && b[from + 37] == '"' && CheckedColumns.isUuid(b, from + 1, 36)) {
            return checked.text(field, b, from + 1, 36, 36) ? from + 38 : RecordFaults.FAULT;
        }
        return escaped(field, b, from, "Expected a UUID.");
    }

    /** A text that may have escapes or letters beyond ASCII. */
    private int escaped(FieldPlan field, byte[] b, int from, String expected) {
        int at = json.text(b, from, expected);
        if (at < 0) {
            return at;
        }
        boolean good = field.kind == FieldPlan.Kind.UUID
                ? checked.uuid(field, text.bytes(), 0, text.length())
                : checked.text(field, text.bytes(), 0, text.length(), text.codePoints());
        return good ? at : RecordFaults.FAULT;
    }

    /** A map's key: a name whose quotes and escapes are gone, with a byte that is no digit behind it. */
    boolean key(FieldPlan field, byte[] b, int from, int length) {
        return switch (field.kind) {
            case INT, UNSIGNED64 -> {
                int digits = from + (length > 1 && b[from] == '-' ? 1 : 0);
                boolean plain = length == 1 || length > 0 && b[digits] != '0';
                for (int i = digits; i < from + length; i++) {
                    plain &= b[i] >= '0' && b[i] <= '9';
                }
                if (!plain) {
                    yield faults.refuse("type", "Expected a whole number.");
                }
                yield (field.kind == FieldPlan.Kind.INT ? integer(field, b, from) : unsigned64(field, b, from)) >= 0;
            }
            case UUID -> checked.uuid(field, b, from, length);
            default -> checked.text(field, b, from, length);
        };
    }

    int binary(FieldPlan field, byte[] b, int from) {
        int at = json.binary(b, from);
        return at >= 0 && checked.binary(field, json.base64.bytes(), 0, json.base64.length()) ? at : RecordFaults.FAULT;
    }

    /** A date, time or timestamp. */
    int moment(FieldPlan field, byte[] b, int from) {
        int at = json.moment(field.kind, field.moments, b, from);
        if (at < 0) {
            return at;
        }
        IsoText iso = json.iso;
        boolean good = switch (field.kind) {
            case DATE -> checked.integer(field, iso.days());
            case TIME -> checked.time(field, iso.secondOfDay(), iso.nanos());
            default -> checked.timestamp(field, iso.epochSeconds(), iso.nanos());
        };
        return good ? at : RecordFaults.FAULT;
    }

    int epoch(FieldPlan field, byte[] b, int from) {
        int at = json.number(b, from, "Expected a number of time since 1970.");
        if (at < 0) {
            return at;
        }
        if (!number.scale(field.epochScale) || number.mantissa() < 0) {
            return faults.at("type", "The number of time since 1970 is too large or has too many digits.");
        }
        long value = number.negative() ? -number.mantissa() : number.mantissa();
        return checked.integer(field, value) ? at : RecordFaults.FAULT;
    }
}
