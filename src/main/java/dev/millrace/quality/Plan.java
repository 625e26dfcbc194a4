package dev.millrace.quality;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import dev.millrace.arrow.Storage;
import dev.millrace.codec.TextPattern;
import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.store.StoreSchema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * How a product's rows are looked at for its rules: each rule becomes at most one counter, which says of a row whether
 * it falls under it, and one set of values to be told apart. Immutable; any thread.
 */
final class Plan {
    /** Columns that have statistics at most; those after them have none. */
    static final int MAX_COLUMNS = 256;
    /** Rules that are counted at most, a bit each in a row's mask. */
    static final int MAX_COUNTERS = 64;
    /** Sets of values for duplicates at most: such a set takes up to half a megabyte a segment. */
    static final int MAX_SETS = 16;

    private static final int FORMAT = 1;
    private static final long HOUR = 3_600_000;
    private static final int HOURS = 48;
    private static final int DAYS = 62;
    private static final int GAPS = 1_024;

    /** Says of the rows of a batch whether they fall under a rule. */
    interface Counter extends Function<Batch, IntPredicate> {}

    /** A rule and where its figures are kept; -1 for nowhere. */
    record Measure(QualityRule rule, int counter, int set, int gaps) {}

    /** A column with the times of events. */
    record EventTime(String column, Values.Time time) {}

    private final StoreSchema schema;
    private final List<ColumnLayout> columns;
    private final List<Measure> measures = new ArrayList<>();
    private final List<Counter> counters = new ArrayList<>();
    private final List<List<String>> sets = new ArrayList<>();
    private final List<Long> gaps = new ArrayList<>();
    private final Optional<EventTime> eventTime;
    private final long fingerprint;

    Plan(StoreSchema schema, List<QualityRule> rules) {
        this.schema = schema;
        this.columns = leaves(schema.columns(), new ArrayList<>()).stream()
                .filter(Values::isScalar)
                .limit(MAX_COLUMNS)
                .toList();
        this.eventTime =
                rules.stream().flatMap(rule -> eventTime(rule.check()).stream()).findFirst();
        rules.forEach(rule -> measures.add(measure(rule)));
        byte[] text = (FORMAT
                        + schema.layout().schema().toJson()
                        + rules.stream().map(QualityRule::check).toList())
                .getBytes(UTF_8);
        this.fingerprint = Hash.of(text, 0, text.length);
    }

    private static List<ColumnLayout> leaves(List<ColumnLayout> from, List<ColumnLayout> into) {
        for (ColumnLayout column : from) {
            if (column.storage() == Storage.STRUCT) {
                leaves(column.children(), into);
            } else {
                into.add(column);
            }
        }
        return into;
    }

    private Optional<EventTime> eventTime(Check check) {
        String column = switch (check) {
            case Check.Latency latency -> latency.column();
            case Check.Freshness freshness -> freshness.column();
            case Check.Frequency frequency -> frequency.column();
            case Check.NullValues ignored -> "";
            case Check.MissingValues ignored -> "";
            case Check.InvalidValues ignored -> "";
            case Check.DuplicateValues ignored -> "";
            case Check.RowCount ignored -> "";
            case Check.NotOnTheStream ignored -> "";
        };
        return find(column).flatMap(Values::time).map(time -> new EventTime(column, time));
    }

    private Optional<ColumnLayout> find(String column) {
        return column.startsWith("$") ? Optional.empty() : schema.layout().find(column);
    }

    private Measure measure(QualityRule rule) {
        Optional<String> obstacle = obstacle(rule.check());
        if (obstacle.isPresent()) {
            return new Measure(not(rule, obstacle.get()), -1, -1, -1);
        }
        return switch (rule.check()) {
            case Check.NullValues(String column) -> counted(rule, batch -> batch.column(column)::isNull);
            case Check.MissingValues missing -> {
                Hashes listed = hashes(missing.column(), missing.values());
                yield counted(rule, batch -> {
                    Column column = batch.column(missing.column());
                    return row -> column.isNull(row) ? missing.orNull() : listed.has(column.hash(row));
                });
            }
            case Check.InvalidValues invalid -> counted(rule, invalid(invalid));
            case Check.DuplicateValues duplicates -> {
                sets.add(duplicates.columns());
                yield new Measure(rule, counter(anyNull(duplicates.columns())), sets.size() - 1, -1);
            }
            case Check.Latency latency -> counted(rule, late(latency));
            case Check.Frequency frequency -> {
                gaps.add(frequency.promised().toMillis());
                yield new Measure(rule, -1, -1, gaps.size() - 1);
            }
            case Check.RowCount ignored -> new Measure(rule, -1, -1, -1);
            case Check.Freshness ignored -> new Measure(rule, -1, -1, -1);
            case Check.NotOnTheStream ignored -> new Measure(rule, -1, -1, -1);
        };
    }

    private static QualityRule not(QualityRule rule, String reason) {
        return new QualityRule(
                rule.place(),
                rule.key(),
                rule.description(),
                rule.dimension(),
                rule.severity(),
                new Check.NotOnTheStream(reason),
                rule.thresholds(),
                rule.percent(),
                rule.stops(),
                rule.minimumRows());
    }

