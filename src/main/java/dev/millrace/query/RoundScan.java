package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.layer.WorkerPool;
import dev.millrace.store.Slice;
import dev.millrace.store.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All rows of a snapshot that a filter wants, in their order, found by several threads of a pool. Parts of the rows are looked
 * at in rounds: who reads looks at all parts of a round that no other thread has taken, waits for those that one has, and
 * passes them on one by one. So nothing is at work between two steps, which are no longer than a round, and where other
 * threads have no time the reader does all by itself.
 */
final class RoundScan implements RowSource {
    /** Most rows of a part. */
    static final int PART_ROWS = 1 << 14;

    private static final int PARTS = 8;
    private static final long LOOK_NANOS = 20_000;

    private record Part(Slice slice, int partition, int from, int to) {}

    /** A place for a part in a round. */
    private final class Place {
        private final int[] selection = new int[PART_ROWS];
        private final FilterLoop filter;
        private final AtomicBoolean taken = new AtomicBoolean(true);
        private @Nullable Part part;
        private int count;
        private @Nullable Throwable failure;
        private volatile boolean done;

        Place(Filter filter) {
            this.filter = new FilterLoop(filter);
        }

        void begin(Part next) {
            part = next;
            failure = null;
            done = false;
            taken.set(false);
        }

        Part part() {
            return Objects.requireNonNull(part, "no step taken");
        }

        /** Looks at the part, unless another thread has taken it; answers whether it did. Any thread. */
        @SuppressWarnings("CatchingUnchecked") // whatever it is, who reads fails with it
        boolean look() {
            if (!taken.compareAndSet(false, true)) {
                return false;
            }
            try {
                Part at = part();
                Batch batch = at.slice().batch();
                count = 0;
                if (filter.mayMeet(batch)) {
                    int found = filter.narrow(batch, selection, at.slice().select(at.from(), at.to(), selection));
                    count = narrowing.get().narrow(batch, selection, found);
                }
            } catch (RuntimeException | Error thrown) {
                failure = thrown;
            }
            done = true;
            return true;
        }
    }

    private final Supplier<Narrowing> narrowing;
    private final List<Part> parts;
    private final List<Place> places;
    private final AtomicInteger helpers = new AtomicInteger();
    private int next;
    private int begun;
    private int at;
    private @Nullable Place current;
    private volatile boolean ended;

    /**
     * @param snapshot borrowed
     * @param narrowing gives what leaves out more rows of a part; any thread
     */
    RoundScan(Snapshot snapshot, Filter filter, Supplier<Narrowing> narrowing) {
        this.narrowing = narrowing;
        this.parts = parts(snapshot);
        this.places = Stream.generate(() -> new Place(filter)).limit(PARTS).toList();
    }

    /** Whether a snapshot has so many rows that more than one thread can find them. */
    static boolean isWorth(Snapshot snapshot) {
        long rows = 0;
        for (int partition = 0; partition < snapshot.partitions(); partition++) {
            rows += snapshot.slices(partition).stream().mapToLong(Slice::rows).sum();
        }
        return rows > PART_ROWS * PARTS;
    }

    private static List<Part> parts(Snapshot snapshot) {
        List<Part> parts = new ArrayList<>();
        for (int partition = 0; partition < snapshot.partitions(); partition++) {
            for (Slice slice : snapshot.slices(partition)) {
                for (int from = 0; from < slice.rows(); from += PART_ROWS) {
                    parts.add(new Part(slice, partition, from, Math.min(slice.rows(), from + PART_ROWS)));
                }
            }
        }
        return parts;
    }

    @Override
    public boolean next() {
        if (at == begun) {
            if (next == parts.size()) {
                ended = true;
                current = null;
                return false;
            }
            round();
        }
        Place place = places.get(at++);
        current = place;
        switch (place.failure) {
            case null -> {}
            case RuntimeException unchecked -> throw unchecked;
            case Error error -> throw error;
            case Throwable checked -> throw new IllegalStateException(checked);
        }
        return true;
    }

    private void round() {
        begun = Math.min(PARTS, parts.size() - next);
        at = 0;
        for (int i = 0; i < begun; i++) {
            places.get(i).begin(parts.get(next++));
        }
        if (helpers.get() == 0) {
            helpers.addAndGet(WorkerPool.help(this::help));
        }
        places.forEach(Place::look);
        for (int i = 0; i < begun; i++) {
            while (!places.get(i).done) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
    }

    /** On another thread of the pool: looks at parts for a slice, and goes on later where there were any. */
    private Optional<Boolean> help(BooleanSupplier over) {
        boolean helped = false;
        while (!ended && !over.getAsBoolean()) {
            boolean looked = false;
            for (int i = PARTS - 1; i >= 0 && !looked; i--) {
                looked = places.get(i).look();
            }
            if (!looked) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
            helped |= looked;
        }
        if (helped && !ended) {
            return Optional.empty();
        }
        helpers.decrementAndGet();
        return Optional.of(true);
    }

    private Place current() {
        return Objects.requireNonNull(current, "no step taken");
    }

    @Override
    public Batch batch() {
        return current().part().slice().batch();
    }

    @Override
    public int[] selection() {
        return current().selection;
    }

    @Override
    public int count() {
        Place now = current;
        return now == null ? 0 : now.count;
    }

    @Override
    public int partition(int index) {
        return current().part().partition();
    }

    @Override
    public long offset(int index) {
        return current().part().slice().offset(current().selection[index]);
    }

    @Override
    public int skip(int index) {
        return current().selection[index] - current().part().slice().firstRowAt(offset(index));
    }

    @Override
    public void close() {
        ended = true;
    }
}
