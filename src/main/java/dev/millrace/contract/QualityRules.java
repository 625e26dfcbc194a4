package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Operator;
import dev.millrace.contract.QualityRule.Threshold;
import dev.millrace.problem.Nearest;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Reads the quality rules of a schema object, ODCS 3.0 to 3.2. What is wrong is an error at its place, and the rule is
 * still there as {@link Check.NotOnTheStream}: a product with a broken quality rule can be served. No state.
 */
public final class QualityRules {
    private static final String NULL = "nullValues";
    private static final String MISSING = "missingValues";
    private static final String INVALID = "invalidValues";
    private static final String DUPLICATE = "duplicateValues";
    private static final String ROWS = "rowCount";

    /** The metrics of ODCS 3.1, and the names that 3.0 has for them under {@code rule}. */
    private static final Map<String, String> METRICS = Map.ofEntries(
            Map.entry(NULL, NULL),
            Map.entry("nullCheck", NULL),
            Map.entry("nullCount", NULL),
            Map.entry(MISSING, MISSING),
            Map.entry("missingCount", MISSING),
            Map.entry(INVALID, INVALID),
            Map.entry("invalidCount", INVALID),
            Map.entry("validValues", INVALID),
            Map.entry(DUPLICATE, DUPLICATE),
            Map.entry("duplicateCount", DUPLICATE),
            Map.entry(ROWS, ROWS));

    private static final Set<String> ARGUMENTS = Set.of(MISSING, "validValues", "pattern", "properties");
    private static final Map<String, Long> UNIT_MILLIS = Map.ofEntries(
            Map.entry("ms", 1L),
            Map.entry("s", 1_000L),
            Map.entry("second", 1_000L),
            Map.entry("min", 60_000L),
            Map.entry("minute", 60_000L),
            Map.entry("h", 3_600_000L),
            Map.entry("hour", 3_600_000L),
            Map.entry("d", 86_400_000L),
            Map.entry("day", 86_400_000L),
            Map.entry("w", 604_800_000L),
            Map.entry("week", 604_800_000L),
            Map.entry("y", 31_557_600_000L),
            Map.entry("yr", 31_557_600_000L),
            Map.entry("year", 31_557_600_000L));
    private static final Pattern AMOUNT = Pattern.compile("(\\d{1,9}) *([a-z]*)");
    private static final long DEFAULT_MINIMUM_ROWS = 1_000;
    private static final int LONGEST_PATTERN = 1_000; // the compiler of patterns recurses

    private final SchemaObject object;
    private final Map<String, QualityRule> rules = new LinkedHashMap<>();

    private QualityRules(SchemaObject object) {
        this.object = object;
    }

    /** The rules of one of a contract's schema objects: its own, those of its properties, then the service levels. */
    public static List<QualityRule> read(Contract contract, SchemaObject object, Faults faults) {
        var reader = new QualityRules(object);
        Cursor root = Cursor.at(contract.root(), faults);
        int index = contract.objects().indexOf(object);
        root.field("schema")
                .map(Cursor::items)
                .filter(objects -> index < objects.size())
                .ifPresent(objects -> {
                    Cursor cursor = objects.get(index);
                    reader.entries(cursor, "");
                    reader.properties(cursor, "");
                });
        String element = root.text("slaDefaultElement");
        root.field("slaProperties")
                .filter(Cursor::isSequence)
                .ifPresent(levels -> levels.items().stream()
                        .filter(Cursor::isMapping)
                        .forEach(level -> reader.level(level, element)));
        return List.copyOf(reader.rules.values());
    }

    private void properties(Cursor owner, String prefix) {
        owner.field("properties").filter(Cursor::isSequence).ifPresent(list -> {
            for (Cursor property : list.items()) {
                if (property.isMapping()) {
                    String path = prefix + property.text("name");
                    entries(property, path);
                    properties(property, path + ".");
                    property.field("items")
                            .filter(Cursor::isMapping)
                            .ifPresent(items -> entries(items, path + ".item"));
                }
            }
        });
    }

    private void entries(Cursor owner, String column) {
        owner.field("quality").filter(Cursor::isSequence).ifPresent(list -> {
            for (Cursor entry : list.items()) {
                if (entry.isMapping()) {
                    entry(entry, column);
                } else {
                    entry.error("Expected a quality rule with its type, found " + entry.shape() + ".");
                }
            }
        });
    }

