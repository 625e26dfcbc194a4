package dev.millrace.query;

import dev.millrace.store.Position;

/** Where a query reads: the product as it is now, as it was, or on from the end of a page. */
public sealed interface Start {
    /** From the first row of the product as it is now. */
    record Now() implements Start {}

    /** From the first row of the product as it was at a position. */
    record At(Position position) implements Start {}

    /** On from where a page ended, at that page's position. */
    record After(PageCursor cursor) implements Start {}
}
