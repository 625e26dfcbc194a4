package dev.millrace.flight;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.ArrayList;
import java.util.List;

/**
 * Vert.x's event loops with a context for each, so that what gRPC calls on such a loop runs as Vert.x's own code does:
 * timers and workers come back to the same loop, and the blocked-thread checker watches. Any thread.
 */
final class EventLoops {
    private final List<ContextInternal> contexts;

    EventLoops(VertxInternal vertx) {
        var made = new ArrayList<ContextInternal>();
        for (EventExecutor loop : vertx.eventLoopGroup()) {
            made.add(vertx.contextBuilder().withEventLoop((EventLoop) loop).build());
        }
        this.contexts = List.copyOf(made);
    }

    /** A context of the calling thread, which is one of the loops, for one call. */
    ContextInternal current() {
        for (ContextInternal context : contexts) {
            if (context.inThread()) {
                return context.duplicate();
            }
        }
        throw new IllegalStateException(Thread.currentThread() + " is no event loop of Vert.x");
    }

    /** Ends when every loop has done what it was given before. */
    Future<Void> drained() {
        return Future.join(contexts.stream()
                        .map(context -> {
                            Promise<Void> promise = Promise.promise();
                            context.runOnContext(promise::complete);
                            return promise.future();
                        })
                        .toList())
                .mapEmpty();
    }
}
