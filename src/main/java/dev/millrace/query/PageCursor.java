package dev.millrace.query;

import dev.millrace.store.Position;

/**
 * Where the next page begins.
 *
 * @param position the position that the whole sequence of pages reads at
 * @param partition of the next row
 * @param offset the next row's offset is at least this
 * @param skip how many rows with just this offset come before it: a record may have several rows
 * @param fingerprint {@link RowsQuery#fingerprint()} of the query that the cursor belongs to
 */
public record PageCursor(Position position, int partition, long offset, int skip, long fingerprint) {}
