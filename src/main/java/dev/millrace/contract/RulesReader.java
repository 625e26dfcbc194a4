package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.FieldType.Encoding;
import dev.millrace.contract.FieldType.Unit;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Rule;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Reads {@code logicalTypeOptions} and {@code enum} of one property into {@link Rules}. */
final class RulesReader {
    private static final String BOUNDS = "format minimum maximum exclusiveMinimum exclusiveMaximum";

    /** The options of each logical type that has any. */
    private static final Map<LogicalType, Set<String>> KNOWN = new EnumMap<>(Map.of(
            LogicalType.STRING, words("minLength maxLength pattern format enum"),
            LogicalType.DATE, words(BOUNDS),
            LogicalType.TIMESTAMP, words(BOUNDS + " timezone defaultTimezone"),
            LogicalType.TIME, words(BOUNDS),
            LogicalType.INTEGER, words(BOUNDS + " multipleOf enum precision scale"),
            LogicalType.NUMBER, words(BOUNDS + " multipleOf enum precision scale"),
            LogicalType.VECTOR,
                    words("dimensions elementType distanceMetric normalized embeddingModel embeddingModelVersion"),
            LogicalType.ARRAY, words("minItems maxItems uniqueItems")));

    /** What compiles in Python, PCRE or JavaScript, and not in Java. */
    private static final Pattern FOREIGN = Pattern.compile("\\(\\?P[<=>]|\\(\\?[#|&R]|\\[\\^?]|\\\\[yYmMKg]");

