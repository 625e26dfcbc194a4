package dev.millrace.http;

import dev.millrace.domain.Product;
import dev.millrace.domain.Request;
import dev.millrace.layer.Owner;
import dev.millrace.query.ChangeForm;
import dev.millrace.query.ChangeReader;
import dev.millrace.query.ChangeToken;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.store.Position;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The subscribers of one product on one event loop, in groups. An idle one is a token and its connection. While nobody is
 * subscribed, the hub is not told of runs and has no timer. Its event loop alone calls it, but for the listener.
 */
final class ChangeHub {
    /** Who catches up takes its turn, so that the pool stays free for others. */
    private static final int MOST_CATCHING_UP = 4;

    private final Product product;
    private final RowStream.Workplace room;
    private final Context context;
    private final Map<ChangeGroup.Asked, ChangeGroup> groups = new HashMap<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private final Promise<Void> ended = Promise.promise();
    private Runnable deaf = () -> {};
    private long timer = -1;
    private int catchingUp;
    private int working;
    private volatile boolean closed;

    ChangeHub(Product product, RowStream.Workplace room) {
        this.product = product;
        this.room = room;
        this.context = room.vertx().getOrCreateContext();
    }

    /** A subscription that waits for its connection; holds a place, and gives it back when it is closed. */
    record Subscription(
            ChangeHub hub,
            View view,
            RowsQuery query,
            ChangeForm form,
            boolean numbersAsStrings,
            ChangeToken token,
            Request asked) {
        /** Whether the request asks for a WebSocket. */
        static boolean isSocket(HttpServerRequest request) {
            return request.headers().contains("Upgrade", "websocket", true);
        }

        void start(Outlet outlet) {
            hub.start(this, outlet);
        }

        void close() {
            hub.room.subscribers().giveBack(asked.client());
        }

        /** Lines of what changed up to now, about so many bytes of them, and where that is all, how far it goes; then it is closed. */
        Future<String> pull(int softBytes) {
            return hub.work(() -> {
                        var reader = new ChangeReader(view, query, form, numbersAsStrings);
                        Position until = view.position();
                        ByteBuf lines = new NettyTarget().filled(4096, sink -> {
                            var at = new ChangeReader.Filled(token, until.hasReached(token.needs()));
                            while (at.more() && sink.position() < softBytes && !hub.isClosed()) {
                                at = reader.fill(at.token(), until, sink, softBytes, hub::isClosed);
                            }
                            if (!at.more() || sink.position() == 0) {
                                sink.put(form.position(at.token()));
                            }
                        });
                        try {
                            return lines.toString(StandardCharsets.UTF_8);
                        } finally {
                            lines.release();
                        }
                    })
                    .onComplete(read -> close());
        }
    }

    /** @throws dev.millrace.problem.ProblemException with {@code Overloaded} or {@code ShareTaken} when there are too many
     *     subscribers */
    Subscription open(
            View view, RowsQuery query, ChangeForm form, boolean numbersAsStrings, ChangeToken token, Request asked) {
        room.subscribers().take(asked.client());
        return new Subscription(this, view, query, form, numbersAsStrings, token, asked);
    }

    private void start(Subscription subscription, Outlet outlet) {
        var subscriber = new Subscriber(
                outlet, subscription.asked().client(), subscription.asked().caller(), subscription.token());
        if (closed) {
            subscription.close();
            outlet.end(Optional.empty());
            return;
        }
        if (groups.isEmpty()) {
            deaf = product.onAdvance(this::wake);
            timer = room.vertx()
                    .setPeriodic(
                            room.beatMillis(),
                            beat -> List.copyOf(groups.values())
                                    .forEach(group ->
                                            group.beat(TimeUnit.MILLISECONDS.toNanos(room.stallMillis() / 2))));
        }
        var key = new ChangeGroup.Asked(
                subscription.view().id(),
                subscription.query().canonical(),
                subscription.form(),
                subscription.numbersAsStrings());
        groups.computeIfAbsent(key, wanted -> new ChangeGroup(this, wanted, subscription.view(), subscription.query()))
                .join(subscriber);
    }

    /** Any thread; however often, one task on the event loop. */
    private void wake() {
        if (woken.compareAndSet(false, true)) {
            context.runOnContext(turn -> {
                woken.set(false);
                List.copyOf(groups.values()).forEach(ChangeGroup::advance);
            });
        }
    }

    Product product() {
        return product;
    }

    Context context() {
        return context;
    }

    /** Any thread. */
    boolean isClosed() {
        return closed;
    }

    /** Runs {@code task}, which ends with {@link #next()}, when it is its turn. */
    void queue(Runnable task) {
        waiting.add(task);
        begin();
    }

    void next() {
        catchingUp--;
        begin();
    }

    private void begin() {
        if (catchingUp < MOST_CATCHING_UP && !waiting.isEmpty()) {
            Runnable task = waiting.remove();
            catchingUp++;
            // A turn of its own: one that has nothing to do any more calls the next.
            context.runOnContext(turn -> task.run());
            begin();
        }
    }

    <T> Future<T> work(Callable<T> task) {
        working++;
        // On the hub's context, whatever called: its groups are of this one thread and of one order.
        Promise<T> done = Promise.promise();
        context.runOnContext(
                turn -> room.onWorker(new Owner(product.domain(), ""), task).onComplete(result -> {
                    working--;
                    done.handle(result);
                    endIfIdle();
                }));
        return done.future();
    }

    void left(Subscriber subscriber, ChangeGroup.Asked key, boolean last) {
        room.subscribers().giveBack(subscriber.client);
        if (last) {
            groups.remove(key);
        }
        if (groups.isEmpty()) {
            deaf.run();
            room.vertx().cancelTimer(timer);
        }
    }

    /** Ends all subscribers, who can resume elsewhere; done when nothing is read for them any more. */
    Future<Void> close() {
        closed = true;
        List.copyOf(groups.values()).forEach(ChangeGroup::close);
        endIfIdle();
        return ended.future();
    }

    private void endIfIdle() {
        if (closed && working == 0) {
            ended.tryComplete();
        }
    }
}
