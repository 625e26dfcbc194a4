package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Level;
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
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the quality rules of a schema object, ODCS 3.0 to 3.2. What is wrong is an error at its place, and the rule is
 * still there as {@link Check.NotOnTheStream}: a product with a broken quality rule can be served. No state.
 */
public final class QualityRules {
    /** ODCS 3.1's metrics of {@code type: library}; the first three are of a property. */
    static final List<String> METRICS =
            List.of("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount");

    /** The names that ODCS 3.0 has for them under {@code rule}. */
    private static final Map<String, String> OLDER = Map.of(
            "nullCheck", "nullValues",
            "nullCount", "nullValues",
            "missingCount", "missingValues",
            "validValues", "invalidValues",
            "invalidCount", "invalidValues",
            "duplicateCount", "duplicateValues");

    private static final Map<String, Operator> OPERATORS =
            Stream.of(Operator.values()).collect(Collectors.toMap(Operator::text, each -> each));
    private static final Map<String, Long> UNIT_MILLIS = Stream.of(
                    "ms=1 s=1000 second=1000 min=60000 minute=60000 h=3600000 hour=3600000 d=86400000 day=86400000",
                    "w=604800000 week=604800000 y=31557600000 yr=31557600000 year=31557600000")
            .flatMap(line -> Stream.of(line.split(" ", -1)))
            .map(unit -> unit.split("=", -1))
            .collect(Collectors.toMap(unit -> unit[0], unit -> Long.parseLong(unit[1])));
    private static final Map<String, Level> LEVELS = Map.of(
            "latency", Level.LATENCY,
            "ly", Level.LATENCY,
            "freshness", Level.FRESHNESS,
            "frequency", Level.FREQUENCY,
            "fy", Level.FREQUENCY);
    private static final Pattern AMOUNT = Pattern.compile("(\\d{1,6}) *([a-z]*)");
    private static final int DEFAULT_MINIMUM_ROWS = 1_000;

    private final SchemaObject object;
    private final Map<String, QualityRule> rules = new LinkedHashMap<>();

    private QualityRules(SchemaObject object) {
        this.object = object;
    }

    /** The rules of one of a contract's schema objects: its own, those of its properties, then the service levels. */
    public static List<QualityRule> read(Contract contract, SchemaObject object, Faults faults) {
        var reader = new QualityRules(object);
        Cursor root = Cursor.at(contract.root(), faults);
        Elements.mappings(root, "schema").stream()
                .filter(each -> each.place().equals(object.place()))
                .forEach(each -> visit(each, List.of(), (entry, path) -> reader.entry(entry, String.join(".", path))));
        Elements.mappings(root, "slaProperties").stream()
                .filter(level -> contract.concerns(object, element(root, level)))
                .forEach(level -> reader.level(level, element(root, level)));
        return List.copyOf(reader.rules.values());
    }

    /** Every entry of a {@code quality} list of an object, and of what is in it, with the names that lead to its owner. */
    static void visit(Cursor owner, List<String> path, BiConsumer<Cursor, List<String>> each) {
        Elements.mappings(owner, "quality").forEach(entry -> each.accept(entry, path));
        Elements.mappings(owner, "properties")
                .forEach(property -> visit(property, within(path, property.text("name")), each));
        owner.field("items")
                .filter(items -> items.isMapping() && !path.isEmpty())
                .ifPresent(items -> visit(items, within(path, "item"), each));
    }

    private static List<String> within(List<String> path, String name) {
        return Stream.concat(path.stream(), Stream.of(name)).toList();
    }

    private void entry(Cursor entry, String column) {
        int errors = entry.faults().errors();
        String type = entry.text("type").isEmpty() ? "library" : entry.text("type");
        String given = entry.text("metric").isEmpty() ? entry.text("rule") : entry.text("metric");
        String metric = OLDER.getOrDefault(given, given);
        boolean percent = Set.of("percent", "%").contains(entry.text("unit"));
        Check check = switch (type) {
            case "library" -> library(entry, metric, column);
            case "sql" -> new Check.NotOnTheStream("SQL is not evaluated on the stream.");
            case "text" -> new Check.NotOnTheStream("A text is for people.");
            case "custom" ->
                new Check.NotOnTheStream(
                        entry.text("engine").equalsIgnoreCase("cel")
                                ? "Checked on each record as it comes in."
                                : "The engine '" + entry.text("engine") + "' is not evaluated on the stream.");
            default -> {
                entry.error("'" + type + "' is no type of a quality rule. Expected library, sql, text or custom.");
                yield new Check.NotOnTheStream("The type '" + type + "' is not known.");
            }
        };
        boolean library = type.equals("library");
        List<Threshold> thresholds = library ? thresholds(entry, given) : List.of();
        if (library) {
            if (!percent && !Set.of("", "rows").contains(entry.text("unit"))) {
                entry.error("Expected the unit rows or percent, found '" + entry.text("unit") + "'.");
            } else if (percent && metric.equals("rowCount")) {
                entry.error("rowCount has no percent: it is the whole.");
            }
        }
        boolean broken = entry.faults().errors() > errors;
        boolean share = percent && entry.text("severity").equalsIgnoreCase("error");
        String named = (column.isEmpty() ? "" : column + ".") + (metric.isEmpty() ? type : metric);
        add(
                entry,
                entry.text("name").isEmpty() ? named : entry.text("name"),
                entry.text("dimension"),
                broken ? new Check.NotOnTheStream("The rule cannot be read; see './millrace check'.") : check,
                thresholds,
                percent,
                share);
    }

