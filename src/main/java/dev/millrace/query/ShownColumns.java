package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.contract.Mask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * The columns that {@linkplain Showing showings} leave of a product, and the way of its rows into batches that have
 * nothing else. Views of the same masks have one in common. Any thread.
 *
 * <p>A column is there if a showing shows it. A row's value is that of the weakest mask among the showings that show the
 * row; where that is to hide it, there is none.
 */
public final class ShownColumns implements AutoCloseable {
    /** More showings than that are not looked at: who has so many sees less. */
    public static final int MOST_SHOWINGS = 64;

    private static final int SPARE_ROWS = 8;

    /** @param weakest numbers of the showings, the weakest mask first; empty where all show the value */
    private record Shown(int source, List<ValueMask> masks, int[] weakest) {
        static final int[] ALL_ALIKE = {};
    }

    private final Shape shape;
    private final List<Shown> columns = new ArrayList<>();
    private final Set<String> plain = new HashSet<>();
    private final BufferAllocator allocator;
    private final AtomicReference<@Nullable BatchWriter> spare = new AtomicReference<>();
    private volatile boolean closed;

    /**
     * @param masks of each showing, one for each column of {@code whole}
     * @param secret of pseudonyms
     * @param purpose of the pseudonyms
     * @param allocator borrowed, pays for the batches; of the same root as the store's
     */
    public ShownColumns(Shape whole, List<List<Mask>> masks, byte[] secret, String purpose, BufferAllocator allocator) {
        this.allocator = allocator;
        var fields = new ArrayList<Field>();
        var key = new ArrayList<String>();
        var pseudonyms = new ValueMask.Pseudonyms(secret);
        for (int i = 0; i < whole.columns().size(); i++) {
            int number = i;
            List<Mask> each = masks.stream().map(showing -> showing.get(number)).toList();
            ColumnLayout column = whole.columns().get(i);
            if (each.stream().allMatch(Mask.HIDE::equals)) {
                continue;
            }
            int[] weakest = IntStream.range(0, each.size())
                    .boxed()
                    .sorted(Comparator.comparingDouble(
                            showing -> each.get(showing).strength()))
                    .mapToInt(showing -> showing)
                    .toArray();
            boolean alike = each.stream().distinct().count() == 1;
            columns.add(new Shown(
                    i,
                    each.stream()
                            .map(mask -> ValueMask.of(mask, column.kind(), pseudonyms))
                            .toList(),
                    alike ? Shown.ALL_ALIKE : weakest));
            fields.add(field(column, each));
            if (alike && each.getFirst().equals(Mask.SHOW)) {
                plain.add(column.path());
            }
        }
        List<String> names = fields.stream().map(Field::getName).toList();
        whole.key().forEach(column -> key.add(column.name()));
        Layout layout = Layout.of(new Schema(fields));
        List<ColumnLayout> shown = layout.top();
        this.shape = new Shape(
                layout,
                shown,
                names.containsAll(key)
                        ? key.stream()
                                .map(name -> shown.get(names.indexOf(name)))
                                .toList()
                        : List.of(),
                whole.upsert(),
                "|" + masks + purpose);
    }

    private static Field field(ColumnLayout column, List<Mask> masks) {
        Field field = column.field();
        boolean missing = masks.stream().anyMatch(mask -> mask instanceof Mask.Null || mask instanceof Mask.Hide);
        boolean text = masks.stream().anyMatch(mask -> mask instanceof Mask.Keep || mask instanceof Mask.Pseudonym);
        if (!missing && !text) {
            return field;
        }
        Map<String, String> metadata = new HashMap<>(field.getMetadata());
        if (text) {
            metadata.remove("enum");
        }
        return new Field(
                field.getName(),
                new FieldType(
                        field.isNullable() || missing,
                        text ? ArrowType.Utf8.INSTANCE : field.getType(),
                        text ? null : field.getDictionary(),
                        metadata),
                field.getChildren());
    }

    /** What is left. */
    public Shape shape() {
        return shape;
    }

