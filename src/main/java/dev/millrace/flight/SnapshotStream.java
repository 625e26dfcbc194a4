package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.layer.Owner;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.ArrowBatches;
import dev.millrace.query.QueryEngine;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Streams one reading to one client. A worker cuts the next record batch while the event loop of the client's connection
 * sends the one before; all else here runs on that loop, which nothing blocks.
 *
 * <p>When gRPC has its threshold queued it says so, and calls when the client has read some of it: what a slow client
 * holds is that threshold and two batches, which are copies only where rows had to be gathered.
 *
 * <p>The reading is closed exactly once, by the first of: all sent, a failure, the client's cancel or disappearance.
 * Where a worker is still at work on it then, it is closed when the worker is done. Messages that gRPC still has queued
 * hold their buffers themselves.
 */
final class SnapshotStream {
    private final ContextInternal context;
    private final WorkerPool workers;
    private final Owner owner;
    private final QueryEngine engine;
    private final MessageSink sink;
    private final Streamed read;
    private final ServedMeters.Served served;
    private final byte[] at;
    private final Promise<Void> released = Promise.promise();

    /** The worker's while it is at work. */
    private @Nullable ArrowBatches batches;

    private @Nullable ArrowRecordBatch cut;
    private boolean cutting;
    private boolean paused;
    private boolean all;
    private volatile boolean over;

    /**
     * @param context of the connection's event loop, on which this is called
     * @param workers who cut batches
     * @param owner whose turns that takes
     * @param engine borrowed; its allocator pays for copies
     */
    SnapshotStream(
            ContextInternal context,
            WorkerPool workers,
            Owner owner,
            QueryEngine engine,
            MessageSink sink,
            Streamed owned,
            ServedMeters.Served served) {
        this.context = context;
        this.workers = workers;
        this.owner = owner;
        this.engine = engine;
        this.sink = sink;
        this.read = owned;
        this.served = served;
        this.at = owned.position().getBytes(UTF_8);
    }

    /** Ends when the reading is closed. */
    Future<Void> released() {
        return released.future();
    }

    /** Sends the schema and as many rows as the client takes now; the rest follows as it takes more. */
    void start() {
        sink.tell(() -> context.dispatch(this::turn), () -> context.dispatch(this::end));
        if (sink.isGone()) {
            end();
            return;
        }
        sink.send(FlightMessage.schema(read.schema()));
        FlightMessage.dictionaries(read.columns(), engine.allocator(), sink::send);
        cutNext();
    }

    /** Fails the call unless it is over, since the server stops. Any thread. */
    void cut() {
        context.runOnContext(turn -> fail(FlightCalls.stops()));
    }

    /** Fails the call unless it is over. */
    void fail(Throwable failure) {
        if (!over) {
            end();
            sink.fail(FlightFaults.of("DoGet", failure));
        }
    }

    /** Sends what is cut, if the client takes it now, while the next is cut. */
    @SuppressWarnings("CatchingUnchecked") // whatever fails, the reading is closed and the client is told
    private void turn() {
        ArrowRecordBatch batch = cut;
        if (over || cutting || batch == null || !sink.hasRoom()) {
            return;
        }
        cut = null;
        try {
            cutNext();
            send(batch);
        } catch (RuntimeException failure) {
            fail(told(failure));
        }
    }

    private void send(ArrowRecordBatch owned) {
        served.rows().increment(owned.getLength());
        served.bytes().increment(owned.computeBodyLength());
        sink.send(FlightMessage.rows(owned, at));
    }

    private void cutNext() {
        if (all) {
            return;
        }
        cutting = true;
        workers.run(owner, this::next)
                // A turn of its own: what is at hand is sent before a worker that is quick is heard.
                .onComplete(done -> context.runOnContext(ignored -> {
                    cutting = false;
                    if (done.failed()) {
                        fail(told(done.cause()));
                        release();
                        return;
                    }
                    cut = done.result().orElse(null);
                    all = cut == null;
                    if (over) {
                        release();
                    } else if (all) {
                        end();
                        sink.end();
                    } else {
                        turn();
                    }
                }));
    }

    /** On a worker, in slices; the inner one is empty at the end. */
    private Optional<Optional<ArrowRecordBatch>> next(BooleanSupplier sliceOver) {
        paused = false;
        ArrowBatches cutter = batches;
        if (cutter == null) {
            cutter = new ArrowBatches(
                    read.rows().apply(engine, () -> over),
                    read.columns(),
                    read.limit(),
                    FlightMessage.mostBodyBytes(read.columns()),
                    engine.allocator());
            batches = cutter;
        }
        Optional<ArrowRecordBatch> next = cutter.next(() -> over || (paused = sliceOver.getAsBoolean()));
        return next.isEmpty() && paused ? Optional.empty() : Optional.of(next);
    }

    private Throwable told(Throwable failure) {
        return failure instanceof OutOfMemoryException
                ? new Problem.Unavailable(read.name(), "the memory for Flight answers is used up. Try again.")
                        .exception()
                : failure;
    }

    private void end() {
        if (!over) {
            over = true;
            release();
        }
    }

    private void release() {
        if (cutting || released.future().isComplete()) {
            return;
        }
        try (read;
                ArrowBatches cutter = batches;
                ArrowRecordBatch unsent = cut) {
            cut = null;
        } finally {
            released.tryComplete();
        }
    }
}
