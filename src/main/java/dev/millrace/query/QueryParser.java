package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Storage;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Turns request parameters into a {@link RowsQuery} of one product, or fails with the {@code InvalidParameter} that says
 * which one is wrong and what would be right. Immutable; any thread.
 *
 * <p>Parameters: {@code select}, {@code sort}, {@code limit}, {@code cursor}, {@code as_of}, {@code group}, {@code agg}, {@code bucket}; every other name is a filter, {@code
 * column}, {@code column[operator]}, {@code filter[column]} or {@code filter[column][operator]}.
 */
public final class QueryParser {
    /** Names that mean something else than a filter, now or in a later version. */
    private static final Set<String> RESERVED = Set.of(
            "select",
            "sort",
            "limit",
            "cursor",
            "as_of",
            "format",
            "codec",
            "count",
            "group",
            "agg",
            "bucket",
            "filter",
            FilterParser.WHERE);

    private static final int MAX_SORT_KEYS = 8;

    private final String product;
    private final Shape shape;
    private final long view;
    private final Limits limits;
    private final CursorCodec cursors;
    private final Map<String, ColumnLayout> columns = new TreeMap<>();
    private final FilterParser filters;

    /**
     * @param defaultLimit rows of a page whose request names no limit
     * @param maxLimit most rows of a page
     * @param maxFilters most filters of a query
     */
    public record Limits(int defaultLimit, int maxLimit, int maxFilters) {
        /** 100 rows, at most 10,000, 32 filters. */
        public static final Limits USUAL = new Limits(100, 10_000, 32);
    }

    /** A parser of what is asked of a view. */
    public QueryParser(View view, Limits limits, CursorCodec cursors) {
        this(view.product(), view.shape(), view.id(), limits, cursors);
    }

    /** A parser of what is asked of a product with this qualified name, seen in this shape. */
    public QueryParser(String product, Shape shape, long view, Limits limits, CursorCodec cursors) {
        this.product = product;
        this.shape = shape;
        this.view = view;
        this.limits = limits;
        this.cursors = cursors;
        shape.columns().forEach(this::add);
        this.filters = new FilterParser(columns, Operator.ALL, limits.maxFilters());
    }

    /** The query of rows whose columns, text all of them, have these values. */
    public static RowsQuery where(Shape shape, Map<String, String> values) {
        return new QueryParser("", shape, 0, Limits.USUAL, new CursorCodec(new byte[16]))
                .parse(values.entrySet().stream().toList());
    }

    private void add(ColumnLayout column) {
        columns.put(column.path(), column);
        if (column.storage() == Storage.STRUCT) {
            column.children().forEach(this::add);
        }
    }

    /**
     * The query that decoded (name, value) pairs ask for.
     *
     * @throws ProblemException with {@code InvalidParameter}
     */
    public RowsQuery parse(List<Map.Entry<String, String>> parameters) {
        var single = new TreeMap<String, String>();
        var conditions = new ArrayList<Map.Entry<String, String>>();
        for (Map.Entry<String, String> parameter : parameters) {
            String name = parameter.getKey();
            if (RESERVED.contains(name)) {
                if (single.put(name, parameter.getValue()) != null) {
                    throw problem(name, "it is given twice.", "at most one '" + name + "'.");
                }
                continue;
            }
            conditions.add(parameter);
        }
        Filter filter = filters.ofParameters(conditions);
        String where = single.get(FilterParser.WHERE);
        if (where != null) {
            filter = Filter.all(List.of(filter, filters.ofJson(where)));
            if (filter.comparisons() > limits.maxFilters()) {
                throw problem(
                        FilterParser.WHERE,
                        "with the parameters there are too many filters.",
                        "at most " + limits.maxFilters() + ".");
            }
        }
        refuseLater(single);
        String limit = single.get("limit");
        Grouping grouping = new GroupingParser(this::column).parse(single);
        List<ColumnLayout> answered = grouping.isNone()
                ? select(single.get("select"))
                : grouping.layout().top();
        var query = new RowsQuery(
                answered,
                filter,
                grouping,
                sort(single.get("sort"), grouping.isNone() ? columns : named(answered)),
                limit == null ? limits.defaultLimit() : limit(limit, limits.maxLimit()),
                limit != null,
                new Start.Now());
        return query.from(start(single, query));
    }

    /** The query of a subscription: of the reserved names it may have {@code select} alone. */
    public RowsQuery parseChanges(List<Map.Entry<String, String>> parameters) {
        for (Map.Entry<String, String> parameter : parameters) {
            if (RESERVED.contains(parameter.getKey()) && !parameter.getKey().equals("select")) {
                throw problem(
                        parameter.getKey(),
                        "changes come one by one, in the order of their records.",
                        "from, select, format, filters.");
            }
        }
        return parse(parameters);
    }

    /** The columns that can be filtered, nested ones too, by the name that a request uses. */
    public Map<String, ColumnLayout> filters() {
        var filters = new TreeMap<String, ColumnLayout>();
        columns.forEach((name, column) -> filters.put(RESERVED.contains(name) ? "filter[" + name + "]" : name, column));
        return filters;
    }

