package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Dictionary;
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
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
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
    /** A client without Arrow's builder refuses messages over 4 MiB; this leaves room for the metadata of wide rows. */
    static final int MESSAGE_BYTES = 3 << 20;

    private final ContextInternal context;
    private final WorkerPool workers;
    private final Owner owner;
    private final QueryEngine engine;
    private final ServerStreamListener listener;
    private final OpenRead read;
    private final ServedMeters.Served served;
    private final VectorSchemaRoot root;
    private final VectorLoader loader;
    private final DictionaryProvider.MapDictionaryProvider dictionaries;
    private final BufferAllocator allocator;
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
            ServerStreamListener listener,
            OpenRead owned,
            ServedMeters.Served served) {
        this.context = context;
        this.workers = workers;
        this.owner = owner;
        this.engine = engine;
        this.listener = listener;
        this.read = owned;
        this.served = served;
        this.allocator = engine.allocator();
        this.at = owned.reading().position().toString().getBytes(UTF_8);
        this.root = VectorSchemaRoot.create(Dictionary.vectors(owned.schema()), allocator);
        this.loader = new VectorLoader(root);
        this.dictionaries = Dictionary.provider(owned.selection().columns(), allocator);
    }

    /** Ends when the reading is closed. */
    Future<Void> released() {
        return released.future();
    }

    /** Sends the schema and as many rows as the client takes now; the rest follows as it takes more. */
    void start() {
        listener.setUseZeroCopy(true);
        listener.setOnReadyHandler(() -> context.dispatch(this::turn));
        listener.setOnCancelHandler(() -> context.dispatch(this::end));
        if (listener.isCancelled()) {
            end();
            return;
        }
        listener.start(root, dictionaries);
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
            listener.error(FlightFaults.of("DoGet", failure));
        }
    }

    /** Sends what is cut, if the client takes it now, while the next is cut. */
    @SuppressWarnings("CatchingUnchecked") // whatever fails, the reading is closed and the client is told
    private void turn() {
        ArrowRecordBatch batch = cut;
        if (over || cutting || batch == null || !listener.isReady()) {
            return;
        }
        cut = null;
        try (batch) {
            cutNext();
            send(batch);
        } catch (RuntimeException failure) {
            fail(told(failure));
        }
    }

    private void send(ArrowRecordBatch batch) {
        loader.load(batch);
        ArrowBuf position = allocator.buffer(at.length);
        position.writeBytes(at);
        listener.putNext(position);
        served.rows().increment(batch.getLength());
        served.bytes().increment(batch.computeBodyLength());
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
                        listener.completed();
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
            Selection wanted = read.selection();
            cutter = new ArrowBatches(
                    engine.rows(wanted.view(), read.reading(), wanted.query(), wanted.limit(), () -> over),
                    wanted.columns(),
                    wanted.limit(),
                    MESSAGE_BYTES,
                    allocator);
            batches = cutter;
        }
        Optional<ArrowRecordBatch> next = cutter.next(() -> over || (paused = sliceOver.getAsBoolean()));
        return next.isEmpty() && paused ? Optional.empty() : Optional.of(next);
    }

    private Throwable told(Throwable failure) {
        return failure instanceof OutOfMemoryException
                ? new Problem.Unavailable(
                                read.selection().product().qualifiedName(),
                                "the memory for Flight answers is used up. Try again.")
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
                dictionaries;
                root;
                ArrowBatches cutter = batches;
                ArrowRecordBatch unsent = cut) {
            cut = null;
        } finally {
            released.tryComplete();
        }
    }
}