    /** Why a check cannot be measured; empty when it can. */
    private Optional<String> obstacle(Check check) {
        if (counters.size() == MAX_COUNTERS) {
            return Optional.of("Only the first " + MAX_COUNTERS + " rules are counted.");
        }
        return switch (check) {
            case Check.NullValues(String column) -> absent(column);
            case Check.MissingValues missing ->
                missing.values().isEmpty() ? absent(missing.column()) : unlisted(missing.column());
            case Check.InvalidValues invalid ->
                (invalid.values().isEmpty() ? absent(invalid.column()) : unlisted(invalid.column()))
                        .or(() -> Optional.of("A pattern is for texts.")
                                .filter(ignored -> invalid.pattern().isPresent()
                                        && !(find(invalid.column())
                                                        .orElseThrow()
                                                        .type()
                                                instanceof ArrowType.Utf8)));
            case Check.DuplicateValues duplicates ->
                sets.size() == MAX_SETS
                        ? Optional.of("Only the first " + MAX_SETS + " rules of duplicateValues are counted.")
                        : duplicates.columns().stream()
                                .flatMap(column -> absent(column)
                                        .or(() -> Optional.of("Values of '" + column + "' are not compared.")
                                                .filter(ignored -> !Values.isScalar(
                                                        find(column).orElseThrow())))
                                        .stream())
                                .findFirst();
            case Check.Latency latency -> noTime(latency.column());
            case Check.Freshness freshness -> noTime(freshness.column());
            case Check.Frequency frequency -> noTime(frequency.column());
            case Check.RowCount ignored -> Optional.empty();
            case Check.NotOnTheStream ignored -> Optional.empty();
        };
    }

    private Optional<String> absent(String column) {
        return find(column).isPresent()
                ? Optional.empty()
                : Optional.of("There is no column '" + column + "' outside of arrays.");
    }

    private Optional<String> unlisted(String column) {
        return absent(column)
                .or(() -> Optional.of("Values of this column's type are not compared with a list.")
                        .filter(ignored -> !Values.canBeListed(find(column).orElseThrow())));
    }

    private Optional<String> noTime(String column) {
        return absent(column)
                .or(() -> Optional.of("The event time is another column, the first that a service level names.")
                        .filter(ignored -> eventTime
                                .filter(time -> time.column().equals(column))
                                .isEmpty()));
    }

    private Measure counted(QualityRule rule, Counter counter) {
        return new Measure(rule, counter(counter), -1, -1);
    }

    private int counter(Counter counter) {
        counters.add(counter);
        return counters.size() - 1;
    }

    private Counter invalid(Check.InvalidValues check) {
        Optional<Hashes> listed =
                check.values().isEmpty() ? Optional.empty() : Optional.of(hashes(check.column(), check.values()));
        Optional<TextPattern> pattern = check.pattern().map(TextPattern::new);
        return batch -> {
            Column column = batch.column(check.column());
            return row -> !column.isNull(row)
                    && (listed.isPresent() && !listed.get().has(column.hash(row))
                            || pattern.isPresent() && !found(pattern.get(), column.bytes(row)));
        };
    }

    private static boolean found(TextPattern pattern, byte[] text) {
        return pattern.find(text, 0, text.length) == TextPattern.Outcome.FOUND;
    }

    private static Counter anyNull(List<String> names) {
        return batch -> {
            List<Column> columns = names.stream().map(batch::column).toList();
            return row -> {
                for (Column column : columns) {
                    if (column.isNull(row)) {
                        return true;
                    }
                }
                return false;
            };
        };
    }

    private Counter late(Check.Latency check) {
        long promised = check.promised().toMillis();
        Values.Time time = eventTime.orElseThrow().time();
        return batch -> {
            Column events = batch.column(check.column());
            Column arrivals = batch.column(schema.timestampColumn());
            return row -> !events.isNull(row) && arrivals.int64(row) - time.of(events, row) > promised;
        };
    }

    /** Values known by their 64-bit hashes: that two are taken for one is as likely as a fault of the machine. */
    private record Hashes(Map<Long, String> values) {
        boolean has(long hash) {
            return values.containsKey(hash);
        }
    }

    private Hashes hashes(String column, List<String> values) {
        Map<Long, String> hashes = new HashMap<>();
        ColumnLayout layout = find(column).orElseThrow();
        values.forEach(value -> Values.hash(layout, value).ifPresent(hash -> hashes.put(hash, value)));
        return new Hashes(hashes);
    }

    StoreSchema schema() {
        return schema;
    }

    /** The leaf columns with statistics. */
    List<ColumnLayout> columns() {
        return columns;
    }

    /** A measure for each rule, in order; what cannot be measured has become a rule that says so. */
    List<Measure> measures() {
        return List.copyOf(measures);
    }

    List<Counter> counters() {
        return List.copyOf(counters);
    }

    /** The columns of each set of values. */
    List<List<String>> sets() {
        return List.copyOf(sets);
    }

    Optional<EventTime> eventTime() {
        return eventTime;
    }

    /** Empty windows: hours, days, then one of the promised width for each frequency. */
    List<Windows> windows() {
        List<Windows> windows = new ArrayList<>();
        windows.add(new Windows(HOUR, HOURS, counters.size()));
        windows.add(new Windows(24 * HOUR, DAYS, counters.size()));
        gaps.forEach(width -> windows.add(new Windows(width, GAPS, counters.size())));
        return windows;
    }

    /** The number of windows that are for people, before those of frequencies. */
    static int shownWindows() {
        return 2;
    }

    /** Tells a state of this plan from one of another. */
    long fingerprint() {
        return fingerprint;
    }
}