    private void entry(Cursor entry, String column) {
        Map<String, Node> custom = Elements.custom(entry);
        int errors = entry.faults().errors();
        String severity = entry.text("severity");
        String unit = entry.text("unit");
        boolean percent = unit.equals("percent") || unit.equals("%");
        List<Threshold> thresholds = thresholds(entry);
        String type = entry.text("type");
        String metric = metric(entry);
        Check check = switch (type) {
            case "", "library" -> library(entry, metric, column);
            case "sql" -> new Check.NotOnTheStream("SQL is not evaluated on the stream.");
            case "text" -> new Check.NotOnTheStream("A text is for people.");
            case "custom" -> custom(entry);
            default -> {
                entry.error("'" + type + "' is no type of a quality rule. Expected library, sql, text or custom.");
                yield new Check.NotOnTheStream("The type '" + type + "' is not known.");
            }
        };
        boolean library = type.isEmpty() || type.equals("library");
        if (library) {
            if (!unit.isEmpty() && !percent && !unit.equals("rows")) {
                entry.field("unit").ifPresent(given -> given.error("Expected rows or percent, found '" + unit + "'."));
            }
            if (percent && check instanceof Check.RowCount) {
                entry.error("rowCount has no percent: it is the whole.");
            }
            if (thresholds.isEmpty() && entry.text("rule").equals("nullCheck")) {
                thresholds = List.of(new Threshold(Operator.MUST_BE, BigDecimal.ZERO, BigDecimal.ZERO));
            } else if (thresholds.isEmpty()) {
                entry.error("The rule has no operator. Expected one of " + operators() + ".");
            }
            if (entry.faults().errors() > errors && !(check instanceof Check.NotOnTheStream)) {
                check = new Check.NotOnTheStream("The rule cannot be read; see './millrace check'.");
            }
        }
        String name = entry.text("name");
        add(new QualityRule(
                entry.place(),
                !name.isEmpty() ? name : (column.isEmpty() ? "" : column + ".") + (library ? metric : type),
                entry.text("description"),
                entry.text("dimension"),
                severity,
                check,
                thresholds,
                percent,
                stops(
                        entry,
                        custom,
                        percent && severity.toLowerCase(Locale.ROOT).equals("error")),
                minimumRows(entry, custom)));
    }

    private static Check custom(Cursor entry) {
        String engine = entry.text("engine");
        return new Check.NotOnTheStream(
                engine.equalsIgnoreCase("cel")
                        ? "Checked on each record as it comes in, not here."
                        : "The engine '" + engine + "' is not Millrace's.");
    }

    private void add(QualityRule rule) {
        String key = rule.key();
        for (int number = 2; rules.containsKey(key); number++) {
            key = rule.key() + "-" + number;
        }
        rules.put(
                key,
                new QualityRule(
                        rule.place(),
                        key,
                        rule.description(),
                        rule.dimension(),
                        rule.severity(),
                        rule.check(),
                        rule.thresholds(),
                        rule.percent(),
                        rule.stops(),
                        rule.minimumRows()));
    }

    private static boolean stops(Cursor entry, Map<String, Node> custom, boolean otherwise) {
        return Optional.ofNullable(custom.get("millrace.onBroken"))
                .map(node -> new Cursor(node, entry.path(), entry.faults()))
                .map(given -> switch (given.text().orElse("")) {
                    case "stop" -> true;
                    case "report" -> false;
                    default -> {
                        given.error("Expected stop or report, found " + given.shape() + ".");
                        yield false;
                    }
                })
                .orElse(otherwise);
    }

    private static long minimumRows(Cursor entry, Map<String, Node> custom) {
        return Optional.ofNullable(custom.get("millrace.minimumRows"))
                .map(node -> (long)
                        new Cursor(node, entry.path(), entry.faults()).count().orElse(0))
                .orElse(DEFAULT_MINIMUM_ROWS);
    }

    private static String metric(Cursor entry) {
        String given = entry.text("metric").isEmpty() ? entry.text("rule") : entry.text("metric");
        return METRICS.getOrDefault(given, given);
    }

