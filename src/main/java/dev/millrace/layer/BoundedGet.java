package dev.millrace.layer;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Gets small documents of other servers, each within a time and a size. The context of who asks.
 *
 * @param http borrowed
 */
public record BoundedGet(HttpClient http, int maxBytes, long millis) {
    /** What a server says, whatever its status. */
    public record Answer(int status, Buffer body) {}

    /** The document is larger than it may be; another try would not change that. */
    public static final class TooLarge extends IOException {
        @java.io.Serial
        private static final long serialVersionUID = 1;

        TooLarge(int maxBytes) {
            super("it is larger than " + maxBytes + " bytes.");
        }
    }

    /** What stands at an address. */
    public Future<Answer> get(String url, Map<String, String> headers) {
        var request = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(url)
                .setTimeout(millis);
        headers.forEach(request::addHeader);
        return http.request(request)
                .compose(HttpClientRequest::send)
                .compose(response -> {
                    Buffer body = Buffer.buffer();
                    Promise<Answer> read = Promise.promise();
                    response.handler(part -> {
                        body.appendBuffer(part);
                        if (body.length() > maxBytes) {
                            read.tryFail(new TooLarge(maxBytes));
                            response.request().reset();
                        }
                    });
                    response.exceptionHandler(read::tryFail);
                    response.endHandler(ended -> read.tryComplete(new Answer(response.statusCode(), body)));
                    return read.future();
                })
                .timeout(millis, TimeUnit.MILLISECONDS);
    }
}
