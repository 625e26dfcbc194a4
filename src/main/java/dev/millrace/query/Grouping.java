package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Groups of rows and what is counted of each. Immutable; any thread.
 *
 * @param keys what rows of one group have in common, in the order of the answer's columns; the bucket first
 * @param aggregates what is answered of each group, behind them
 */
public record Grouping(List<By> keys, List<Aggregate> aggregates) {
    /** Rows as they are. */
    static final Grouping NONE = new Grouping(List.of(), List.of());

    /**
     * A column to group by.
     *
     * @param bucket a time of DuckDB's interval that its values are cut to, such as {@code 1 hours}; empty for the values
     */
    record By(ColumnLayout column, String bucket) {}

    /** What is answered of a group's values. */
    enum Function {
        COUNT,
        AVG,
        MIN,
        MAX,
        SUM,
        DISTINCT,
        PERCENTILE
    }

    /**
     * One column of the answer.
     *
     * @param name as the request has it, such as {@code p95(delay)}
     * @param column empty for the number of rows
     * @param percent of a percentile, else 0
     */
    record Aggregate(String name, Function function, List<ColumnLayout> column, int percent) {
        Aggregate {
            column = List.copyOf(column);
        }
    }

    public Grouping {
        keys = List.copyOf(keys);
        aggregates = List.copyOf(aggregates);
    }

    /** Whether rows are answered as they are. */
    public boolean isNone() {
        return aggregates.isEmpty();
    }

    /** The answer's columns. */
    Layout layout() {
        return Layout.of(new Schema(Stream.concat(
                        keys.stream().map(Grouping::field), aggregates.stream().map(Grouping::field))
                .toList()));
    }

    /** The grouping in one line, the same for the same grouping: a cursor is bound to it. */
    String canonical() {
        return keys + " " + aggregates.stream().map(Aggregate::name).toList();
    }

    /** The columns read, each once. */
    List<ColumnLayout> columns() {
        return Stream.concat(keys.stream().map(By::column), aggregates.stream().flatMap(each -> each.column().stream()))
                .distinct()
                .toList();
    }

    private static Field field(By key) {
        boolean cut = !key.bucket().isEmpty();
        return nullable(
                key.column().path(),
                cut && key.column().kind() instanceof Kind.Timestamp(var _, boolean zoned)
                        ? new Kind.Timestamp(Kind.Unit.MICROS, zoned)
                        : key.column().kind());
    }

    private static Field field(Aggregate aggregate) {
        return switch (aggregate.function()) {
            case COUNT, DISTINCT ->
                new Field(aggregate.name(), FieldType.notNullable(new Kind.Int(64, true).arrow()), List.of());
            case AVG -> nullable(aggregate.name(), new Kind.Real(64));
            case MIN, MAX, PERCENTILE ->
                nullable(aggregate.name(), aggregate.column().getFirst().kind());
            case SUM ->
                nullable(
                        aggregate.name(),
                        switch (aggregate.column().getFirst().kind()) {
                            case Kind.Int _ -> new Kind.Decimal(38, 0, 128);
                            case Kind.Decimal decimal -> new Kind.Decimal(38, decimal.scale(), 128);
                            default -> new Kind.Real(64);
                        });
        };
    }

    private static Field nullable(String name, Kind kind) {
        return new Field(name, FieldType.nullable(kind.arrow()), List.of());
    }

    /** The statement over {@code $rows} of {@link #columns()}; at most {@code limit} groups, ordered by the keys at last. */
    String sql(Layout answer, List<SortKey> sort, int limit) {
        List<ColumnLayout> columns = columns();
        var inner = new ArrayList<String>();
        for (By key : keys) {
            inner.add(bucketed(key, "c" + columns.indexOf(key.column())) + " AS v" + inner.size());
        }
        String groups = IntStream.range(0, keys.size()).mapToObj(i -> "v" + i).collect(Collectors.joining(", "));
        for (Aggregate aggregate : aggregates) {
            String column = aggregate.column().stream()
                    .findFirst()
                    .map(each -> "c" + columns.indexOf(each))
                    .orElse("*");
            inner.add(aggregated(aggregate, column) + " AS v" + inner.size());
        }
        var outer = new ArrayList<String>();
        for (int i = 0; i < answer.top().size(); i++) {
            outer.add(plain("v" + i, answer.top().get(i)));
        }
        var order = new ArrayList<String>();
        var ordered = new TreeSet<Integer>();
        for (SortKey key : sort) {
            int number = answer.top().indexOf(key.column());
            ordered.add(number);
            order.add("v" + number + (key.descending() ? " DESC" : " ASC") + " NULLS LAST");
        }
        IntStream.range(0, keys.size())
                .filter(i -> !ordered.contains(i))
                .forEach(i -> order.add("v" + i + " ASC NULLS LAST"));
        return "SELECT " + String.join(", ", outer) + " FROM (SELECT " + String.join(", ", inner) + " FROM $rows"
                + (groups.isEmpty() ? "" : " GROUP BY " + groups) + ")"
                + (order.isEmpty() ? "" : " ORDER BY " + String.join(", ", order)) + " LIMIT " + limit;
    }

    private static String bucketed(By key, String column) {
        if (key.bucket().isEmpty()) {
            return column;
        }
        String time =
                key.column().kind() instanceof Kind.Timestamp ? "make_timestamp(epoch_us(" + column + "))" : column;
        return "time_bucket(INTERVAL '" + key.bucket() + "', " + time + ")";
    }

    private static String aggregated(Aggregate aggregate, String column) {
        return switch (aggregate.function()) {
            case COUNT -> "count(" + column + ")";
            case DISTINCT -> "count(DISTINCT " + column + ")";
            case AVG -> "avg(" + wide(aggregate, column) + ")";
            case SUM -> "sum(" + wide(aggregate, column) + ")";
            case MIN -> "min(" + column + ")";
            case MAX -> "max(" + column + ")";
            case PERCENTILE -> "quantile_disc(" + column + ", " + aggregate.percent() + " / 100.0)";
        };
    }

    private static String wide(Aggregate aggregate, String column) {
        return aggregate.column().getFirst().kind() instanceof Kind.Int(var _, boolean signed) && !signed
                ? column + "::HUGEINT"
                : column;
    }

    /** A value as the number, decimal or text that {@link GroupedRows} reads. */
    private static String plain(String value, ColumnLayout column) {
        return switch (column.kind()) {
            case Kind.Int(int bits, boolean signed) -> bits == 64 && !signed ? value : value + "::BIGINT";
            case Kind.Real _ -> value + "::DOUBLE";
            case Kind.Decimal decimal -> value + "::" + decimal.sql();
            case Kind.Date _ -> "(" + value + "::DATE - DATE '1970-01-01')::BIGINT";
            case Kind.Time(Kind.Unit unit) -> unit == Kind.Unit.MILLIS ? value + " // 1000" : value;
            case Kind.Timestamp(Kind.Unit unit, var _) -> "epoch_" + unit.symbol() + "(" + value + ")";
            default -> value;
        };
    }

    /** DuckDB's interval of a request's text such as {@code 15m}; empty for any other text. */
    static Optional<String> interval(String text) {
        if (!text.matches("[1-9]\\d{0,5}(s|m|h|d|w|mo)")) {
            return Optional.empty();
        }
        int digits = text.split("\\D", 2)[0].length();
        return Optional.of(text.substring(0, digits)
                + switch (text.substring(digits)) {
                    case "s" -> " seconds";
                    case "m" -> " minutes";
                    case "h" -> " hours";
                    case "d" -> " days";
                    case "w" -> " weeks";
                    default -> " months";
                });
    }
}