    private Check library(Cursor entry, String metric, String column) {
        Optional<Cursor> arguments = entry.field("arguments");
        arguments.ifPresent(given -> given.warnOfUnknown(ARGUMENTS));
        if (column.isEmpty() && Set.of(NULL, MISSING, INVALID).contains(metric)) {
            entry.error("The metric " + metric + " is of a property: write it under the property's 'quality'.");
            return new Check.NotOnTheStream("The metric " + metric + " is of a property.");
        }
        return switch (metric) {
            case NULL -> new Check.NullValues(column);
            case MISSING -> {
                boolean[] orNull = new boolean[1];
                List<String> values = values(entry, MISSING, orNull);
                if (values.isEmpty() && !orNull[0]) {
                    entry.error("The metric missingValues needs arguments.missingValues, a list.");
                }
                yield new Check.MissingValues(column, values, orNull[0]);
            }
            case INVALID -> {
                List<String> values = values(entry, "validValues", new boolean[1]);
                Optional<String> pattern = argument(entry, "pattern").flatMap(QualityRules::pattern);
                if (values.isEmpty() && pattern.isEmpty()) {
                    entry.error("The metric invalidValues needs arguments.validValues, a list, or arguments.pattern.");
                }
                yield new Check.InvalidValues(column, values, pattern);
            }
            case DUPLICATE -> duplicates(entry, column);
            case ROWS -> {
                if (!column.isEmpty()) {
                    entry.error("The metric rowCount is of the schema object: write it under its 'quality'.");
                }
                yield new Check.RowCount();
            }
            default -> {
                String known = Nearest.closeTo(metric, METRICS.keySet())
                        .map(near -> "Did you mean '" + near + "'?")
                        .orElse("Expected " + String.join(", ", NULL, MISSING, INVALID, DUPLICATE, ROWS) + ".");
                entry.error(
                        metric.isEmpty()
                                ? "A library rule needs its 'metric'. " + known
                                : "'" + metric + "' is no library metric. " + known);
                yield new Check.NotOnTheStream("The metric '" + metric + "' is not known.");
            }
        };
    }

    private Check duplicates(Cursor entry, String column) {
        List<String> columns = new ArrayList<>(column.isEmpty() ? List.of() : List.of(column));
        argument(entry, "properties").ifPresent(given -> {
            for (Cursor item : given.items()) {
                item.text().ifPresent(name -> {
                    if (object.property(name).isEmpty()) {
                        item.error("There is no property '" + name + "'. "
                                + Nearest.to(
                                                name,
                                                object.properties().stream()
                                                        .map(Property::name)
                                                        .toList())
                                        .map(near -> "The nearest is '" + near + "'.")
                                        .orElse(""));
                    } else if (!columns.contains(name)) {
                        columns.add(name);
                    }
                });
            }
        });
        if (columns.isEmpty()) {
            entry.error("The metric duplicateValues of a schema object needs arguments.properties, a list of names.");
        }
        return new Check.DuplicateValues(columns);
    }

    private static Optional<Cursor> argument(Cursor entry, String name) {
        return entry.field("arguments").flatMap(given -> given.field(name)).or(() -> entry.field(name));
    }

    /** The texts of a list of values; null among them sets {@code orNull}. */
    private static List<String> values(Cursor entry, String name, boolean[] orNull) {
        List<String> values = new ArrayList<>();
        argument(entry, name).ifPresent(given -> {
            if (given.node() instanceof Node.Sequence list) {
                for (Node item : list.items()) {
                    if (item instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.NULL) {
                        orNull[0] = true;
                    } else {
                        new Cursor(item, given.path(), given.faults()).text().ifPresent(values::add);
                    }
                }
            } else {
                given.error("Expected a list of values, found " + given.shape() + ".");
            }
        });
        return values;
    }

    private static Optional<String> pattern(Cursor given) {
        return given.text().filter(pattern -> {
            try {
                if (pattern.length() > LONGEST_PATTERN) {
                    throw new PatternSyntaxException("longer than " + LONGEST_PATTERN, pattern, LONGEST_PATTERN);
                }
                Pattern.compile(pattern);
                return true;
            } catch (PatternSyntaxException e) {
                given.error(
                        "The pattern does not compile: " + e.getDescription() + " near index " + e.getIndex() + ".");
                return false;
            }
        });
    }

