package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Dictionary;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import java.util.Optional;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.vector.VectorLoader;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.DictionaryProvider;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;

/**
 * Streams one reading to one client. All of it runs on the event loop of the client's connection: {@link #start}, and
 * what gRPC calls after it; nothing here blocks or has a thread.
 *
 * <p>A turn writes while gRPC takes more, but at most a few messages, so that other connections of the loop get theirs;
 * the rest is a new turn. When gRPC has its threshold queued it says so, and calls when the client has read some of it:
 * what a slow client holds is that threshold and one message. Mapped rows are first brought into memory by a worker,
 * and the stream waits for it.
 *
 * <p>The reading is closed exactly once, by the first of: all sent, a failure, the client's cancel or disappearance.
 * Where a worker is still loading pages of it then, it is closed when the worker is done. Messages that gRPC still has
 * queued hold their buffers themselves.
 */
final class SnapshotStream {
    private static final int STEPS_PER_TURN = 4;

    private final ContextInternal context;
    private final WorkerPool pages;
    private final ServerStreamListener listener;
    private final Reading reading;
    private final ServedMeters.Served served;
    private final BatchCutter cutter;
    private final VectorSchemaRoot root;
    private final VectorLoader loader;
    private final DictionaryProvider.MapDictionaryProvider dictionaries;
    private final BufferAllocator allocator;
    private final byte[] at;
    private final Promise<Void> released = Promise.promise();
    private boolean loading;
    private boolean over;

    /**
     * @param context of the connection's event loop, on which this is called
     * @param pages where mapped rows are loaded
     * @param allocator borrowed, pays for copies; of the same root as the snapshot's
     */
    SnapshotStream(
            ContextInternal context,
            WorkerPool pages,
            BufferAllocator allocator,
            ServerStreamListener listener,
            Reading owned,
            ServedMeters.Served served) {
        this.context = context;
        this.pages = pages;
        this.listener = listener;
        this.reading = owned;
        this.served = served;
        this.allocator = allocator;
        this.at = owned.snapshot().position().toString().getBytes(UTF_8);
        this.cutter =
                new BatchCutter(owned.snapshot(), owned.product().schema(), owned.columns(), owned.limit(), allocator);
        this.root = VectorSchemaRoot.create(Dictionary.vectors(owned.schema()), allocator);
        this.loader = new VectorLoader(root);
        this.dictionaries = Dictionary.provider(owned.columns(), allocator);
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
        turn();
    }

    /** Fails the call unless it is over. */
    void fail(Throwable failure) {
        if (!over) {
            end();
            listener.error(Faults.of("DoGet", failure));
        }
    }

    @SuppressWarnings("CatchingUnchecked") // whatever fails, the snapshot is given back and the client is told
    private void turn() {
        try {
            for (int step = 0; !over && !loading && listener.isReady(); step++) {
                if (cutter.isDone()) {
                    end();
                    listener.completed();
                } else if (step == STEPS_PER_TURN) {
                    context.runOnContext(ignored -> turn());
                    return;
                } else {
                    step();
                }
            }
        } catch (OutOfMemoryException full) {
            fail(new Problem.Unavailable(
                            reading.product().qualifiedName(), "the memory for Flight answers is used up. Try again.")
                    .exception());
        } catch (RuntimeException failure) {
            fail(failure);
        }
    }

    private void step() {
        Optional<BatchCutter.Stretch> cold = cutter.cold();
        if (cold.isPresent()) {
            load(cold.get());
            return;
        }
        Optional<ArrowRecordBatch> next = cutter.next();
        if (next.isEmpty()) {
            return;
        }
        try (ArrowRecordBatch batch = next.get()) {
            loader.load(batch);
            ArrowBuf position = allocator.buffer(at.length);
            position.writeBytes(at);
            listener.putNext(position);
            served.rows().increment(batch.getLength());
            served.bytes().increment(batch.computeBodyLength());
        }
    }

    private void load(BatchCutter.Stretch stretch) {
        loading = true;
        pages.run(stretch::load)
                .onComplete(done -> context.emit(ignored -> {
                    loading = false;
                    if (over) {
                        release();
                    } else if (done.failed()) {
                        fail(done.cause());
                    } else {
                        cutter.loaded(done.result());
                        turn();
                    }
                }));
    }

    private void end() {
        if (!over) {
            over = true;
            if (!loading) {
                release();
            }
        }
    }

    private void release() {
        try (reading;
                dictionaries) {
            root.close();
        } finally {
            released.complete();
        }
    }
}