    private static final int MOST_LOOKS = 10_000; // a file can have very many enums
    /** What a text's format may be; others are not checked. */
    private static final Set<String> FORMATS =
            new TreeSet<>(Set.of("binary", "byte", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"));

    private static final String DEFAULT = "millrace.default";
    private static final int LONGEST_MOMENT = 50;
    private static final int LONGEST_PATTERN = 1000; // the compiler of patterns recurses

    private final Cursor property;
    private final FieldType type;
    private final Set<String> known;
    private final Optional<Cursor> options;

    private static Set<String> words(String line) {
        return Set.of(line.split(" ", -1));
    }

    private RulesReader(Cursor property, LogicalType logical, FieldType type) {
        this.property = property;
        this.known = KNOWN.getOrDefault(logical, Set.of());
        this.type = type;
        this.options = property.field("logicalTypeOptions").filter(given -> {
            if (!given.isMapping()) {
                given.as(Rule.SHAPE).error("Expected a mapping, found " + given.shape() + ".");
            }
            return given.isMapping();
        });
    }

    static Rules read(Cursor property, LogicalType logical, FieldType type) {
        return new RulesReader(property, logical, type).read(logical);
    }

    private Rules read(LogicalType logical) {
        options.ifPresent(given -> warnOfOthers(given, logical));
        Rules rules = new Rules(
                count("minLength", 0),
                count("maxLength", Integer.MAX_VALUE),
                option("pattern").flatMap(RulesReader::pattern),
                options.map(given -> given.text("format")).orElse(""),
                bound("minimum").or(this::leastOfFormat),
                bound("maximum"),
                exclusive("exclusiveMinimum", "minimum"),
                exclusive("exclusiveMaximum", "maximum"),
                multipleOf(),
                count("minItems", size().orElse(0)),
                count("maxItems", size().orElse(Integer.MAX_VALUE)),
                option("uniqueItems").flatMap(Cursor::flag).orElse(false),
                values(),
                fallback());
        contradictions(rules);
        warnOfBroken(rules);
        format(logical, rules.format());
        return rules;
    }

    private void warnOfOthers(Cursor given, LogicalType logical) {
        given.fields().forEach((name, option) -> {
            if (!known.contains(name)) {
                option.as(Rule.NOT_APPLIED)
                        .warning(
                                "The option '" + name + "' is not applied to the logical type " + logical.text() + ".");
            }
        });
    }

    /** How many numbers a vector has. */
    private Optional<Integer> size() {
        return type instanceof FieldType.VectorOf vector ? Optional.of(vector.size()) : Optional.empty();
    }

    /** What the column's type, being wider than the format, does not say. */
    private Optional<BigDecimal> leastOfFormat() {
        boolean unsigned = type instanceof FieldType.Decimal
                && option("format").flatMap(Cursor::text).orElse("").equals("u128");
        return unsigned ? Optional.of(BigDecimal.ZERO) : Optional.empty();
    }

    private int count(String name, int none) {
        return option(name).map(given -> given.count().orElse(none)).orElse(none);
    }

    /** What stands under that name, where the logical type has such an option. */
    private Optional<Cursor> option(String name) {
        return options.filter(given -> known.contains(name)).flatMap(given -> given.field(name));
    }

    /** The pattern that stands there; empty with an error when it cannot be used. */
    static Optional<String> pattern(Cursor given) {
        return given.text().filter(pattern -> {
            if (pattern.length() > LONGEST_PATTERN) {
                given.as(Rule.NOT_APPLIED).error("The pattern is longer than " + LONGEST_PATTERN + " characters.");
                return false;
            }
            try {
                Pattern.compile(pattern);
                return true;
            } catch (PatternSyntaxException e) {
                given.as(FOREIGN.matcher(pattern).find() ? Rule.FOREIGN_PATTERN : Rule.INVALID_PATTERN)
                        .error("The pattern does not compile: " + e.getDescription() + " near index " + e.getIndex()
                                + ".");
                return false;
            }
        });
    }

    private Optional<BigDecimal> multipleOf() {
        return option("multipleOf")
                .flatMap(given -> given.number().filter(number -> {
                    if (number.signum() <= 0) {
                        given.as(Rule.INVALID_BOUND).error("Expected a number above 0, found " + number + ".");
                    }
                    return number.signum() > 0;
                }));
    }

    private Optional<BigDecimal> bound(String name) {
        return option(name).flatMap(this::inUnits);
    }

    /** The bound of that name; in ODCS 3.0 it is true where the other bound is meant without itself. */
    private Optional<BigDecimal> exclusive(String name, String inclusive) {
        Optional<Cursor> given = option(name);
        boolean flag = given.filter(
                        value -> value.node() instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.BOOLEAN)
                .isPresent();
        return flag ? given.flatMap(Cursor::flag).filter(on -> on).flatMap(on -> bound(inclusive)) : bound(name);
    }

    /** A number, or a date or time as a number of the column's unit. */
    private Optional<BigDecimal> inUnits(Cursor given) {
        return switch (type) {
            case FieldType.Int _, FieldType.Floating _, FieldType.Decimal _ -> given.number();
            case FieldType.Timestamp timestamp
            when timestamp.encoding() != Encoding.ISO && isNumber(given) ->
                given.number()
                        .map(number -> number.movePointLeft(timestamp.encoding().digits())
                                .multiply(BigDecimal.valueOf(timestamp.unit().perSecond())));
            case FieldType.Date date when date.encoding() != Encoding.ISO && isNumber(given) -> given.number();
            case FieldType.Timestamp timestamp -> moment(given, timestamp);
            case FieldType.Date _ ->
                temporal(
                        given,
                        "2001-12-31",
                        text -> BigDecimal.valueOf(LocalDate.parse(text).toEpochDay()));
            case FieldType.Time time ->
                temporal(
                        given,
                        "12:34:56",
                        text -> units(0, LocalTime.parse(text).toNanoOfDay(), time.unit()));
            default -> Optional.empty();
        };
    }

    private static boolean isNumber(Cursor given) {
        return given.node() instanceof Node.Scalar scalar && scalar.text().matches("[-+]?[0-9.eExX]+");
    }

    private static Optional<BigDecimal> moment(Cursor given, FieldType.Timestamp type) {
        String example = type.zoned() ? "2001-12-31T00:00:00Z" : "2001-12-31T00:00:00";
        return temporal(given, example, text -> {
            if (text.length() > LONGEST_MOMENT) {
                throw new DateTimeException("longer than any moment");
            }
            String iso = text.replace(' ', 'T');
            if (!iso.contains("T")) {
                return units(LocalDate.parse(iso).atStartOfDay(type.zone()).toEpochSecond(), 0, type.unit());
            }
            boolean offset = iso.matches(".*T.*(Z|z|[+-]\\d\\d.*)");
            if (offset && !type.zoned()) {
                throw new DateTimeException("an offset in a bound of a local timestamp");
            }
            OffsetDateTime moment = offset
                    ? OffsetDateTime.parse(iso)
                    : LocalDateTime.parse(iso).atZone(type.zone()).toOffsetDateTime();
            return units(moment.toEpochSecond(), moment.getNano(), type.unit());
        });
    }

    private static BigDecimal units(long seconds, long nanos, Unit unit) {
        return BigDecimal.valueOf(seconds)
                .add(BigDecimal.valueOf(nanos, 9))
                .multiply(BigDecimal.valueOf(unit.perSecond()))
                .stripTrailingZeros();
    }

    private static Optional<BigDecimal> temporal(Cursor given, String example, Function<String, BigDecimal> bound) {
        return Elements.parsed(given.as(Rule.INVALID_BOUND), "a bound such as '" + example + "'", bound);
    }

    private List<String> values() {
        Set<String> values = new LinkedHashSet<>();
        for (Cursor item : enumItems()) {
            Optional<Cursor> value = enumValue(item);
            if (value.isEmpty()) {
                item.as(Rule.SHAPE).error("An enum entry needs a value.");
            }
            value.flatMap(this::allowed).ifPresent(text -> {
                if (!values.add(text)) {
                    item.as(Rule.ENUM_VALUE).error("The value '" + text + "' stands here a second time.");
                }
            });
        }
        return List.copyOf(values);
    }

    private static Optional<Cursor> enumValue(Cursor item) {
        return item.isMapping() ? item.field("value") : Optional.of(item);
    }

    /** An enum's value; whatever is wrong with it is that the enum has it. */
    private Optional<String> allowed(Cursor given) {
        Faults own = new Faults();
        Optional<String> text = value(new Cursor(given.node(), given.path(), own, Rule.ENUM_VALUE));
        own.all().forEach(fault -> {
            if (fault.severity() == Fault.Severity.ERROR) {
                given.as(Rule.ENUM_VALUE).error(fault.message());
            } else {
                given.as(Rule.NOT_APPLIED).warning(fault.message());
            }
        });
        return text;
    }

    private List<Cursor> enumItems() {
        return property.field("enum")
                .or(() -> options.flatMap(given -> given.field("enum")))
                .map(Cursor::items)
                .orElse(List.of());
    }

    /** Warns of an enum's value that another rule of the property refuses. */
    private void warnOfBroken(Rules rules) {
        Optional<Pattern> pattern = rules.pattern().map(Pattern::compile);
        for (Cursor item : enumItems()) {
            enumValue(item)
                    .flatMap(value -> value(value.quietly()))
                    .flatMap(text -> broken(text, rules, pattern))
                    .ifPresent(rule -> item.as(Rule.ENUM_VALUE)
                            .warning("The value breaks the property's own " + rule + ": no record can have it."));
        }
    }

    private Optional<String> broken(String value, Rules rules, Optional<Pattern> pattern) {
        if (type instanceof FieldType.Text) {
            int length = value.codePointCount(0, value.length());
            return length < rules.minLength()
                    ? Optional.of("minLength")
                    : length > rules.maxLength()
                            ? Optional.of("maxLength")
                            : pattern.filter(form ->
                                            PatternSearch.find(form, value, MOST_LOOKS) == PatternSearch.Outcome.ABSENT)
                                    .map(form -> "pattern");
        }
        if (type instanceof FieldType.Uuid || type instanceof FieldType.Bool || type instanceof FieldType.Binary) {
            return Optional.empty();
        }
        BigDecimal number = new BigDecimal(value);
        if (isBelow(number, rules.minimum(), 0) || isBelow(number, rules.exclusiveMinimum(), 1)) {
            return Optional.of("minimum");
        }
        if (isBelow(number.negate(), rules.maximum().map(BigDecimal::negate), 0)
                || isBelow(number.negate(), rules.exclusiveMaximum().map(BigDecimal::negate), 1)) {
            return Optional.of("maximum");
        }
        return rules.multipleOf()
                .filter(step -> number.remainder(step).signum() != 0)
                .map(step -> "multipleOf");
    }

    /** Whether the number compares to the bound, if there is one, as less than {@code least}. */
    private static boolean isBelow(BigDecimal number, Optional<BigDecimal> bound, int least) {
        return bound.filter(given -> number.compareTo(given) < least).isPresent();
    }

    private Optional<String> value(Cursor value) {
        return switch (type) {
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _ -> value.text();
            case FieldType.Bool flag -> value.flag().map(String::valueOf);
            case FieldType.Binary _ -> base64(value);
            case FieldType.Int _, FieldType.Timestamp _, FieldType.Time _ ->
                inUnits(value).filter(units -> isWhole(value, units)).map(RulesReader::plain);
            case FieldType.Decimal _, FieldType.Floating _, FieldType.Date _ ->
                inUnits(value).map(RulesReader::plain);
            case FieldType.Struct _, FieldType.ListOf _, FieldType.MapOf _, FieldType.VectorOf _ -> unchecked(value);
        };
    }

    private static String plain(BigDecimal number) {
        return number.stripTrailingZeros().toPlainString();
    }

    private static boolean isWhole(Cursor value, BigDecimal units) {
        boolean whole = units.stripTrailingZeros().scale() <= 0;
        if (!whole) {
            value.error("The value " + value.shape() + " has more digits than the column.");
        }
        return whole;
    }

    private static Optional<String> base64(Cursor value) {
        return Elements.parsed(
                value,
                "bytes in base64",
                text -> Base64.getEncoder().encodeToString(Base64.getDecoder().decode(text)));
    }

    private static Optional<String> unchecked(Cursor value) {
        value.as(Rule.NOT_APPLIED).warning("An object or array has no enum and no default; this value means nothing.");
        return Optional.empty();
    }

    private Optional<String> fallback() {
        Node given = Elements.custom(property).get(DEFAULT);
        return Optional.ofNullable(given)
                .flatMap(node -> value(
                        new Cursor(node, property.path() + "." + DEFAULT, property.faults(), Rule.INVALID_BOUND)));
    }

    private void format(LogicalType logical, String format) {
        if (logical == LogicalType.STRING && !format.isEmpty() && !FORMATS.contains(format)) {
            option("format")
                    .ifPresent(given -> given.as(Rule.NOT_APPLIED)
                            .warning("The format '" + format + "' of a string is not checked. Checked are "
                                    + String.join(", ", FORMATS) + "."));
        }
    }

    private void contradictions(Rules rules) {
        if (rules.minLength() > rules.maxLength()) {
            contradiction("minLength " + rules.minLength() + " is more than maxLength " + rules.maxLength() + ".");
        }
        if (rules.minItems() > rules.maxItems()) {
            contradiction("minItems " + rules.minItems() + " is more than maxItems " + rules.maxItems() + ".");
        }
        compare(rules.minimum(), rules.maximum(), 0, "minimum is more than maximum");
        compare(rules.exclusiveMinimum(), rules.maximum(), -1, "exclusiveMinimum is not less than maximum");
        compare(rules.minimum(), rules.exclusiveMaximum(), -1, "minimum is not less than exclusiveMaximum");
        compare(
                rules.exclusiveMinimum(),
                rules.exclusiveMaximum(),
                -1,
                "exclusiveMinimum is not less than exclusiveMaximum");
    }

    private void compare(Optional<BigDecimal> low, Optional<BigDecimal> high, int most, String message) {
        if (low.isPresent() && high.isPresent() && low.get().compareTo(high.get()) > most) {
            contradiction(message + ": no value can satisfy both.");
        }
    }

    private void contradiction(String message) {
        property.as(Rule.CONTRADICTING_BOUNDS).error(message);
    }
}
