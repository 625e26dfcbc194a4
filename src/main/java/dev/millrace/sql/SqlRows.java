package dev.millrace.sql;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Layout;
import dev.millrace.problem.Problem;
import dev.millrace.query.RowSource;
import dev.millrace.store.Position;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a statement's result, as they come. Whoever takes them waits for the next ones, so not on an event loop; one
 * thread at a time. Closing it ends the statement.
 */
public final class SqlRows implements RowSource {
    private static final int WAITING_BATCHES = 4;

    /** A run of rows, or how it ended. */
    private record Part(Optional<Batch> batch, int rows, Optional<RuntimeException> failure) {}

    private final Layout layout;
    private final Map<String, Position> positions;
    private final BlockingQueue<Part> parts = new ArrayBlockingQueue<>(WAITING_BATCHES);
    private @Nullable Batch previous;
    private @Nullable Batch batch;
    private int[] selection = {};
    private boolean ended;
    private volatile boolean closed;

    SqlRows(Layout layout, Map<String, Position> positions) {
        this.layout = layout;
        this.positions = Map.copyOf(positions);
    }

    /** The result's columns. */
    public Layout layout() {
        return layout;
    }

    /** Where each product stands that the statement names: qualified names and positions as a header has them. */
    public String position() {
        return positions.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining(", "));
    }

    /** Gives a batch, which is owned, as soon as there is room; false when nobody wants it. */
    boolean give(Batch owned, int rows) throws InterruptedException {
        if (offer(new Part(Optional.of(owned), rows, Optional.empty()))) {
            return true;
        }
        owned.release();
        return false;
    }

    void end(Optional<RuntimeException> failure) throws InterruptedException {
        offer(new Part(Optional.empty(), 0, failure));
    }

    private boolean offer(Part part) throws InterruptedException {
        while (!closed) {
            if (parts.offer(part, 50, TimeUnit.MILLISECONDS)) {
                if (closed) {
                    drain();
                }
                return !closed;
            }
        }
        return false;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public boolean next() {
        if (ended) {
            selection = new int[0];
            return false;
        }
        try {
            Part part = parts.take();
            part.failure().ifPresent(failure -> {
                throw failure;
            });
            ended = part.batch().isEmpty();
            selection = IntStream.range(0, part.rows()).toArray();
            if (!ended) {
                // Who puts rows of several steps together still has those of the step before.
                release(previous);
                previous = batch;
                batch = part.batch().orElseThrow();
            }
            return !ended;
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new Problem.Unavailable("The answer", "the server stops.").exception();
        }
    }

    @Override
    public Batch batch() {
        if (batch == null) {
            throw new IllegalStateException("no rows");
        }
        return batch;
    }

    @Override
    public int[] selection() {
        return selection;
    }

    @Override
    public boolean isTransient() {
        return true;
    }

    @Override
    public void close() {
        closed = true;
        release(previous);
        release(batch);
        previous = null;
        batch = null;
        drain();
    }

    private static void release(@Nullable Batch batch) {
        if (batch != null) {
            batch.release();
        }
    }

    private void drain() {
        for (Part part = parts.poll(); part != null; part = parts.poll()) {
            part.batch().ifPresent(Batch::release);
        }
    }
}
