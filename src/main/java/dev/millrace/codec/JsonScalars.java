package dev.millrace.codec;

import java.time.ZoneOffset;
import java.time.zone.ZoneRules;

/**
 * Reads the single values of JSON records: the one place for their forms and for what is said of others. Every method
 * returns the index behind the value, or a fault; what was read then stands in the part that read it, until the next
 * read. One thread.
 */
final class JsonScalars {
    final JsonText text;
    final JsonNumber number;
    final IsoText iso = new IsoText();
    final Base64Text base64 = new Base64Text();
    private final RecordFaults faults;

    JsonScalars(RecordFaults faults, JsonLimits limits) {
        this.faults = faults;
        this.text = new JsonText(faults, limits.maxStringBytes());
        this.number = new JsonNumber(faults);
    }

    /** True, where a {@code t} stands, or false. */
    int bool(byte[] b, int at) {
        return Words.isTrue(b, at)
                ? at + 4
                : Words.isFalse(b, at) ? at + 5 : faults.at("type", "Expected true or false.");
    }

    /** A number. */
    int number(byte[] b, int from, String expected) {
        byte first = b[from];
        return first == '-' || first >= '0' && first <= '9' ? number.read(b, from) : faults.at("type", expected);
    }

    /** A number that must be a whole one, as {@link JsonNumber#isWhole} has it. */
    int whole(byte[] b, int from, boolean unsigned, int columnBits) {
        int at = number(b, from, "Expected a whole number.");
        return at >= 0 && number.isWhole(unsigned, columnBits) ? at : RecordFaults.FAULT;
    }

    /** A text, ended by a quote and zeros. */
    int text(byte[] b, int from, String expected) {
        if (b[from] != '"') {
            return faults.at("type", expected);
        }
        int at = text.read(b, from + 1);
        text.terminate();
        return at;
    }

    /** Bytes in base64. */
    int binary(byte[] b, int from) {
        String expected = "Expected a text in base64.";
        int at = text(b, from, expected);
        return at >= 0 && !base64.decode(text.bytes(), text.length()) ? faults.at("type", expected) : at;
    }

    /**
     * How texts of timestamps are read.
     *
     * @param zoned whether they are instants; else they name no zone
     * @param zone of those that name none
     * @param days whether a date alone is its midnight
     */
    record Moments(boolean zoned, ZoneRules zone, boolean days) {
        static final Moments UTC = new Moments(true, ZoneOffset.UTC.getRules(), false);
        static final Moments LOCAL = new Moments(false, ZoneOffset.UTC.getRules(), false);
    }

    /** Whether a format of timestamps is one of dates. */
    static boolean ofDays(String format) {
        return format.equals("date") || format.equals("yyyy-MM-dd");
    }

    /** A date, time or timestamp. */
    int moment(FieldPlan.Kind kind, Moments form, byte[] b, int from) {
        int at = b[from] == '"' ? read(kind, form, b, from + 1) : IsoText.NO;
        if (at < 0) {
            // An escape may hide it.
            at = text(b, from, expected(kind, form.zoned()));
            if (at >= 0 && read(kind, form, text.bytes(), 0) < 0) {
                return faults.at("type", expected(kind, form.zoned()));
            }
        }
        if (at < 0 || kind != FieldPlan.Kind.TIMESTAMP || iso.hasOffset() == form.zoned()) {
            return at;
        }
        if (iso.hasOffset()) {
            return faults.at("type", expected(kind, false));
        }
        iso.within(form.zone());
        return at;
    }

    private int read(FieldPlan.Kind kind, Moments form, byte[] b, int from) {
        int at = iso.read(kind, b, from);
        return at < 0 && form.days() && kind == FieldPlan.Kind.TIMESTAMP ? iso.midnight(b, from) : at;
    }

    private static String expected(FieldPlan.Kind kind, boolean zoned) {
        return switch (kind) {
            case DATE -> "Expected a date such as 2001-01-31.";
            case TIME -> "Expected a time such as 12:34:56.";
            default ->
                zoned
                        ? "Expected a timestamp such as 2001-01-31T12:34:56Z."
                        : "Expected a timestamp without offset such as 2001-01-31T12:34:56.";
        };
    }
}
