package dev.millrace.contract.infer;

import dev.millrace.contract.infer.SampledShape.Kind;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The type that a draft gives to a field. There is none unless it takes every value seen: what has no such type is left
 * out of the draft, which a server then ignores in the records, so that none is refused.
 *
 * @param logicalType empty when the field is left out
 * @param physicalType empty for none
 * @param options the logical type's, without braces; empty for none
 * @param note why it is this, or why it is left out; may be empty
 */
record Guess(String logicalType, String physicalType, String options, String note) {
    private static final Pattern MONEY =
            Pattern.compile("(?i).*(price|amount|total|cost|balance|fee|tax|revenue|salary|payment)s?(_\\w+)?");
    private static final Pattern MOMENT = Pattern.compile(
            "(?i)(.*[_.-])?(ts|time|date)(_?m?s|_?millis)?|.*(timestamp|datetime|created|updated|modified|generated|"
                    + "expires|expiry|epoch).*|.*[a-z](At|Time|Date|Ts|On)(Ms|Millis)?|.*_at(_ms)?");
    private static final Pattern IDENTIFIER =
            Pattern.compile("(?i)id|key|uuid|guid|.*[_.-](id|key|no|number)|.*[a-z](?-i)(Id|ID|Key|No)");

    /** 2000-01-01 and 2100-01-01 in seconds. */
    private static final BigDecimal FROM = BigDecimal.valueOf(946_684_800L);

    private static final BigDecimal TO = BigDecimal.valueOf(4_102_444_800L);
    private static final BigDecimal LARGEST_DOUBLE = new BigDecimal(Double.MAX_VALUE);
    private static final BigDecimal UNSIGNED_END = BigDecimal.TWO.pow(64);
    /** A tenth of what 32 bits hold: room to grow. */
    private static final BigDecimal SMALL = BigDecimal.valueOf(Integer.MAX_VALUE / 10);

    static Guess of(String name, SampledShape shape) {
        if (!shape.beyond.isEmpty()) {
            return leftOut(shape.beyond);
        }
        boolean numbers = shape.count(Kind.INTEGERS) + shape.count(Kind.FRACTIONS) > 0;
        if (shape.kinds.isEmpty()) {
            return leftOut(shape.seen == 0 ? "was always empty" : "was always null");
        }
        if (shape.kinds.size()
                > (shape.kinds.containsKey(Kind.FRACTIONS) && shape.kinds.containsKey(Kind.INTEGERS) ? 2 : 1)) {
            return leftOut("held "
                    + shape.kinds.entrySet().stream()
                            .map(kind -> count(kind.getValue()) + " " + kind.getKey())
                            .collect(Collectors.joining(" and "))
                    + ", and no column takes both");
        }
        if (numbers) {
            return shape.count(Kind.FRACTIONS) == 0 ? integer(name, shape) : number(name, shape);
        }
        return switch (shape.kinds.keySet().iterator().next()) {
            case BOOLEANS -> plain("boolean");
            case OBJECTS -> plain("object");
            case ARRAYS -> array(name, shape);
            case TEXTS, INTEGERS, FRACTIONS ->
                shape.formats.stream().findFirst().map(format -> format.guess).orElse(plain("string"));
        };
    }

    private static Guess array(String name, SampledShape shape) {
        SampledShape items = shape.items;
        Guess item = items == null ? leftOut("was always empty") : of(name, items);
        return item.isLeftOut() ? leftOut("an array that " + item.note()) : plain("array");
    }

    private static Guess integer(String name, SampledShape shape) {
        if (MOMENT.matcher(name).matches()) {
            if (within(shape, FROM.movePointRight(3), TO.movePointRight(3))) {
                return new Guess("timestamp", "epoch_millis", "", "milliseconds since 1970 by name and range");
            }
            if (within(shape, FROM, TO)) {
                return new Guess("timestamp", "epoch_seconds", "", "seconds since 1970 by name and range");
            }
        }
        if (within(shape, SMALL.negate(), SMALL) && !IDENTIFIER.matcher(name).matches()) {
            return new Guess("integer", "", "format: i32", "");
        }
        if (within(shape, BigDecimal.valueOf(Long.MIN_VALUE), BigDecimal.valueOf(Long.MAX_VALUE))) {
            return new Guess("integer", "", "format: i64", "");
        }
        if (shape.min.signum() >= 0 && shape.max.compareTo(UNSIGNED_END) < 0) {
            return new Guess("integer", "", "format: u64", "");
        }
        return shape.wholeDigits <= 38 ? decimal(38, 0, "beyond 64 bits") : number(name, shape);
    }

    private static Guess number(String name, SampledShape shape) {
        if (MONEY.matcher(name).matches() && shape.scale <= 4 && shape.wholeDigits <= 14) {
            return decimal(18, Math.max(2, shape.scale), "money by its name");
        }
        int whole = Math.max(0, shape.wholeDigits);
        if (shape.digits > 17 && whole + shape.scale <= 38) {
            return decimal(38, shape.scale, "a double would not keep " + shape.digits + " digits");
        }
        if (!within(shape, LARGEST_DOUBLE.negate(), LARGEST_DOUBLE)) {
            return leftOut("has numbers that no column takes");
        }
        return new Guess(
                "number", "", "", shape.digits > 15 ? "a double may not keep the last digit of " + shape.digits : "");
    }

    private static boolean within(SampledShape shape, BigDecimal low, BigDecimal high) {
        return shape.min.compareTo(low) >= 0 && shape.max.compareTo(high) <= 0;
    }

    private static Guess decimal(int precision, int scale, String note) {
        return new Guess("number", "decimal(" + precision + "," + scale + ")", "", note);
    }

    private static Guess plain(String logicalType) {
        return new Guess(logicalType, "", "", "");
    }

    static Guess leftOut(String reason) {
        return new Guess("", "", "", reason);
    }

    boolean isLeftOut() {
        return logicalType.isEmpty();
    }

    /** How good a key the field would be: 1 best, 0 none. Only a text or an integer that is different in each record. */
    int keyRank(String name, SampledShape shape, boolean isFirst) {
        if (!shape.isUnique() || !logicalType.equals("string") && !logicalType.equals("integer")) {
            return 0;
        }
        if (name.matches("(?i)_?(id|key|uuid|guid)")) {
            return 1;
        }
        if (IDENTIFIER.matcher(name).matches() || options.equals("format: uuid")) {
            return 2;
        }
        return isFirst && shape.longest <= 64 ? 3 : 0;
    }

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
