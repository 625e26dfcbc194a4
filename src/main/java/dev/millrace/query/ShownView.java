package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Row;
import dev.millrace.problem.Problem;
import dev.millrace.store.Position;
import dev.millrace.store.Snapshot;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/**
 * The view that shows some rows and columns of a product, and of some values only what a mask leaves. What it gives are
 * copies that have nothing else, so that nobody behind it can see more, or be told more by where a batch ends.
 */
public final class ShownView implements View {
    private final View whole;
    private final ShownColumns columns;
    private final List<Showing> showings;
    private final Filter rule;
    private final long id;

    /**
     * @param columns what these showings leave
     * @param showings at least one, at most {@value ShownColumns#MOST_SHOWINGS}
     */
    public ShownView(View whole, ShownColumns columns, List<Showing> showings) {
        this.whole = whole;
        this.columns = columns;
        this.showings = List.copyOf(showings);
        this.rule = rule(showings);
        this.id = id(whole.product(), columns.shape(), showings);
    }

    private static Filter rule(List<Showing> showings) {
        List<Filter> rules = showings.stream().map(Showing::rows).distinct().toList();
        return rules.stream().anyMatch(Filter::isAll) ? Filter.ALL : Filter.any(rules);
    }

    /** Claims are part of it, which somebody may choose: of a digest that nobody can meet by choosing. */
    private static long id(String product, Shape shape, List<Showing> showings) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((product + "|" + shape.id()).getBytes(UTF_8));
            showings.stream()
                    .map(showing -> showing.rows().canonical() + showing.masks())
                    .sorted()
                    .forEach(text -> digest.update(ByteBuffer.allocate(4 + text.getBytes(UTF_8).length)
                            .putInt(text.length())
                            .put(text.getBytes(UTF_8))
                            .flip()));
            return ByteBuffer.wrap(digest.digest()).getLong();
        } catch (NoSuchAlgorithmException everyJdkHasIt) {
            throw new IllegalStateException(everyJdkHasIt);
        }
    }

    @Override
    public String product() {
        return whole.product();
    }

    @Override
    public Shape shape() {
        return columns.shape();
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public Position position() {
        return whole.position();
    }

    @Override
    public Reading open() {
        return new Shown(whole.open());
    }

    @Override
    public Reading open(Position position) {
        return new Shown(whole.open(position));
    }

    @Override
    public Optional<RowKey> key(List<String> components) {
        return shape().key().isEmpty() ? Optional.empty() : whole.key(components);
    }

    @Override
    public String keyFault(List<String> components) {
        return shape().key().isEmpty() ? "this is no key of the product." : whole.keyFault(components);
    }

    static RuntimeException full() {
        return new Problem.Unavailable("The answer", "the memory for answers is used up. Ask for fewer rows.")
                .exception();
    }

    /** What was opened over a reading is closed with it. */
    private final class Shown implements Reading {
        private final Reading rows;
        private final List<Runnable> opened = new ArrayList<>();
        private final int[] one = new int[1];
        private @Nullable FilterLoop filter;
        private ShownColumns.@Nullable Copier copier;
        private @Nullable BatchWriter row;

        Shown(Reading rows) {
            this.rows = rows;
        }

        @Override
        public Position position() {
            return rows.position();
        }

        @Override
        public long rows() {
            return rule.isAll() ? rows.rows() : new RowCount(rows, RowsQuery.of(rule)).rows();
        }

        @Override
        public RowSource scan(RowsQuery query) {
            List<Filter> asked = query.filter() instanceof Filter.And(List<Filter> all) ? all : List.of(query.filter());
            // What asks of values as they are is asked of the store, which knows what files cannot meet it.
            List<Filter> below = asked.stream().filter(columns::isPlain).toList();
            List<Filter> above =
                    asked.stream().filter(each -> !columns.isPlain(each)).toList();
            Start start = query.start() instanceof Start.After(PageCursor cursor)
                    ? new Start.After(new PageCursor(cursor.position(), cursor.partition(), cursor.offset(), 0, 0))
                    : query.start();
            var scan = new ShownScan(
                    rows.scan(query.from(start)
                            .filtered(Filter.all(Stream.concat(Stream.of(rule), below.stream())
                                    .toList()))),
                    columns,
                    columns.new Copier(showings),
                    Filter.all(above),
                    query);
            opened.add(scan::close);
            return scan;
        }

        private boolean isShown(Batch batch, int row) {
            FilterLoop asked = filter;
            if (asked == null) {
                asked = new FilterLoop(rule);
                filter = asked;
            }
            one[0] = row;
            return asked.narrow(batch, one, 1) > 0;
        }

        private void copy(Batch batch, int row, BatchWriter into) {
            ShownColumns.Copier kept = copier;
            if (kept == null) {
                kept = columns.new Copier(showings);
                copier = kept;
            }
            one[0] = row;
            kept.copy(batch, one, 0, 1, into);
        }

        @Override
        public Optional<Row> find(RowKey key) {
            Optional<Row> found = rows.find(key).filter(at -> isShown(at.batch(), at.row()));
            if (found.isEmpty()) {
                return found;
            }
            try {
                BatchWriter into = row;
                if (into == null) {
                    into = columns.borrow();
                    row = into;
                } else {
                    into.truncate(0);
                }
                copy(found.get().batch(), found.get().row(), into);
                return Optional.of(new Row(into.batch(), 0));
            } catch (OutOfMemoryException full) {
                throw full();
            }
        }

        /** Across and out of sight an update is an insert, a delete or nothing. */
        @Override
        public Snapshot.Changes changes(Position from, int partition, int limit) {
            Snapshot.Changes all = rows.changes(from, partition, limit);
            if (all.changes().isEmpty()) {
                return all;
            }
            record Seen(long offset, boolean before, boolean after) {}
            var seen = new ArrayList<Seen>();
            Batch batch;
            try (BatchWriter writer = columns.writer()) {
                writer.open(2 * all.changes().size());
                for (Snapshot.Change change : all.changes()) {
                    boolean before = change.before()
                            .filter(row -> isShown(row.batch(), row.row()))
                            .isPresent();
                    boolean after = change.effect() != Snapshot.Effect.DELETE
                            && isShown(change.row().batch(), change.row().row());
                    if (before) {
                        Row old = change.before().get();
                        copy(old.batch(), old.row(), writer);
                    }
                    if (after) {
                        copy(change.row().batch(), change.row().row(), writer);
                    }
                    if (before || after) {
                        seen.add(new Seen(change.offset(), before, after));
                    }
                }
                batch = writer.seal();
            } catch (OutOfMemoryException full) {
                throw full();
            }
            opened.add(batch::release);
            var changes = new ArrayList<Snapshot.Change>();
            int at = 0;
            for (Seen each : seen) {
                Optional<Row> before = each.before() ? Optional.of(new Row(batch, at++)) : Optional.empty();
                Row now = each.after() ? new Row(batch, at++) : before.orElseThrow();
                Snapshot.Effect kind = !each.after()
                        ? Snapshot.Effect.DELETE
                        : each.before() ? Snapshot.Effect.UPDATE : Snapshot.Effect.INSERT;
                changes.add(new Snapshot.Change(kind, each.offset(), now, before));
            }
            return new Snapshot.Changes(changes, all.next());
        }

        @Override
        public void requireChanges(Position from) {
            rows.requireChanges(from);
        }

        @Override
        public OptionalLong newestMillis() {
            return rows.newestMillis();
        }

        /** What the store has is nobody's here to know. */
        @Override
        public long estimatedBytes(List<ColumnLayout> columns) {
            return 0;
        }

        @Override
        public void close() {
            BatchWriter kept = row;
            if (kept != null) {
                columns.giveBack(kept);
            }
            opened.forEach(Runnable::run);
            rows.close();
        }
    }
}
