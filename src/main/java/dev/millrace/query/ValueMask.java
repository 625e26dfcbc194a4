package dev.millrace.query;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Kind;
import dev.millrace.contract.Mask;
import dev.millrace.security.Hmac;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;

/** Puts what a mask shows of a value in the value's place. Immutable; any thread. */
interface ValueMask {
    /** The value itself. */
    ValueMask SHOW = (from, row, into) -> into.copy(from, row);

    /** No value. */
    ValueMask NULL = (from, row, into) -> into.putNull();

    /** Puts one value; of one that is missing, none. */
    void put(Column from, int row, ColumnWriter into);

    /** What a mask does to values of a kind. */
    static ValueMask of(Mask mask, Kind kind, Pseudonyms pseudonyms) {
        return switch (mask) {
            case Mask.Show _ -> SHOW;
            case Mask.Null _, Mask.Hide _ -> NULL;
            case Mask.Keep(int last) -> present((from, row, into) -> keep(from.bytes(row), last, into));
            case Mask.Pseudonym _ -> present((from, row, into) -> pseudonyms.put(from.bytes(row), into));
            case Mask.RoundNumber(BigDecimal unit) -> present(number(kind, unit));
            case Mask.RoundTime(Mask.Unit unit) -> present(time(kind, unit));
        };
    }

    private static ValueMask present(ValueMask mask) {
        return (from, row, into) -> {
            if (from.isNull(row)) {
                into.putNull();
            } else {
                mask.put(from, row, into);
            }
        };
    }

    private static void keep(byte[] text, int last, ColumnWriter into) {
        int from = text.length;
        int left = last;
        while (left > 0 && from > 0) {
            from--;
            left -= (text[from] & 0xC0) == 0x80 ? 0 : 1;
        }
        into.appendBytes(new byte[] {'*', '*', '*'}, 0, 3);
        if (from > 0) { // else it would be the whole text
            into.appendBytes(text, from, text.length - from);
        }
        into.endBytes();
    }

    private static ValueMask number(Kind kind, BigDecimal unit) {
        if (kind instanceof Kind.Real(int bits)) {
            double step = unit.doubleValue();
            return (from, row, into) -> {
                double value = bits == 64 ? from.float64(row) : from.float32(row);
                double rounded = Math.floor(value / step) * step;
                if (bits == 64) {
                    into.putFloat64(rounded);
                } else {
                    into.putFloat32((float) rounded);
                }
            };
        }
        long step = unit.longValueExact();
        Kind.Int integer = (Kind.Int) kind;
        long least = integer.signed() ? -1L << (integer.bits() - 1) : 0;
        return (from, row, into) -> {
            long value = from.fixed(row);
            long shown = integer.signed() || integer.bits() == 64 ? value : value & (1L << integer.bits()) - 1;
            long rest = integer.signed() ? Math.floorMod(shown, step) : Long.remainderUnsigned(shown, step);
            // Below the least multiple the column holds no other.
            into.putFixed(integer.signed() && shown < least + rest ? least : shown - rest);
        };
    }

    private static ValueMask time(Kind kind, Mask.Unit unit) {
        if (kind instanceof Kind.Timestamp(Kind.Unit counted, var _)) {
            return (from, row, into) -> {
                long value = from.int64(row);
                long seconds = Math.floorDiv(value, counted.perSecond());
                into.putInt64(floor(Instant.ofEpochSecond(seconds), unit) * counted.perSecond());
            };
        }
        return (from, row, into) -> {
            Instant day = LocalDate.ofEpochDay(from.int32(row))
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant();
            into.putInt32((int) Math.floorDiv(floor(day, unit), 86_400L));
        };
    }

    private static long floor(Instant value, Mask.Unit unit) {
        ZonedDateTime time = value.atZone(ZoneOffset.UTC);
        ZonedDateTime floor = switch (unit) {
            case SECOND -> time;
            case MINUTE -> time.truncatedTo(ChronoUnit.MINUTES);
            case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
            case DAY -> time.truncatedTo(ChronoUnit.DAYS);
            case MONTH -> time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
            case QUARTER ->
                time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).withMonth((time.getMonthValue() - 1) / 3 * 3 + 1);
            case YEAR -> time.truncatedTo(ChronoUnit.DAYS).withDayOfYear(1);
        };
        return floor.toEpochSecond();
    }

    /** The same 32 hexadecimal digits for the same text: half of an HMAC-SHA256. Any thread. */
    final class Pseudonyms {
        private static final int BYTES = 16;

        private final Hmac hmac;

        /** @param secret of at least 16 bytes */
        Pseudonyms(byte[] secret) {
            hmac = new Hmac(secret);
        }

        private void put(byte[] text, ColumnWriter into) {
            byte[] digits = HexFormat.of().formatHex(hmac.of(text), 0, BYTES).getBytes(US_ASCII);
            into.putBytes(digits, 0, digits.length);
        }
    }
}
