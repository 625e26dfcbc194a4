package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON record value by value, for generated readers of Java records: it holds the text to be the same strict
 * JSON, within the same limits, as {@link JsonDecoder} does, with the same parsers. One thread, one record. Every fault
 * is a {@link dev.millrace.problem.Problem.BrokenRecord} with its path; what may be null is asked by {@link #isNull}
 * first, elsewhere null is a fault.
 */
public final class RecordReader {
    private static final int PADDING = 32;
    private static final long MICROS = 1_000_000;

    private final Faults faults = new Faults();
    private final JsonLimits limits;
    private final JsonText text;
    private final JsonNumber number;
    private final JsonSkipper skipper;
    private final IsoText iso = new IsoText();
    private final List<Level> levels = new ArrayList<>();
    private final boolean rejectUnknown;
    private final byte[] b;
    private final int end;
    private int at;
    private String key = "";

    /** A reader at the beginning of the record. */
    public RecordReader(byte[] json, boolean rejectUnknown, JsonLimits limits) {
        this.limits = limits;
        this.rejectUnknown = rejectUnknown;
        this.text = new JsonText(faults, limits.maxStringBytes());
        this.number = new JsonNumber(faults);
        this.skipper = new JsonSkipper(faults, text, number, limits);
        this.end = json.length;
        if (end > limits.maxBytes()) {
            throw fault("size", "The record is larger than " + limits.maxBytes() + " bytes.");
        }
        this.b = Arrays.copyOf(json, end + PADDING);
        this.at = Words.skipSpace(b, 0);
    }

    /** The names of one object's fields: of each field its own, then those that it may have as well. */
    public static final class Names {
        private final List<String> paths = new ArrayList<>();
        private final int[] numbers;
        private final NameTable table;

        @SafeVarargs
        public Names(List<String>... fields) {
            List<byte[]> all = new ArrayList<>();
            for (List<String> names : fields) {
                paths.add(names.getFirst());
                names.forEach(name -> all.add(name.getBytes(UTF_8)));
            }
            this.numbers = new int[all.size()];
            for (int field = 0, i = 0; field < fields.length; field++) {
                for (int n = 0; n < fields[field].size(); n++) {
                    numbers[i++] = field;
                }
            }
            this.table = new NameTable(all);
        }
    }

    /** An object or array that is open. */
    private static final class Level {
        final long[] seen;
        final int unknown;
        String name = "";
        int count;

        Level(int fields, int unknown) {
            this.seen = new long[(fields >>> 6) + 1];
            this.unknown = unknown;
        }
    }

    /** Enters an object. */
    public void beginObject(Names names) {
        open('{', levels.isEmpty() ? "json" : "type", "Expected an object.");
        levels.add(new Level(names.paths.size(), skipper.mark()));
    }

    /** The number of the next field, its value to be read next; -1 at the object's end. Unknown fields are passed. */
    public int next(Names names) {
        Level level = levels.getLast();
        while (more(level, '}')) {
            int field = name(level, names);
            if (field >= 0) {
                if ((level.seen[field >>> 6] >>> field & 1) != 0) {
                    level.name = "";
                    throw fault("json", "An object has a field twice.");
                }
                level.seen[field >>> 6] |= 1L << field;
                level.name = names.paths.get(field);
                return field;
            }
            at = checked(skipper.skip(b, at));
        }
        skipper.release(level.unknown);
        return -1;
    }

    private int name(Level level, Names names) {
        quoted(level);
        int found = names.table.find(text.bytes(), 0, text.length());
        if (found < 0) {
            if (rejectUnknown) {
                throw fault("unknown", "The contract does not know a field of the record.");
            }
            isNew(level);
        }
        colon();
        return found < 0 ? -1 : names.numbers[found];
    }

    private void quoted(Level level) {
        level.name = "";
        if (b[at] != '"') {
            throw fault("json", "Expected a field's name.");
        }
        at = checked(text.read(b, at + 1));
        text.terminate();
    }

    private void isNew(Level level) {
        if (skipper.mark() - level.unknown >= limits.maxFields()) {
            throw fault("size", "An object has too many fields.");
        }
        if (!skipper.push(level.unknown, text.bytes(), 0, text.length())) {
            throw fault("json", "An object has a field twice.");
        }
    }

    private void colon() {
        at = Words.skipSpace(b, at);
        if (b[at] != ':') {
            throw fault("json", "Expected a colon behind a field's name.");
        }
        at = Words.skipSpace(b, at + 1);
    }

    /** Enters an object whose names are keys. */
    public void beginMap() {
        open('{', "type", "Expected an object.");
        levels.add(new Level(0, skipper.mark()));
    }

    /** Whether an entry's value is to be read next, its {@link #key} known; leaves the map where it ends. */
    public boolean hasEntry() {
        Level level = levels.getLast();
        if (!more(level, '}')) {
            skipper.release(level.unknown);
            levels.removeLast();
            return false;
        }
        quoted(level);
        isNew(level);
        key = new String(text.bytes(), 0, text.length(), UTF_8);
        colon();
        level.name = "value";
        return true;
    }

    /** The key of the entry at hand. */
    public String key() {
        return key;
    }

    /** Leaves an object, all of whose fields were read. */
    public void endObject() {
        levels.removeLast();
    }

    /** The value, if the object had it; a fault otherwise. Called before {@link #endObject}. */
    public <T> T required(@Nullable T value, String name) {
        if (value == null) {
            levels.getLast().name = name;
            throw fault("required", "The field is missing.");
        }
        return value;
    }

    /** Enters an array. */
    public void beginList() {
        open('[', "type", "Expected an array.");
        levels.add(new Level(0, 0));
    }

    /** Whether an item is to be read next; leaves the array where it ends. */
    public boolean hasItem() {
        Level level = levels.getLast();
        boolean more = more(level, ']');
        level.name = "[" + (level.count - 1) + "]";
        if (!more) {
            levels.removeLast();
        }
        return more;
    }

    private void open(char bracket, String rule, String reason) {
        if (!levels.isEmpty()) {
            needValue();
        }
        if (b[at] != bracket) {
            throw fault(rule, reason);
        }
        at++;
    }

    private boolean more(Level level, char close) {
        at = Words.skipSpace(b, at);
        if (b[at] == close) {
            at++;
            return false;
        }
        if (level.count++ > 0) {
            if (b[at] != ',') {
                level.name = "";
                throw fault("json", "Expected a comma or the end of an object or array.");
            }
            at = Words.skipSpace(b, at + 1);
        }
        return true;
    }

    /** Ends the record: nothing may stand behind it. */
    public void end() {
        if (Words.skipSpace(b, at) != end) {
            throw fault("json", "Something stands behind the record.");
        }
    }

    /** Whether the value is null, which is passed then. */
    public boolean isNull() {
        if (b[at] != 'n') {
            return false;
        }
        if (!Words.isNull(b, at)) {
            throw fault("json", "Expected a value.");
        }
        at += 4;
        return true;
    }

    private void needValue() {
        if (isNull()) {
            throw fault("required", "The value is null.");
        }
    }

    /** True or false. */
    public boolean bool() {
        needValue();
        boolean value = Words.isTrue(b, at);
        if (!value && !Words.isFalse(b, at)) {
            throw fault("type", "Expected true or false.");
        }
        at += value ? 4 : 5;
        return value;
    }

    /** A whole number of at most that many bits, its sign among them. */
    public long whole(int bits) {
        number("Expected a whole number.");
        BigInteger value;
        if (number.scale(0) && number.mantissa() >= 0) {
            value = BigInteger.valueOf(number.negative() ? -number.mantissa() : number.mantissa());
        } else if (number.isModest()) {
            BigDecimal plain = number.toBigDecimal().stripTrailingZeros();
            if (plain.scale() > 0) {
                throw fault("type", "Expected a whole number.");
            }
            value = plain.toBigInteger();
        } else {
            throw fault("type", "Expected a whole number.");
        }
        if (value.bitLength() >= bits) {
            throw fault("type", "The number is beyond the column's " + bits + " bits.");
        }
        return value.longValue();
    }

    /** A finite number of 64 bits. */
    public double float64() {
        number("Expected a number.");
        double value = number.toDouble();
        if (Double.isInfinite(value)) {
            throw fault("type", "The number is beyond the column's 64 bits.");
        }
        return value;
    }

    /** A finite number of 32 bits. */
    public float float32() {
        number("Expected a number.");
        float value = number.toFloat();
        if (Float.isInfinite(value)) {
            throw fault("type", "The number is beyond the column's 32 bits.");
        }
        return value;
    }

    /** A number with every digit, at that scale. */
    public BigDecimal decimal(int precision, int scale) {
        number("Expected a number.");
        if (number.isModest()) {
            BigDecimal value = number.toBigDecimal();
            if (RecordText.fits(value, precision, scale)) {
                return value.setScale(scale);
            }
        }
        throw fault("type", "Expected at most " + precision + " digits, " + scale + " of them behind the point.");
    }

    private void number(String expected) {
        needValue();
        if (b[at] != '-' && (b[at] < '0' || b[at] > '9')) {
            throw fault("type", expected);
        }
        at = checked(number.read(b, at));
    }

    /** A text. */
    public String text() {
        string("Expected a text.");
        return new String(text.bytes(), 0, text.length(), UTF_8);
    }

    /** A UUID. */
    public UUID uuid() {
        string("Expected a UUID.");
        if (!CheckedColumns.isUuid(text.bytes(), 0, text.length())) {
            throw fault("type", "Expected a UUID.");
        }
        return UUID.fromString(new String(text.bytes(), 0, text.length(), UTF_8));
    }

    /** Bytes in base64. */
    public byte[] binary() {
        string("Expected a text in base64.");
        var base64 = new Base64Text();
        int length = base64.decode(text.bytes(), text.length());
        if (length < 0) {
            throw fault("type", "Expected a text in base64.");
        }
        return Arrays.copyOf(base64.bytes(), length);
    }

    /** A date. */
    public LocalDate date() {
        string("Expected a date such as 2001-01-31.");
        if (iso.date(text.bytes(), 0) < 0) {
            throw fault("type", "Expected a date such as 2001-01-31.");
        }
        return LocalDate.ofEpochDay(iso.days());
    }

    /** A time of day, to the microsecond. */
    public LocalTime time() {
        string("Expected a time such as 12:34:56.");
        if (iso.time(text.bytes(), 0) < 0) {
            throw fault("type", "Expected a time such as 12:34:56.");
        }
        return LocalTime.ofNanoOfDay((iso.secondOfDay() * MICROS + micros()) * 1000);
    }

    /** An instant, to the microsecond. */
    public Instant timestamp() {
        return moment(true, "Expected a timestamp with an offset such as 2001-01-31T12:34:56Z.");
    }

    /** A date and time without offset, to the microsecond. */
    public LocalDateTime localTimestamp() {
        return LocalDateTime.ofInstant(
                moment(false, "Expected a timestamp without offset such as 2001-01-31T12:34:56."), ZoneOffset.UTC);
    }

    private Instant moment(boolean zoned, String expected) {
        string(expected);
        if (iso.timestamp(text.bytes(), 0) < 0 || iso.hasOffset() != zoned) {
            throw fault("type", expected);
        }
        Instant moment = Instant.ofEpochSecond(iso.epochSeconds(), micros() * 1000);
        if (!RecordText.isYear(moment)) {
            throw fault("type", "Expected a year from 0000 to 9999.");
        }
        return moment;
    }

    private long micros() {
        long micros = iso.fraction(MICROS);
        if (micros < 0) {
            throw fault("type", "The fraction of the second has more digits than the column.");
        }
        return micros;
    }

    private void string(String expected) {
        needValue();
        if (b[at] != '"') {
            throw fault("type", expected);
        }
        at = checked(text.read(b, at + 1));
        text.terminate();
    }

    private int checked(int position) {
        if (position < 0) {
            Violation violation = faults.violation();
            throw fault(violation.rule(), violation.reason());
        }
        return position;
    }

    /** The failure for a fault at the value read last. */
    public RuntimeException fault(String rule, String reason) {
        var violation = new Violation(rule, "", reason);
        for (Level level : levels.reversed()) {
            if (!level.name.isEmpty()) {
                violation = violation.within(level.name);
            }
        }
        return violation.exception();
    }
}
