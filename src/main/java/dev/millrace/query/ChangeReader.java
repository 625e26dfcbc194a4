package dev.millrace.query;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Row;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import dev.millrace.text.JsonEncoder;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Writes what changed after a token. It keeps nothing from one call to the next: who knows the token can go on, here or in
 * another process. One thread; not for an event loop.
 *
 * <p>A change is seen through the filters: a row that begins to meet them is an insert, one that meets them no longer a
 * delete. Partitions come one after the other, each up to the bound; within one, the order is that of the offsets.
 */
public final class ChangeReader {
    private static final int RUN = 256;
    private static final int MAX_RUNS = 64;

    /** Where a call ended, and whether there is more up to its bound. */
    public record Filled(ChangeToken token, boolean more) {}

    private final View view;
    private final RowsQuery query;
    private final ChangeForm form;
    private final JsonEncoder encoder;
    private final FilterLoop filter;
    private final int[] one = new int[1];

    /**
     * @param view what the changes are seen through
     * @param query its columns and filters
     */
    public ChangeReader(View view, RowsQuery query, ChangeForm form, boolean numbersAsStrings) {
        this.view = view;
        this.query = query;
        this.form = form;
        this.encoder = JsonEncoder.of(query.select(), numbersAsStrings);
        this.filter = new FilterLoop(query.filter());
    }

    /**
     * Writes changes after {@code from} and up to {@code until}, until about {@code softBytes} are in the sink or {@code
     * stop} says so. The changes of one record are not parted.
     *
     * @param until the product has reached it, and it has reached {@link ChangeToken#needs()}
     * @throws dev.millrace.problem.ProblemException with {@code Gone} when the history from there on is not kept
     */
    public Filled fill(ChangeToken from, Position until, ByteSink sink, int softBytes, BooleanSupplier stop) {
        if (!from.position().topicId().equals(until.topicId())) {
            view.open(from.position()).close(); // which says that it is gone
        }
        return from.state() ? state(from, until, sink, softBytes, stop) : changes(from, until, sink, softBytes, stop);
    }

    private Filled state(ChangeToken from, Position until, ByteSink sink, int softBytes, BooleanSupplier stop) {
        Position position = from.position();
        try (Reading reading = view.open(position)) {
            // Rows of the last offset are counted off: their numbers change when dead rows are left out of a file.
            var start = new Start.After(new PageCursor(position, from.partition(), from.offset(), 0, 0));
            RowSource scan = reading.scan(query.from(start));
            String at = position + "@";
            int skip = from.rows();
            int partition = from.partition();
            long offset = from.offset();
            int rows = skip;
            while (scan.next()) {
                for (int i = 0; i < scan.count(); i++) {
                    boolean same = partition == scan.partition(i) && offset == scan.offset(i);
                    if (same && skip > 0) {
                        skip--;
                        continue;
                    }
                    skip = 0;
                    rows = same ? rows + 1 : 1;
                    partition = scan.partition(i);
                    offset = scan.offset(i);
                    form.begin("insert", sink);
                    sink.put(at);
                    sink.reserve(64);
                    sink.putDecimal(partition);
                    sink.put((byte) '.');
                    sink.putDecimal(offset);
                    sink.put((byte) '.');
                    sink.putDecimal(rows);
                    form.rows(Optional.empty(), Optional.of(new Row(scan.batch(), scan.selection()[i])), encoder, sink);
                    if (sink.position() >= softBytes) {
                        return new Filled(new ChangeToken(position, true, partition, offset, rows), true);
                    }
                }
                if (stop.getAsBoolean()) {
                    return new Filled(new ChangeToken(position, true, partition, offset, rows), true);
                }
            }
        }
        ChangeToken done = ChangeToken.changes(position);
        sink.put(form.position(done));
        return new Filled(done, !done.isAt(until));
    }

    private Filled changes(ChangeToken from, Position until, ByteSink sink, int softBytes, BooleanSupplier stop) {
        try (Reading reading = view.open(until)) {
            var way = new Way(from, until);
            if (from.rows() > 0) {
                // First of all, since no other token says that this record has begun.
                Snapshot.Changes begun = reading.changes(from.position(), from.partition(), 1);
                way.run(from.partition(), begun, from.rows(), sink, softBytes);
            }
            int runs = 0;
            for (int partition = 0; partition < way.next.length; partition++) {
                while (way.next[partition] < until.next(partition)) {
                    if (runs++ == MAX_RUNS || sink.position() >= softBytes || stop.getAsBoolean()) {
                        return new Filled(way.token(), true);
                    }
                    way.run(partition, reading.changes(way.position(), partition, RUN), 0, sink, softBytes);
                }
            }
            return new Filled(way.token(), false);
        }
    }

    /** The next offsets while changes are written. */
    private final class Way {
        private final String topic;
        private final long[] next;

        Way(ChangeToken from, Position until) {
            topic = until.topicId();
            next = new long[Math.max(from.position().partitions(), until.partitions())];
            for (int i = 0; i < next.length; i++) {
                next[i] = from.position().next(i);
            }
        }

        ChangeToken token() {
            return ChangeToken.changes(position());
        }

        Position position() {
            return Position.of(topic, next);
        }

        /** Writes whole records until the sink has enough, but for so many rows of the first. */
        void run(int partition, Snapshot.Changes run, int skip, ByteSink sink, int softBytes) {
            List<Snapshot.Change> changes = run.changes();
            int at = 0;
            while (at < changes.size()) {
                next[partition] = changes.get(at).offset();
                if (sink.position() >= softBytes) {
                    return;
                }
                int end = at + 1;
                while (end < changes.size()
                        && changes.get(end).offset() == changes.get(at).offset()) {
                    end++;
                }
                rows(partition, changes.subList(at, end), at == 0 ? skip : 0, sink);
                at = end;
            }
            next[partition] = run.next();
        }

        private void rows(int partition, List<Snapshot.Change> changes, int skip, ByteSink sink) {
            for (int row = skip; row < changes.size(); row++) {
                Snapshot.Change change = changes.get(row);
                Optional<Row> before = change.before().filter(ChangeReader.this::meets);
                Optional<Row> after = change.effect() == Snapshot.Effect.DELETE || !meets(change.row())
                        ? Optional.empty()
                        : Optional.of(change.row());
                if (before.isEmpty() && after.isEmpty()) {
                    continue;
                }
                form.begin(before.isEmpty() ? "insert" : after.isEmpty() ? "delete" : "update", sink);
                id(partition, change.offset(), row + 1 == changes.size() ? 0 : row + 1, sink);
                form.rows(before, after, encoder, sink);
            }
        }

        /** The token behind a change, without an object for each. */
        private void id(int partition, long offset, int rows, ByteSink sink) {
            sink.put(topic);
            for (int i = 0; i < next.length; i++) {
                sink.reserve(32);
                sink.put((byte) (i == 0 ? ':' : '.'));
                sink.putDecimal(i == partition ? offset + (rows == 0 ? 1 : 0) : next[i]);
            }
            if (rows > 0) {
                sink.put("~" + partition + "." + rows);
            }
        }
    }

    private boolean meets(Row row) {
        one[0] = row.row();
        return filter.narrow(row.batch(), one, 1) > 0;
    }
}
