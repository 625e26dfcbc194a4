package dev.millrace.http;

import dev.millrace.layer.Owner;
import dev.millrace.layer.Places;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.RowCount;
import dev.millrace.query.RowsQuery;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.buffer.BufferInternal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows on their way to one client, a buffer at a time: a worker fills a buffer, in slices, the event loop writes it, and the
 * next one is filled when the socket has room. So one client holds at most a buffer here and a write queue, however slowly it
 * reads.
 *
 * <p>Everything but the filling runs on the connection's event loop. The reading is closed exactly once: at the end,
 * at a failure, when the connection closes, or when the client has taken nothing for the stall time; where a worker is at
 * work then, after it.
 */
final class RowStream implements AutoCloseable, UnderWay.Cut {
    private static final Logger LOG = LoggerFactory.getLogger(RowStream.class);
    private static final int CHUNK_BYTES = 128 << 10;
    private static final int QUEUE_BYTES = 64 << 10; // less than a chunk, so that a client that stops holds one

    /** Where streams run and what they may take. */
    record Workplace(
            Vertx vertx,
            WorkerPool workers,
            WorkerPool statements,
            QueryEngine engine,
            List<RowFormat> formats,
            UnderWay underWay,
            Places places,
            Places subscribers,
            long stallMillis,
            long beatMillis,
            long compressFrom) {
        /** Whose threads read the rows of a query: where DuckDB works, nothing can be done in slices. */
        WorkerPool pool(RowsQuery query) {
            return query.grouping().isNone() ? workers : statements;
        }

        /** Does on a worker, beside others, what takes longer than an event loop has. */
        <T> Future<T> onWorker(Owner owner, Callable<T> work) {
            return workers.run(owner, work);
        }
    }

    /** What rows are read from. */
    interface Held extends AutoCloseable {
        @Override
        void close();
    }

    private final Workplace room;
    private final Held reading;
    private final RowWriter writer;
    private final RowFormat format;
    private final Coding.Accepted accepted;
    private final Optional<RowCount> count;
    private final Owner owner;
    private final WorkerPool pool;
    private final BooleanSupplier gone;
    private final ContextInternal context;
    private final NettyTarget target = new NettyTarget();

    private Answer.Version version;
    private Coding.@Nullable Coder coder;
    private boolean begun;
    private @Nullable ByteBuf filled;
    private boolean last;
    private Runnable ended = () -> {};
    private int pendingBytes;
    private boolean waiting;
    private boolean holdsPlace;
    private boolean filling;
    private boolean paused;
    private boolean released;
    private volatile boolean stopped;
    private volatile boolean cut;
    private @Nullable HttpServerResponse response;
    private long stallTimer = -1;

    /**
     * @param reading owned
     * @param writer owned
     * @param count of all rows, where it was asked for
     * @param owner whose turns it takes, and whose place
     * @param pool what fills buffers
     * @param gone whether nobody waits for the answer any more; any thread
     */
    RowStream(
            Workplace room,
            Held reading,
            RowWriter writer,
            RowFormat format,
            Answer.Version version,
            Coding.Accepted accepted,
            Optional<RowCount> count,
            Owner owner,
            WorkerPool pool,
            BooleanSupplier gone) {
        this.gone = gone;
        this.context = ((VertxInternal) room.vertx()).getOrCreateContext();
        this.owner = owner;
        this.pool = pool;
        this.room = room;
        this.reading = reading;
        this.writer = writer;
        this.format = format;
        this.version = version;
        this.accepted = accepted;
        this.count = count;
    }

    /** Fills the first buffer on this very thread; for short work only. The answer is what became of it. */
    Answer here() {
        try {
            fill(() -> false);
            return answer();
        } catch (RuntimeException | Error failure) {
            close();
            throw failure;
        }
    }

    /** Fills the first buffer on a worker. On failure the reading has been closed. */
    Future<Answer> onWorker() {
        room.underWay().begin(this);
        return fillOnWorker().map(filled -> answer()).onFailure(failure -> close());
    }

    private Future<ByteBuf> fillOnWorker() {
        return pool.run(owner, this::fill);
    }

    private Answer answer() {
        if (last) {
            ByteBuf body = takeFilled();
            release();
            return new Answer.Whole(format.contentType(), body, version, coding(), Map.of());
        }
        room.places().take(owner.client());
        room.underWay().begin(this);
        holdsPlace = true;
        return new Answer.Streamed(this);
    }

    RowFormat format() {
        return format;
    }

    Answer.Version version() {
        return version;
    }

    /** That of the buffers filled. */
    Coding coding() {
        return coder == null ? Coding.IDENTITY : accepted.coding();
    }

    /** An answer without a body, which nobody has to fill. */
    Answer head() {
        return new Answer.Streamed(this);
    }

    /** The buffer filled first, as text, and nothing else; ends the stream. */
    String first() {
        ByteBuf bytes = takeFilled();
        close();
        try {
            return bytes.toString(StandardCharsets.UTF_8);
        } finally {
            bytes.release();
        }
    }

