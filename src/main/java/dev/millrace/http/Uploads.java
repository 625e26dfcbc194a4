package dev.millrace.http;

import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.Arrays;

/**
 * Reads bodies of requests into memory that is counted before it is taken: a body whose length is declared with its
 * headers, any other as it grows. An event loop's own.
 *
 * @param bytes of requests, of all ports together
 * @param maxBytes of one body
 */
record Uploads(Places bytes, long maxBytes) {
    private static final int FIRST_BYTES = 4 << 10;

    /** What more is to come of a body that is refused is passed over up to this size, so that the connection goes on. */
    private static final long PASSED_OVER_BYTES = 64 << 10;

    /** The declared length of a body; -1 where it is not known before it has come. */
    static long declared(HttpServerRequest request) {
        String length = request.headers().get(HttpHeaders.CONTENT_LENGTH);
        if (length != null && length.matches("\\d{1,18}")) {
            return Long.parseLong(length);
        }
        return request.headers().contains(HttpHeaders.TRANSFER_ENCODING) ? -1 : 0;
    }

    /** Whether so much may still come of a body that its connection had better end. */
    static boolean muchToCome(HttpServerRequest request) {
        long declared = declared(request);
        return !request.isEnded() && (declared < 0 || declared > PASSED_OVER_BYTES);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code TooLarge} */
    void check(HttpServerRequest request) {
        check(declared(request), maxBytes);
    }

    private static void check(long size, long most) {
        if (size > most) {
            throw new Problem.TooLarge("The request body", size, most).exception();
        }
    }

    /**
     * Begins to read the body of a request. Its memory is held until the request is answered or its connection gone, and
     * by whoever else retains it.
     *
     * @param most how many bytes it may have, besides the limit for all
     * @throws dev.millrace.problem.ProblemException with {@code TooLarge}, {@code ShareTaken}, {@code Overloaded}: before
     *     anything of it is read
     */
    Upload begin(HttpServerRequest request, long most) {
        long declared = declared(request);
        long limit = Math.min(most, maxBytes);
        check(declared, limit);
        Lease memory = bytes.lease(Call.client(request));
        try {
            memory.take(Math.max(0, declared));
        } catch (ProblemException refused) {
            memory.close();
            throw refused;
        }
        var upload = new Upload(memory, limit, (int) Math.max(0, declared));
        request.response().endHandler(disposed -> upload.end());
        if (request.headers().contains(HttpHeaders.EXPECT)) {
            request.response().writeContinue(); // else curl waits a second with a large body
        }
        request.handler(upload::add);
        request.exceptionHandler(broken -> upload.fail(
                new Problem.InvalidBody("The body broke off or has a broken chunk.", "a whole body (RFC 9112).")
                        .exception()));
        request.endHandler(ended -> upload.complete());
        return upload;
    }

    /** Memory for a request without a body. */
    Lease none(HttpServerRequest request) {
        Lease memory = bytes.lease(Call.client(request));
        request.response().endHandler(disposed -> memory.close());
        return memory;
    }

    /** A body on its way. */
    static final class Upload {
        private final Lease memory;
        private final long limit;
        private final int declared;
        private final Promise<byte[]> whole = Promise.promise();
        private byte[] bytes = {};
        private int size;
        private boolean ended;

        private Upload(Lease memory, long limit, int declared) {
            this.memory = memory;
            this.limit = limit;
            this.declared = declared;
        }

        /** What counts for it; whoever works with the bytes for longer than the request lasts retains it. */
        Lease memory() {
            return memory;
        }

        /** All of it. */
        Future<byte[]> whole() {
            return whole.future();
        }

        private void add(Buffer chunk) {
            if (ended) {
                return;
            }
            try {
                check((long) size + chunk.length(), limit);
                if (size + chunk.length() > bytes.length) {
                    grow(size + chunk.length());
                }
                chunk.getBytes(0, chunk.length(), bytes, size);
                size += chunk.length();
            } catch (ProblemException refused) {
                fail(refused);
            }
        }

        /** Makes room; for a declared length, whose bytes are counted, all of it at once. */
        private void grow(int needed) {
            if (declared > 0) {
                bytes = new byte[declared];
            } else {
                resize((int) Math.min(limit, Math.max(FIRST_BYTES, Math.max(2L * bytes.length, needed))));
            }
        }

        private void resize(int next) {
            memory.take(next);
            int before = bytes.length;
            bytes = Arrays.copyOf(bytes, next);
            memory.giveBack(before);
        }

        private void complete() {
            if (ended) {
                return;
            }
            try {
                if (size < bytes.length) {
                    resize(size);
                }
                whole.tryComplete(bytes);
            } catch (ProblemException refused) {
                fail(refused);
            }
        }

        private void fail(ProblemException failure) {
            bytes = new byte[0];
            whole.tryFail(failure);
        }

        private void end() {
            ended = true;
            bytes = new byte[0];
            memory.close();
        }
    }
}