    private static List<Threshold> thresholds(Cursor entry) {
        if (!Set.of("", "library").contains(entry.text("type"))) {
            return List.of();
        }
        List<Threshold> thresholds = new ArrayList<>();
        Set<String> known = new TreeSet<>();
        for (Operator operator : Operator.values()) {
            known.add(operator.text());
            entry.field(operator.text())
                    .flatMap(given -> threshold(operator, given))
                    .ifPresent(thresholds::add);
        }
        entry.fields().forEach((name, value) -> {
            if (name.startsWith("must") && !known.contains(name)) {
                value.error("'" + name + "' is no operator. Did you mean '"
                        + Nearest.to(name, known).orElseThrow() + "'?");
            }
        });
        return thresholds;
    }

    private static Optional<Threshold> threshold(Operator operator, Cursor given) {
        if (!operator.hasTwoBounds()) {
            return given.number().map(number -> new Threshold(operator, number, number));
        }
        List<BigDecimal> bounds = given.isSequence()
                ? given.items().stream().flatMap(item -> item.number().stream()).toList()
                : List.of();
        if (bounds.size() != 2 || bounds.getFirst().compareTo(bounds.getLast()) > 0) {
            given.error("Expected a list of two numbers, the lower one first, for example [0, 100].");
            return Optional.empty();
        }
        return Optional.of(new Threshold(operator, bounds.getFirst(), bounds.getLast()));
    }

    private static String operators() {
        return String.join(
                ", ", List.of(Operator.values()).stream().map(Operator::text).toList());
    }

    /** Latency, freshness and frequency; no other service level shows in the data. */
    private void level(Cursor level, String defaultElement) {
        String property = level.text("property").toLowerCase(Locale.ROOT);
        property = switch (property) {
            case "ly" -> "latency";
            case "fy" -> "frequency";
            default -> property;
        };
        if (!Set.of("latency", "freshness", "frequency").contains(property)) {
            return;
        }
        String element = level.text("element").isEmpty() ? defaultElement : level.text("element");
        String prefix = object.name() + ".";
        String column = element.startsWith(prefix) ? element.substring(prefix.length()) : element;
        Optional<Duration> promised = promised(level);
        Check check;
        if (column.isEmpty() || column.equals(object.name())) {
            check = new Check.NotOnTheStream("The service level names no element: the column of the event time.");
        } else if (promised.isEmpty()) {
            check = new Check.NotOnTheStream("Its value is no length of time.");
        } else {
            check = switch (property) {
                case "latency" -> new Check.Latency(column, promised.get());
                case "freshness" -> new Check.Freshness(column, promised.get());
                default -> new Check.Frequency(column, promised.get());
            };
        }
        BigDecimal most = BigDecimal.valueOf(promised.map(Duration::toMillis).orElse(0L));
        Map<String, Node> custom = Elements.custom(level);
        add(new QualityRule(
                level.place(),
                "sla." + property,
                level.text("description"),
                "timeliness",
                "",
                check,
                List.of(new Threshold(Operator.MUST_BE_LESS_OR_EQUAL_TO, most, most)),
                false,
                stops(level, custom, false),
                minimumRows(level, custom)));
    }

    private static Optional<Duration> promised(Cursor level) {
        String text = level.text("value").trim().toLowerCase(Locale.ROOT);
        Matcher amount = AMOUNT.matcher(text);
        if (amount.matches()) {
            String unit = amount.group(2).isEmpty() ? level.text("unit").toLowerCase(Locale.ROOT) : amount.group(2);
            Long millis = UNIT_MILLIS.get(
                    unit.length() > 2 && unit.endsWith("s") ? unit.substring(0, unit.length() - 1) : unit);
            if (millis != null && Long.parseLong(amount.group(1)) > 0) {
                return Optional.of(Duration.ofMillis(Long.parseLong(amount.group(1)) * millis));
            }
        }
        level.field("value")
                .orElse(level)
                .error("Expected a length of time above 0: a whole number, and ms, s, min,"
                        + " h, d, w or y as 'unit', found '" + text + " " + level.text("unit") + "'.");
        return Optional.empty();
    }
}