    /** Whether a filter asks of nothing but columns whose values are shown as they are. */
    boolean isPlain(Filter filter) {
        return switch (filter) {
            case Filter.And(List<Filter> filters) -> filters.stream().allMatch(this::isPlain);
            case Filter.Or(List<Filter> filters) -> filters.stream().allMatch(this::isPlain);
            case Filter.Not(Filter inner) -> isPlain(inner);
            case Filter.Compare compare ->
                plain.contains(compare.column().path().split("\\.", 2)[0])
                        || plain.contains(compare.column().path());
        };
    }

    BatchWriter writer() {
        return new BatchWriter(shape.layout(), allocator);
    }

    /** A writer without rows, open, kept from an earlier look-up where there is one. */
    BatchWriter borrow() {
        BatchWriter kept = spare.getAndSet(null);
        if (kept != null) {
            kept.truncate(0);
            return kept;
        }
        BatchWriter made = writer();
        made.open(SPARE_ROWS);
        return made;
    }

    void giveBack(BatchWriter owned) {
        // A large value is not kept from one look-up to the next.
        if (closed || owned.allocatedBytes() > 1 << 16 || !spare.compareAndSet(null, owned)) {
            owned.close();
        } else if (closed) {
            drop();
        }
    }

    private void drop() {
        Optional.ofNullable(spare.getAndSet(null)).ifPresent(BatchWriter::close);
    }

    /** Gives the kept memory back; views over these columns go on without. */
    @Override
    public void close() {
        closed = true;
        drop();
    }

    /** Copies rows of one reading. One thread at a time. */
    final class Copier {
        private final List<FilterLoop> rules;
        private long[] shown = {};
        private int[] hits = {};
        private @Nullable Batch batch;
        private Column[] sources = {};

        Copier(List<Showing> showings) {
            this.rules = columns.stream().allMatch(column -> column.weakest().length == 0)
                    ? List.of()
                    : showings.stream()
                            .map(showing -> new FilterLoop(showing.rows()))
                            .toList();
        }

        /** Copies rows, each of which a showing shows. */
        void copy(Batch from, int[] selection, int start, int count, BatchWriter into) {
            if (from != batch) {
                batch = from;
                sources = columns.stream()
                        .map(column -> from.column(column.source()))
                        .toArray(Column[]::new);
            }
            if (!rules.isEmpty()) {
                ask(from, selection, start, count);
            }
            for (int c = 0; c < sources.length; c++) {
                Shown column = columns.get(c);
                ColumnWriter writer = into.column(c);
                Column source = sources[c];
                if (column.weakest().length == 0) {
                    ValueMask mask = column.masks().getFirst();
                    if (mask == ValueMask.SHOW) {
                        for (int i = start; i < start + count; i++) {
                            writer.copy(source, selection[i]);
                        }
                    } else {
                        for (int i = start; i < start + count; i++) {
                            mask.put(source, selection[i], writer);
                        }
                    }
                } else {
                    for (int i = 0; i < count; i++) {
                        mask(column, shown[i]).put(source, selection[start + i], writer);
                    }
                }
            }
            into.endRows(count);
        }

        private static ValueMask mask(Shown column, long shown) {
            for (int showing : column.weakest()) {
                if ((shown >>> showing & 1) != 0) {
                    return column.masks().get(showing);
                }
            }
            return ValueMask.NULL;
        }

        private void ask(Batch from, int[] selection, int start, int count) {
            if (shown.length < count) {
                shown = new long[count];
                hits = new int[count];
            }
            Arrays.fill(shown, 0, count, 0);
            for (int rule = 0; rule < rules.size(); rule++) {
                System.arraycopy(selection, start, hits, 0, count);
                int kept = rules.get(rule).narrow(from, hits, count);
                int at = 0;
                for (int i = 0; i < kept; i++) {
                    while (selection[start + at] != hits[i]) {
                        at++;
                    }
                    shown[at] |= 1L << rule;
                }
            }
        }
    }
}
