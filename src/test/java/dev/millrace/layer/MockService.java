package dev.millrace.layer;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A service driven step by step: it notes each request and answers when the test says so. One thread. */
final class MockService implements Service<String, String> {
    final List<String> requests = new ArrayList<>();
    private final Deque<Promise<String>> open = new ArrayDeque<>();
    private final Deque<Service<String, String>> scripted = new ArrayDeque<>();

    @Override
    public Future<String> call(String request) {
        requests.add(request);
        Service<String, String> next = scripted.poll();
        if (next != null) {
            return next.call(request);
        }
        Promise<String> promise = Promise.promise();
        open.add(promise);
        return promise.future();
    }

    /** Makes the next call do this instead of staying open. */
    void onNext(Service<String, String> next) {
        scripted.add(next);
    }

    /** Ends the oldest open call. */
    void succeed(String result) {
        open.remove().complete(result);
    }

    /** Ends the oldest open call. */
    void fail(Throwable failure) {
        open.remove().fail(failure);
    }
}
