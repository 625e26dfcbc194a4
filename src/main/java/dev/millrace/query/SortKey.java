package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;

/** One column to sort by, top-level or nested in structs; rows where it is null come last either way. */
public record SortKey(ColumnLayout column, boolean descending) {
    /** The key in one word, the same for the same key: a cursor is bound to it. */
    String canonical() {
        return (descending ? "-" : "") + column.path();
    }
}