    private void add(
            Cursor entry,
            String name,
            String dimension,
            Check check,
            List<Threshold> thresholds,
            boolean percent,
            boolean stopsByItself) {
        Map<String, Node> custom = Elements.custom(entry);
        String key = name;
        for (int number = 2; rules.containsKey(key); number++) {
            key = name + "-" + number;
        }
        String onBroken = custom(entry, custom, "millrace.onBroken")
                .flatMap(Cursor::text)
                .orElse(stopsByItself ? "stop" : "report");
        if (!Set.of("stop", "report").contains(onBroken)) {
            entry.error("Expected millrace.onBroken to be stop or report, found '" + onBroken + "'.");
        }
        int minimumRows = custom(entry, custom, "millrace.minimumRows")
                .map(given -> given.count().orElse(DEFAULT_MINIMUM_ROWS))
                .orElse(DEFAULT_MINIMUM_ROWS);
        rules.put(
                key,
                new QualityRule(
                        key,
                        entry.text("description"),
                        dimension,
                        entry.text("severity"),
                        check,
                        thresholds,
                        percent,
                        onBroken.equals("stop"),
                        minimumRows));
    }

    private static Optional<Cursor> custom(Cursor entry, Map<String, Node> custom, String name) {
        return Optional.ofNullable(custom.get(name))
                .map(node -> new Cursor(node, entry.path(), entry.faults(), entry.rule()));
    }

    private Check library(Cursor entry, String metric, String column) {
        if (METRICS.contains(metric) && column.isEmpty() && METRICS.indexOf(metric) < 3) {
            entry.error("The metric " + metric + " is of a property: write it under the property's 'quality'.");
        } else if (!column.isEmpty() && metric.equals("rowCount")) {
            entry.error("The metric rowCount is of the schema object: write it under its 'quality'.");
        }
        return switch (metric) {
            case "nullValues" -> new Check.Missing(column, List.of(), true);
            case "missingValues" -> {
                List<Optional<String>> values = values(entry, metric);
                if (values.isEmpty()) {
                    entry.error("The metric missingValues needs arguments.missingValues, a list.");
                }
                yield new Check.Missing(column, texts(values), values.contains(Optional.<String>empty()));
            }
            case "invalidValues" -> {
                List<String> values = texts(values(entry, "validValues"));
                Optional<String> pattern = argument(entry, "pattern").flatMap(RulesReader::pattern);
                if (argument(entry, "validValues").isEmpty()
                        && argument(entry, "pattern").isEmpty()) {
                    entry.error("The metric invalidValues needs arguments.validValues, a list, or arguments.pattern.");
                }
                yield new Check.Invalid(column, values, pattern);
            }
            case "duplicateValues" -> duplicates(entry, column);
            case "rowCount" -> new Check.RowCount();
            default -> {
                entry.error((metric.isEmpty() ? "A library rule needs its metric." : "'" + metric + "' is no metric.")
                        + Nearest.hint(metric, METRICS, " Expected one of " + String.join(", ", METRICS) + "."));
                yield new Check.NotOnTheStream("");
            }
        };
    }

    private Check duplicates(Cursor entry, String column) {
        List<String> columns = new ArrayList<>(column.isEmpty() ? List.of() : List.of(column));
        List<String> known = object.properties().stream().map(Property::name).toList();
        for (String name : texts(values(entry, "properties"))) {
            if (!known.contains(name)) {
                entry.error("There is no property '" + name + "'; the nearest is '"
                        + Nearest.to(name, known).orElse("") + "'.");
            }
            columns.add(name);
        }
        if (columns.isEmpty()) {
            entry.error("The metric duplicateValues of a schema object needs arguments.properties, a list of names.");
        }
        return new Check.Duplicates(columns.stream().distinct().toList());
    }

