package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads one JSON record value by value, for generated readers of Java records: it holds the text to be the same strict
 * JSON, within the same limits, as {@link JsonDecoder} does, with the same parsers. One thread, one record. Every fault
 * is a {@link dev.millrace.problem.Problem.BrokenRecord} with its path; what may be null is asked by {@link #isNull}
 * first, elsewhere null is a fault.
 */
public final class RecordReader {
    private static final int PADDING = 32;

    private final RecordFaults faults = new RecordFaults();
    private final JsonScalars json;
    private final JsonNames names;
    private final JsonSkipper skipper;
    private final List<Level> levels = new ArrayList<>();
    private final boolean rejectUnknown;
    private final byte[] b;
    private final int end;
    private int at;
    private String key = "";

    /** A reader at the beginning of the record. */
    public RecordReader(byte[] record, boolean rejectUnknown, JsonLimits limits) {
        this.rejectUnknown = rejectUnknown;
        this.json = new JsonScalars(faults, limits);
        this.names = new JsonNames(faults, json.text, limits);
        this.skipper = new JsonSkipper(faults, json, names, limits);
        this.end = record.length;
        if (end > limits.maxBytes()) {
            throw fault("size", "The record is larger than " + limits.maxBytes() + " bytes.");
        }
        this.b = Arrays.copyOf(record, end + PADDING);
        this.at = Words.skipSpace(b, 0);
    }

    /** The names of one object's fields: of each field its own, then those that it may have as well. */
    public static final class Names {
        private final List<String> paths;
        private final NameTable table;

        @SafeVarargs
        public Names(List<String>... fields) {
            this.paths = Stream.of(fields).map(List::getFirst).toList();
            this.table = NameTable.of(List.of(fields));
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
    public void beginObject(Names fields) {
        open('{', levels.isEmpty() ? "json" : "type", "Expected an object.");
        levels.add(new Level(fields.paths.size(), names.mark()));
    }

    /** The number of the next field, its value to be read next; -1 at the object's end. Unknown fields are passed. */
    public int next(Names fields) {
        Level level = levels.getLast();
        while (more(level, '}')) {
            int field = name(level, fields);
            if (field >= 0) {
                if ((level.seen[field >>> 6] >>> field & 1) != 0) {
                    level.name = "";
                    throw fault("json", "An object has a field twice.");
                }
                level.seen[field >>> 6] |= 1L << field;
                level.name = fields.paths.get(field);
                return field;
            }
            at = check(skipper.skip(b, at));
        }
        names.release(level.unknown);
        return -1;
    }

    private int name(Level level, Names fields) {
        readName(level);
        int found = fields.table.find(names.bytes(), names.from(), names.length());
        if (found < 0) {
            if (rejectUnknown) {
                throw fault("unknown", "The contract does not know a field of the record.");
            }
            check(names.isNew(level.unknown));
        }
        at = check(names.colon(b, at));
        return found;
    }

    private void readName(Level level) {
        level.name = "";
        at = check(names.read(b, at));
    }

    /** Enters an object whose names are keys. */
    public void beginMap() {
        open('{', "type", "Expected an object.");
        levels.add(new Level(0, names.mark()));
    }

    /** Whether an entry's value is to be read next, its {@link #key} known; leaves the map where it ends. */
    public boolean hasEntry() {
        Level level = levels.getLast();
        if (!more(level, '}')) {
            names.release(level.unknown);
            levels.removeLast();
            return false;
        }
        readName(level);
        check(names.isNew(level.unknown));
        key = new String(names.bytes(), names.from(), names.length(), UTF_8);
        at = check(names.colon(b, at));
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
        boolean value = b[at] == 't';
        at = check(json.bool(b, at));
        return value;
    }

    /** A whole number of at most that many bits, its sign among them. */
    public long whole(int bits) {
        needValue();
        at = check(json.whole(b, at, false, bits));
        long value = json.number.value();
        check(value << 64 - bits >> 64 - bits == value || faults.beyond(bits));
        return value;
    }

    /** A finite number of 64 bits. */
    public double float64() {
        number();
        double value = json.number.toDouble();
        check(!Double.isInfinite(value) || faults.beyond(64));
        return value;
    }

    /** A finite number of 32 bits. */
    public float float32() {
        number();
        float value = json.number.toFloat();
        check(!Float.isInfinite(value) || faults.beyond(32));
        return value;
    }

    /** A number with every digit, at that scale. */
    public BigDecimal decimal(int precision, int scale) {
        number();
        if (json.number.isModest()) {
            BigDecimal value = json.number.toBigDecimal();
            if (RecordText.fits(value, precision, scale)) {
                return value.setScale(scale);
            }
        }
        throw fault("type", "Expected at most " + precision + " digits, " + scale + " of them behind the point.");
    }

    private void number() {
        needValue();
        at = check(json.number(b, at, "Expected a number."));
    }

    /** A text. */
    public String text() {
        return text("Expected a text.");
    }

    private String text(String expected) {
        needValue();
        at = check(json.text(b, at, expected));
        return new String(json.text.bytes(), 0, json.text.length(), UTF_8);
    }

    /** A UUID. */
    public UUID uuid() {
        String value = text("Expected a UUID.");
        check(CheckedColumns.isUuid(json.text.bytes(), 0, json.text.length())
                || faults.refuse("type", "Expected a UUID."));
        return UUID.fromString(value);
    }

    /** Bytes in base64. */
    public byte[] binary() {
        needValue();
        at = check(json.binary(b, at));
        return Arrays.copyOf(json.base64.bytes(), json.base64.length());
    }

    /** A date. */
    public LocalDate date() {
        return LocalDate.ofEpochDay(moment(FieldPlan.Kind.DATE, false).days());
    }

    /** A time of day, to the microsecond. */
    public LocalTime time() {
        IsoText read = moment(FieldPlan.Kind.TIME, false);
        return LocalTime.ofNanoOfDay(read.secondOfDay() * 1_000_000_000 + nanos(read));
    }

    /** An instant, to the microsecond. */
    public Instant timestamp() {
        return instant(true);
    }

    /** A date and time without offset, to the microsecond. */
    public LocalDateTime localTimestamp() {
        return LocalDateTime.ofInstant(instant(false), ZoneOffset.UTC);
    }

    private Instant instant(boolean zoned) {
        IsoText read = moment(FieldPlan.Kind.TIMESTAMP, zoned);
        Instant moment = Instant.ofEpochSecond(read.epochSeconds(), nanos(read));
        check(RecordText.isYear(moment) || faults.refuse("type", "Expected a year from 0000 to 9999."));
        return moment;
    }

    private IsoText moment(FieldPlan.Kind kind, boolean zoned) {
        needValue();
        at = check(json.moment(kind, zoned ? JsonScalars.Moments.UTC : JsonScalars.Moments.LOCAL, b, at));
        return json.iso;
    }

    /** The fraction of the second, which must be whole microseconds. */
    private long nanos(IsoText read) {
        check(read.nanos() % 1000 == 0
                || faults.refuse("type", "The fraction of the second has more digits than the column."));
        return read.nanos();
    }

    private int check(int position) {
        check(position >= 0);
        return position;
    }

    private void check(boolean good) {
        if (!good) {
            Violation violation = faults.violation();
            throw fault(violation.rule(), violation.reason());
        }
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
