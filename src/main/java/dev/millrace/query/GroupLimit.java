package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.Hash;
import dev.millrace.arrow.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows on their way into groups, refused as soon as it is certain that there are too many groups: when they have more values
 * in the columns to group by than groups are allowed. Values are told apart by a hash of 64 bits, which may take two for one
 * and never one for two. Nothing is counted any more after a few times as many rows as groups are allowed, so that this costs
 * little. One thread at a time.
 */
final class GroupLimit implements RowSource {
    private static final int ROWS_A_GROUP = 4;
    private static final long NONE = 0x9E37_79B9_7F4A_7C15L;

    private final RowSource rows;
    private final List<Grouping.By> keys;
    private final int limit;
    private final RuntimeException refusal;
    private final long[] table;
    private long rowsLeft;
    private int values;
    private @Nullable Batch bound;
    private List<List<Column>> columns = List.of();

    /** @param owned closed with this */
    GroupLimit(RowSource owned, Grouping grouping, int limit, RuntimeException refusal) {
        this.rows = owned;
        this.limit = limit;
        this.refusal = refusal;
        // Those whose values are groups of their own; a bucket has many, and zeros of two signs are one.
        this.keys = grouping.keys().stream()
                .filter(key -> key.bucket().isEmpty())
                .filter(key -> switch (key.column().kind()) {
                    case Kind.Text _, Kind.Int _, Kind.Date _ -> true;
                    default -> false;
                })
                .toList();
        this.rowsLeft = keys.isEmpty() ? 0 : (long) ROWS_A_GROUP * limit;
        this.table = new long[keys.isEmpty() ? 1 : Integer.highestOneBit(limit) * 4];
    }

    @Override
    public boolean next() {
        if (!rows.next()) {
            return false;
        }
        if (rowsLeft > 0 && rows.count() > 0) {
            rowsLeft -= rows.count();
            look();
        }
        return true;
    }

    private void look() {
        Batch batch = rows.batch();
        if (batch != bound) {
            bound = batch;
            columns = keys.stream().map(key -> batch.path(key.column().path())).toList();
        }
        int[] selection = rows.selection();
        for (int i = 0; i < rows.count(); i++) {
            add(hash(selection[i]));
        }
    }

    private long hash(int row) {
        long hash = 1;
        for (List<Column> path : columns) {
            boolean missing = false;
            for (Column column : path) {
                missing |= column.layout().nullable() && column.isNull(row);
            }
            hash = Hash.combine(hash, missing ? NONE : path.getLast().hash(row));
        }
        return hash == 0 ? 1 : hash;
    }

    private void add(long hash) {
        int at = (int) (hash >>> 32) & table.length - 1;
        while (table[at] != 0) {
            if (table[at] == hash) {
                return;
            }
            at = at + 1 & table.length - 1;
        }
        table[at] = hash;
        if (++values > limit) {
            throw refusal;
        }
    }

    @Override
    public Batch batch() {
        return rows.batch();
    }

    @Override
    public int[] selection() {
        return rows.selection();
    }

    @Override
    public int count() {
        return rows.count();
    }

    @Override
    public void close() {
        rows.close();
    }
}