    /** An argument, where 3.1 has it or where 3.0 had it. */
    private static Optional<Cursor> argument(Cursor entry, String name) {
        return entry.field("arguments").flatMap(given -> given.field(name)).or(() -> entry.field(name));
    }

    /** The texts of a list; an empty one for null. */
    private static List<Optional<String>> values(Cursor entry, String name) {
        Optional<Cursor> given = argument(entry, name);
        if (given.isPresent() && given.get().node() instanceof Node.Sequence list) {
            return list.items().stream()
                    .map(item -> item instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.NULL
                            ? Optional.<String>empty()
                            : new Cursor(item, given.get().path(), entry.faults(), entry.rule()).text())
                    .toList();
        }
        given.ifPresent(other -> other.error("Expected a list of values, found " + other.shape() + "."));
        return List.of();
    }

    private static List<String> texts(List<Optional<String>> values) {
        return values.stream().flatMap(Optional::stream).toList();
    }

    private static List<Threshold> thresholds(Cursor entry, String metric) {
        List<Threshold> thresholds = new ArrayList<>();
        entry.fields().forEach((name, value) -> {
            Operator operator = OPERATORS.get(name);
            if (operator != null) {
                threshold(operator, value).ifPresent(thresholds::add);
            } else if (name.startsWith("must")) {
                value.error("'" + name + "' is no operator. Did you mean '"
                        + Nearest.to(name, OPERATORS.keySet()).orElse("") + "'?");
            }
        });
        if (thresholds.isEmpty() && metric.equals("nullCheck")) {
            return List.of(new Threshold(Operator.MUST_BE, BigDecimal.ZERO, BigDecimal.ZERO));
        } else if (entry.fields().keySet().stream().noneMatch(name -> name.startsWith("must"))) {
            entry.error(Stream.of(Operator.values())
                    .map(Operator::text)
                    .collect(Collectors.joining(", ", "The rule has no operator. Expected one of ", ".")));
        }
        return thresholds;
    }

    private static Optional<Threshold> threshold(Operator operator, Cursor given) {
        if (operator != Operator.MUST_BE_BETWEEN && operator != Operator.MUST_NOT_BE_BETWEEN) {
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

    /** What a service level is of; empty for the dataset. */
    static String element(Cursor root, Cursor level) {
        return level.text("element").isEmpty() ? root.text("slaDefaultElement") : level.text("element");
    }

    /** Latency, freshness and frequency; no other service level shows in the data. */
    private void level(Cursor entry, String element) {
        Level level = LEVELS.get(entry.text("property").toLowerCase(Locale.ROOT));
        if (level == null) {
            return;
        }
        String column = element.startsWith(object.name() + ".")
                ? element.substring(object.name().length() + 1)
                : element;
        Optional<Duration> promised = lengthOfTime(entry);
        BigDecimal most = BigDecimal.valueOf(promised.orElse(Duration.ZERO).toMillis());
        add(
                entry,
                "sla." + level.name().toLowerCase(Locale.ROOT),
                "timeliness",
                column.isEmpty()
                        ? new Check.NotOnTheStream("The service level names no element: the column of the event time.")
                        : promised.<Check>map(time -> new Check.ServiceLevel(level, column, time))
                                .orElse(new Check.NotOnTheStream("Its value is no length of time.")),
                List.of(new Threshold(Operator.MUST_BE_LESS_OR_EQUAL_TO, most, most)),
                false,
                false);
    }

    /** What {@code value} and {@code unit} of an entry say; empty with a fault when they say something else. */
    static Optional<Duration> lengthOfTime(Cursor entry) {
        String text = entry.text("value").trim().toLowerCase(Locale.ROOT);
        Matcher amount = AMOUNT.matcher(text);
        if (amount.matches()) {
            String unit = amount.group(2).isEmpty() ? entry.text("unit").toLowerCase(Locale.ROOT) : amount.group(2);
            boolean plural = unit.length() > 2 && unit.endsWith("s");
            Long millis = UNIT_MILLIS.get(plural ? unit.substring(0, unit.length() - 1) : unit);
            if (millis != null && Long.parseLong(amount.group(1)) > 0) {
                return Optional.of(Duration.ofMillis(Long.parseLong(amount.group(1)) * millis));
            }
        }
        entry.error("Expected a length of time above 0: a whole number, and ms, s, min, h, d, w or y as 'unit', found '"
                + text + " " + entry.text("unit") + "'.");
        return Optional.empty();
    }
}
