package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the parameters {@code group}, {@code agg} and {@code bucket}. Stateless but for what it is made of. */
record GroupingParser(BiFunction<String, String, ColumnLayout> columns) {
    private static final int MAX_COLUMNS = 16;
    private static final Pattern CALL = Pattern.compile("([a-z]+|p(\\d{1,2}))\\((.+)\\)");
    private static final String FUNCTIONS =
            "count, or count, distinct, min, max, sum, avg or p1 to p99 of a column, such as p95(delay).";
    private static final Map<String, Grouping.Function> NAMES = Map.of(
            "count", Grouping.Function.COUNT,
            "avg", Grouping.Function.AVG,
            "min", Grouping.Function.MIN,
            "max", Grouping.Function.MAX,
            "sum", Grouping.Function.SUM,
            "distinct", Grouping.Function.DISTINCT);

    /** Finds a column by its path, or throws the problem of the parameter named. */
    Grouping parse(Map<String, String> single) {
        String group = single.get("group");
        String bucket = single.get("bucket");
        String agg = single.get("agg");
        if (group == null && bucket == null && agg == null) {
            return Grouping.NONE;
        }
        for (String name : List.of("select", "count")) {
            if (single.containsKey(name)) {
                throw problem(
                        name, "groups have the columns that group and agg name.", "no '" + name + "' beside groups.");
            }
        }
        var keys = new ArrayList<Grouping.By>();
        if (bucket != null) {
            keys.add(bucket(bucket));
        }
        for (String name : group == null ? new String[0] : group.split(",", -1)) {
            keys.add(new Grouping.By(ordered("group", name), ""));
        }
        var aggregates = new ArrayList<Grouping.Aggregate>();
        for (String name : (agg == null ? "count" : agg).split(",", -1)) {
            aggregates.add(aggregate(name));
        }
        if (keys.size() + aggregates.size() > MAX_COLUMNS) {
            throw problem(
                    group == null ? "agg" : "group",
                    "the answer would have " + (keys.size() + aggregates.size()) + " columns.",
                    "at most " + MAX_COLUMNS + ".");
        }
        var names = new HashSet<String>();
        keys.forEach(key -> {
            if (!names.add(key.column().path())) {
                throw problem("group", "'" + key.column().path() + "' is named twice.", "each column once.");
            }
        });
        aggregates.forEach(each -> {
            if (!names.add(each.name())) {
                throw problem("agg", "'" + each.name() + "' is there twice.", "names that differ.");
            }
        });
        return new Grouping(keys, aggregates);
    }

    private Grouping.By bucket(String text) {
        int colon = text.lastIndexOf(':');
        ColumnLayout column = columns.apply("bucket", colon < 0 ? text : text.substring(0, colon));
        String interval = Grouping.interval(text.substring(colon + 1))
                .filter(_ -> colon > 0)
                .orElseThrow(() -> problem(
                        "bucket",
                        "'" + QueryParser.shown(text) + "' names no length.",
                        "a column, a colon and a number of s, m, h, d, w or mo, such as date:1h."));
        boolean date = column.kind() instanceof Kind.Date;
        if (!date && !(column.kind() instanceof Kind.Timestamp)) {
            throw problem("bucket", "'" + column.path() + "' is no time.", "a column of dates or timestamps.");
        }
        if (date && interval.matches(".*(seconds|minutes|hours)")) {
            throw problem("bucket", "'" + column.path() + "' has days only.", "a length in d, w or mo.");
        }
        return new Grouping.By(column, interval);
    }

    private Grouping.Aggregate aggregate(String text) {
        if (text.equals("count")) {
            return new Grouping.Aggregate(text, Grouping.Function.COUNT, List.of(), 0);
        }
        Matcher call = CALL.matcher(text);
        Grouping.Function function = null;
        int percent = 0;
        if (call.matches()) {
            function = NAMES.get(call.group(1));
            percent = call.group(2) == null ? 0 : Integer.parseInt(call.group(2));
            if (percent > 0) {
                function = Grouping.Function.PERCENTILE;
            }
        }
        if (function == null) {
            throw problem("agg", "'" + QueryParser.shown(text) + "' is no function of a column.", FUNCTIONS);
        }
        ColumnLayout column = ordered("agg", call.group(3));
        switch (function) {
            case AVG, SUM, PERCENTILE -> {
                if (!column.kind().isNumber()) {
                    throw problem("agg", "'" + column.path() + "' has no numbers.", "a column of numbers.");
                }
            }
            case COUNT, DISTINCT, MIN, MAX -> {}
        }
        return new Grouping.Aggregate(text, function, List.of(column), percent);
    }

    private ColumnLayout ordered(String parameter, String path) {
        ColumnLayout column = columns.apply(parameter, path);
        if (!column.kind().isOrdered()) {
            throw problem(parameter, "'" + path + "' has no order.", "a column of numbers, texts, dates or booleans.");
        }
        if (column.kind() instanceof Kind.Decimal decimal && !decimal.fits128()) {
            throw problem(parameter, "'" + path + "' has more than 38 digits.", "a column of at most 38 digits.");
        }
        return column;
    }

    private static ProblemException problem(String parameter, String reason, String expected) {
        return new Problem.InvalidParameter(parameter, reason, expected).exception();
    }
}