    /** What reads a filter in its other form, JSON, over the same columns. */
    public FilterParser filterParser() {
        return filters;
    }

    /** A limit between 1 and {@code max}. */
    public static int limit(String text, int max) {
        int limit = text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
        if (limit < 1 || limit > max) {
            throw problem("limit", "'" + shown(text) + "' is out of range.", "a whole number from 1 to " + max + ".");
        }
        return limit;
    }

    private void refuseLater(Map<String, String> single) {
        for (String name : single.keySet()) {
            if (Set.of("codec", "count", "filter", "format").contains(name)) {
                String column = columns.containsKey(name) ? " For the column of that name: filter[" + name + "]." : "";
                throw problem(
                        name,
                        "this server does not offer it here." + column,
                        "select, sort, limit, cursor, as_of, group, agg, bucket, filters.");
            }
        }
    }

    private List<ColumnLayout> select(@org.jspecify.annotations.Nullable String text) {
        if (text == null) {
            return shape.columns();
        }
        var paths = new LinkedHashSet<String>();
        for (String name : text.split(",", -1)) {
            if (!columns.containsKey(name)) {
                throw problem("select", filters.unknown(name), filters.names());
            }
            for (String other : paths) {
                if ((name + ".").startsWith(other + ".") || other.startsWith(name + ".")) {
                    throw problem(
                            "select", "'" + name + "' is named twice, or with a field of it.", "each column once.");
                }
            }
            paths.add(name);
        }
        return narrowed(shape.columns(), paths);
    }

    /** Those of the columns that are asked for, or of which fields are, in the order in which they are first named. */
    private static List<ColumnLayout> narrowed(List<ColumnLayout> columns, Set<String> paths) {
        var found = new LinkedHashMap<String, ColumnLayout>();
        for (String path : paths) {
            columns.stream()
                    .filter(column -> (path + ".").startsWith(column.path() + "."))
                    .forEach(column -> found.computeIfAbsent(
                            column.path(),
                            name -> paths.contains(name)
                                    ? column
                                    : column.narrowed(narrowed(column.children(), paths))));
        }
        return List.copyOf(found.values());
    }

    private ColumnLayout column(String parameter, String path) {
        ColumnLayout column = columns.get(path);
        if (column == null) {
            throw problem(parameter, filters.unknown(path), filters.names());
        }
        return column;
    }

    private static Map<String, ColumnLayout> named(List<ColumnLayout> answered) {
        return answered.stream().collect(Collectors.toMap(ColumnLayout::path, each -> each));
    }

    private List<SortKey> sort(@org.jspecify.annotations.Nullable String text, Map<String, ColumnLayout> columns) {
        if (text == null) {
            return List.of();
        }
        var keys = new ArrayList<SortKey>();
        for (String name : text.split(",", -1)) {
            boolean descending = name.startsWith("-");
            String path = descending ? name.substring(1) : name;
            ColumnLayout column = columns.get(path);
            if (column == null) {
                throw problem(
                        "sort",
                        columns == this.columns
                                ? filters.unknown(path)
                                : "there is no '" + shown(path) + "' in the answer.",
                        "one of " + String.join(", ", columns.keySet())
                                + ". A minus before it for the greatest first.");
            }
            if (!column.kind().isOrdered()) {
                throw problem("sort", "'" + path + "' has no order.", "a column of numbers, texts, dates or booleans.");
            }
            if (keys.stream().anyMatch(key -> key.column().equals(column))) {
                throw problem("sort", "'" + path + "' is named twice.", "each column once.");
            }
            keys.add(new SortKey(column, descending));
        }
        if (keys.size() > MAX_SORT_KEYS) {
            throw problem("sort", "there are " + keys.size() + " columns.", "at most " + MAX_SORT_KEYS + ".");
        }
        return keys;
    }

    private Start start(Map<String, String> single, RowsQuery query) {
        String cursor = single.get("cursor");
        String asOf = single.get("as_of");
        if (cursor != null && asOf != null) {
            throw problem("as_of", "a cursor carries its own position.", "either cursor or as_of.");
        }
        if (cursor != null) {
            return new Start.After(cursors.decode(product, cursor, bound(query)));
        }
        if (asOf == null) {
            return new Start.Now();
        }
        return new Start.At(
                Position.parse(asOf)
                        .orElseThrow(
                                () -> problem(
                                        "as_of",
                                        "'" + shown(asOf) + "' is no position.",
                                        "the Millrace-Position of an earlier answer, for example xJ3dZ0kNT4qJm3YpWzQf5w:50012.49987.")));
    }

    /** The cursor from which a query goes on, as text that is good for it and for this view alone. */
    public String cursor(RowsQuery query, Position position, int partition, long offset, int skip) {
        return cursors.encode(product, new PageCursor(position, partition, offset, skip, bound(query)));
    }

    private long bound(RowsQuery query) {
        return query.fingerprint() ^ view;
    }

    /** A request's own text, cut where it would flood the answer. */
    static String shown(String text) {
        return text.length() <= 100 ? text : text.substring(0, 100) + "…";
    }

    private static ProblemException problem(String parameter, String reason, String expected) {
        return new Problem.InvalidParameter(parameter, reason, expected).exception();
    }
}
