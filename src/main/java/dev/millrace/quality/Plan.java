package dev.millrace.quality;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Storage;
import dev.millrace.contract.PatternSearch;
import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.contract.QualityRule.Level;
import dev.millrace.store.StoreSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How a product's rows are looked at for its rules: a rule becomes a counter, which says of a row whether it falls under
 * it, and perhaps a set of values to be told apart, or windows between which there are gaps. Immutable; any thread.
 *
 * @param columns the leaf columns with statistics
 * @param eventTime the column that windows go by; empty where it is the record's timestamp
 * @param measures one for each rule, in order
 * @param sets the columns of each set of values
 * @param gaps the promised width of each frequency, in milliseconds
 * @param fingerprint tells a state of this plan from one of another
 */
record Plan(
        StoreSchema schema,
        List<ColumnLayout> columns,
        String eventTime,
        List<Measure> measures,
        List<Counter> counters,
        List<List<String>> sets,
        List<Long> gaps,
        long fingerprint) {
    /** Columns that have statistics at most; those after them have none. */
    static final int MAX_COLUMNS = 256;
    /** Rules that are measured at most: a bit each in a row's mask. */
    static final int MAX_COUNTERS = 64;
    /** Rules of duplicates that are measured at most: a set takes up to half a megabyte a segment. */
    static final int MAX_SETS = 16;

    private static final int FORMAT = 1;
    private static final long HOUR = 3_600_000;
    private static final int HOURS = 48;
    private static final int DAYS = 62;
    private static final int GAPS = 1_024;

    /** Says of the rows of a batch whether they fall under a rule. */
    interface Counter extends Function<Batch, IntPredicate> {}

    /**
     * A rule and where its figures are kept.
     *
     * @param obstacle why it cannot be measured; empty when it can
     * @param counter its number among the counters
     * @param extra its number among the sets, or among the windows; 0 for a rule with neither
     */
    record Measure(QualityRule rule, String obstacle, int counter, int extra) {}

    Plan(StoreSchema schema, List<QualityRule> rules) {
        this(
                schema,
                schema.columns().stream()
                        .flatMap(Plan::leaves)
                        .filter(Values::isScalar)
                        .limit(MAX_COLUMNS)
                        .toList(),
                rules.stream()
                        .map(rule -> rule.check() instanceof Check.ServiceLevel level ? level.column() : "")
                        .filter(column ->
                                find(schema, column).filter(Values::isTime).isPresent())
                        .findFirst()
                        .orElse(""),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                fingerprint(FORMAT
                        + schema.layout().schema().toJson()
                        + rules.stream().map(QualityRule::check).toList()));
        rules.forEach(rule -> measures.add(measure(rule)));
    }

    private static long fingerprint(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return Hash.of(bytes, 0, bytes.length);
    }

    private static Stream<ColumnLayout> leaves(ColumnLayout column) {
        return column.storage() == Storage.STRUCT
                ? column.children().stream().flatMap(Plan::leaves)
                : Stream.of(column);
    }

    private static Optional<ColumnLayout> find(StoreSchema schema, String column) {
        return column.startsWith("$") ? Optional.empty() : schema.layout().find(column);
    }

    private Optional<ColumnLayout> find(String column) {
        return find(schema, column);
    }

    private Measure measure(QualityRule rule) {
        String obstacle = obstacle(rule.check());
        if (!obstacle.isEmpty()) {
            return new Measure(rule, obstacle, 0, 0);
        }
        int extra = 0;
        Counter counter = batch -> row -> false;
        switch (rule.check()) {
            case Check.Missing check -> counter = missing(check);
            case Check.Invalid check -> counter = invalid(check);
            case Check.Duplicates check -> {
                sets.add(check.columns());
                extra = sets.size() - 1;
                counter = anyNull(check.columns());
            }
            case Check.ServiceLevel check when check.level() == Level.LATENCY -> counter = late(check);
            case Check.ServiceLevel check
            when check.level() == Level.FREQUENCY -> {
                gaps.add(check.promised().toMillis());
                extra = shownWindows() + gaps.size() - 1;
            }
            case Check.ServiceLevel _, Check.RowCount _, Check.NotOnTheStream _ -> {}
        }
        counters.add(counter);
        return new Measure(rule, "", counters.size() - 1, extra);
    }

    private String obstacle(Check check) {
        if (counters.size() == MAX_COUNTERS) {
            return "Only the first " + MAX_COUNTERS + " rules are measured.";
        }
        List<String> names = switch (check) {
            case Check.Missing(String column, var values, var orNull) -> List.of(column);
            case Check.Invalid(String column, var values, var pattern) -> List.of(column);
            case Check.Duplicates(List<String> all) -> all;
            case Check.ServiceLevel(var level, String column, var promised) -> List.of(column);
            case Check.RowCount _, Check.NotOnTheStream _ -> List.of();
        };
        for (String name : names) {
            Optional<ColumnLayout> column = find(name);
            if (column.isEmpty()) {
                return "There is no column '" + name + "' outside of arrays.";
            }
            String obstacle = obstacle(check, column.get());
            if (!obstacle.isEmpty()) {
                return obstacle;
            }
        }
        return check instanceof Check.NotOnTheStream(String reason) ? reason : "";
    }

    private String obstacle(Check check, ColumnLayout column) {
        return switch (check) {
            case Check.Missing missing
            when !missing.values().isEmpty() && !Values.canBeListed(column) ->
                "Values of this column's type are not compared with a list.";
            case Check.Invalid invalid
            when !invalid.values().isEmpty() && !Values.canBeListed(column) ->
                "Values of this column's type are not compared with a list.";
            case Check.Invalid invalid
            when invalid.pattern().isPresent() && !(column.kind() instanceof Kind.Text) -> "A pattern is for texts.";
            case Check.Duplicates duplicates
            when !Values.isScalar(column) -> "Values of this column's type are not compared.";
            case Check.Duplicates duplicates
            when sets.size() == MAX_SETS -> "Only the first " + MAX_SETS + " rules of duplicateValues are measured.";
            case Check.ServiceLevel level
            when !level.column().equals(eventTime) ->
                "The event time is " + (eventTime.isEmpty() ? "no day or timestamp." : "'" + eventTime + "'.");
            default -> "";
        };
    }

    private Counter missing(Check.Missing check) {
        Set<Long> listed = hashes(check.column(), check.values());
        return batch -> {
            Column column = batch.column(check.column());
            return row -> column.isNull(row) ? check.orNull() : has(listed, column, row);
        };
    }

    private Counter invalid(Check.Invalid check) {
        Set<Long> listed = hashes(check.column(), check.values());
        Optional<Pattern> pattern = check.pattern().map(Pattern::compile);
        return batch -> {
            Column column = batch.column(check.column());
            return row -> !column.isNull(row)
                    && ((!check.values().isEmpty() && !has(listed, column, row))
                            || (pattern.isPresent() && !found(pattern.get(), column.bytes(row))));
        };
    }

    /** The values by their 64-bit hashes: that two are taken for one is as likely as a fault of the machine. */
    private Set<Long> hashes(String column, List<String> values) {
        return values.stream()
                .flatMap(value -> Values.hash(find(column).orElseThrow(), value).stream())
                .collect(Collectors.toUnmodifiableSet());
    }

    // Null checks may be of columns that have no hash.
    private static boolean has(Set<Long> listed, Column column, int row) {
        return !listed.isEmpty() && listed.contains(column.hash(row));
    }

    private static boolean found(Pattern pattern, byte[] text) {
        return PatternSearch.find(pattern, new String(text, UTF_8)) == PatternSearch.Outcome.FOUND;
    }

    private static Counter anyNull(List<String> names) {
        return batch -> {
            List<Column> columns = names.stream().map(batch::column).toList();
            return row -> columns.stream().anyMatch(column -> column.isNull(row));
        };
    }

    private Counter late(Check.ServiceLevel check) {
        Values.Number time = Values.number(find(check.column()).orElseThrow()).orElseThrow();
        double promised = check.promised().toMillis();
        return batch -> {
            Column events = batch.column(check.column());
            Column arrivals = batch.column(schema.timestampColumn());
            return row -> !events.isNull(row) && arrivals.int64(row) - time.of(events, row) > promised;
        };
    }

    /** The layout of {@link #eventTime()}, or that of the record's timestamp. */
    ColumnLayout times() {
        return find(eventTime).orElseGet(() -> schema.layout().top().get(schema.timestampColumn()));
    }

    /** Empty windows: hours, days, then those of the promised width of each frequency. */
    List<Windows> windows() {
        List<Windows> windows = new ArrayList<>();
        windows.add(new Windows(HOUR, HOURS, counters.size()));
        windows.add(new Windows(24 * HOUR, DAYS, counters.size()));
        gaps.forEach(width -> windows.add(new Windows(width, GAPS, counters.size())));
        return windows;
    }

    /** How many windows are for people, before those of frequencies. */
    static int shownWindows() {
        return 2;
    }
}
