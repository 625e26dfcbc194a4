package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import dev.millrace.store.Position;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which rows of a product to read, and which columns of them. Immutable; any thread.
 *
 * @param select top-level columns in the order asked for, structs narrowed to the fields asked for
 * @param grouping whether groups of them are answered, which {@code select} and {@code sort} then are columns of
 * @param sort the order of the rows, the first key first; empty for that of partition and offset
 * @param limitGiven whether the request named the limit; an export without one reads everything
 */
public record RowsQuery(
        List<ColumnLayout> select,
        Filter filter,
        Grouping grouping,
        List<SortKey> sort,
        int limit,
        boolean limitGiven,
        Start start) {
    public RowsQuery {
        select = List.copyOf(select);
        sort = List.copyOf(sort);
    }

    /** All rows that meet a filter, with some top-level columns, in the order that they have. */
    public static RowsQuery scan(List<ColumnLayout> select, Filter filter) {
        return new RowsQuery(select, filter, Grouping.NONE, List.of(), RowsScan.BLOCK, false, new Start.Now());
    }

    /** The position that it names; empty for the product as it is now. */
    public Optional<Position> position() {
        return switch (start) {
            case Start.Now ignored -> Optional.empty();
            case Start.At(Position position) -> Optional.of(position);
            case Start.After(PageCursor cursor) -> Optional.of(cursor.position());
        };
    }

    /** The same query from another start on. */
    RowsQuery from(Start other) {
        return new RowsQuery(select, filter, grouping, sort, limit, limitGiven, other);
    }

    /** All rows that meet a filter, in the order that they have. */
    static RowsQuery of(Filter filter) {
        return scan(List.of(), filter);
    }

    /** The same query of the rows that meet another filter. */
    RowsQuery filtered(Filter other) {
        return new RowsQuery(select, other, grouping, sort, limit, limitGiven, start);
    }

    /** The rows that are wanted, in the order that they have. */
    RowsQuery ofAllRows() {
        return of(filter);
    }

    /** Columns and filters, equal for the same rows and the same columns of them. */
    public List<String> canonical() {
        return Stream.concat(
                        Stream.of(filter.canonical()),
                        select.stream().flatMap(ColumnLayout::leaves).map(ColumnLayout::path))
                .toList();
    }

    /** The same query of all rows. */
    public RowsQuery whole() {
        return from(new Start.Now());
    }

    /** A hash of columns, filters and order, the same for the same query whatever its limit and start. */
    public long fingerprint() {
        byte[] text = (select.stream()
                                .flatMap(ColumnLayout::leaves)
                                .map(ColumnLayout::path)
                                .collect(Collectors.joining(","))
                        + "\n"
                        + filter.canonical()
                        + sort.stream().map(SortKey::canonical).collect(Collectors.joining(",", "\n\n", ""))
                        + (grouping.isNone() ? "" : grouping.canonical()))
                .getBytes(UTF_8);
        return Hash.of(text, 0, text.length);
    }
}