    /** Writes the buffer filled first, and all others; headers have been set. Ends the response, and then calls {@code written}. */
    void writeTo(HttpServerResponse response, Runnable written) {
        ended = written;
        this.response = response;
        response.setChunked(true);
        response.closeHandler(closed -> close());
        response.exceptionHandler(failure -> close());
        if (response.closed()) {
            close();
        } else {
            write(response);
        }
    }

    private void write(HttpServerResponse response) {
        ByteBuf buffer = takeFilled();
        BufferInternal bytes = BufferInternal.buffer(buffer);
        if (last) {
            response.end(bytes).onComplete(written -> {
                buffer.release();
                ended.run();
            });
            release();
            return;
        }
        int size = buffer.readableBytes();
        pendingBytes += size;
        response.write(bytes).onComplete(written -> {
            buffer.release();
            pendingBytes -= size;
            if (waiting && pendingBytes <= QUEUE_BYTES) {
                waiting = false;
                room.vertx().cancelTimer(stallTimer);
                if (!stopped) {
                    fillNext(response);
                }
            }
        });
        if (stopped) {
            return;
        }
        if (cut) {
            broken(UnderWay.stops(), response);
            return;
        }
        if (pendingBytes > QUEUE_BYTES) {
            waiting = true;
            stallTimer = room.vertx().setTimer(room.stallMillis(), fired -> {
                LOG.debug("A client has taken nothing for {} ms; its stream ends", room.stallMillis());
                close();
                response.reset();
            });
        } else {
            // A task of its own for each buffer: a worker that is quick to fill must not keep the loop from the others.
            room.vertx().runOnContext(turn -> {
                if (!stopped && !last) {
                    fillNext(response);
                }
            });
        }
    }

    /** Any thread: the server stops. What is being filled ends at its next step and is sent, and then that it is not all. */
    @Override
    public void cut() {
        context.runOnContext(turn -> {
            boolean first = !cut;
            cut = true;
            HttpServerResponse sending = response;
            if (first && sending != null && !filling && !stopped && !last) {
                broken(UnderWay.stops(), sending);
            }
        });
    }

    private void fillNext(HttpServerResponse response) {
        filling = true;
        fillOnWorker().onComplete(done -> {
            filling = false;
            if (stopped) {
                release();
            } else if (done.failed()) {
                broken(done.cause(), response);
            } else {
                write(response);
            }
        });
    }

    /** The answer is cut short, so that nobody takes half of it for the whole; where a line can say so, one does. */
    private void broken(Throwable failure, HttpServerResponse response) {
        var problem = HttpFaults.of(failure);
        waiting = false;
        room.vertx().cancelTimer(stallTimer);
        Optional<String> said = format.broken(Responder.json(problem, ""));
        if (said.isEmpty()) {
            close();
            response.reset();
            return;
        }
        ByteBuf text = Unpooled.copiedBuffer(said.get(), StandardCharsets.UTF_8);
        last = true;
        filled = coder == null ? text : coder.code(text, true);
        write(response);
    }

    /** Fills a buffer; or, empty, a part of one, in a slice that is over. */
    private Optional<ByteBuf> fill(BooleanSupplier over) {
        paused = false;
        BooleanSupplier stop = () -> unwanted() || (paused = over.getAsBoolean());
        if (!begun && count.isPresent()) {
            if (!count.get().count(stop)) {
                return goneOrPaused();
            }
            version = version.counted(count.get().rows());
        }
        last = writer.fill(target.begin(CHUNK_BYTES + (CHUNK_BYTES >> 2)), CHUNK_BYTES, stop);
        if (paused && !last) {
            return Optional.empty();
        }
        ByteBuf rows = target.end();
        Coding coding = last ? accepted.of(rows.readableBytes()) : accepted.coding();
        if (!begun && coding != Coding.IDENTITY) {
            coder = coding.new Coder();
        }
        begun = true;
        ByteBuf coded = coder == null ? rows : coder.code(rows, last);
        filled = coded;
        return Optional.of(coded);
    }

    private Optional<ByteBuf> goneOrPaused() {
        if (paused) {
            return Optional.empty();
        }
        throw new Problem.Unavailable("The count", "nobody waits for it any more.").exception();
    }

    /** Asked at each step of the rows, so that each is a sign of progress. */
    private boolean unwanted() {
        WorkerPool.progressed();
        return stopped || cut || gone.getAsBoolean();
    }

    private ByteBuf takeFilled() {
        ByteBuf buffer = filled;
        if (buffer == null) {
            throw new IllegalStateException("nothing is filled");
        }
        filled = null;
        return buffer;
    }

    /** Ends the stream, for whatever reason; its reading is closed at once, or when the worker is done with it. */
    @Override
    public void close() {
        stopped = true;
        room.vertx().cancelTimer(stallTimer);
        if (!filling) {
            release();
        }
    }

    private void release() {
        if (released) {
            return;
        }
        released = true;
        room.underWay().end(this);
        if (filled != null) {
            filled.release();
            filled = null;
        }
        target.drop();
        if (coder != null) {
            coder.close();
        }
        if (holdsPlace) {
            room.places().giveBack(owner.client());
        }
        try (reading) {
            writer.close();
        }
    }
}
