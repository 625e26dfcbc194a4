package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The check of all answers must itself be able to fail. */
class DocumentedTest {
    private record Canned(int statusCode, String type, String path, String body) implements HttpResponse<String> {
        @Override
        public HttpRequest request() {
            return HttpRequest.newBuilder(uri()).build();
        }

        @Override
        public Optional<HttpResponse<String>> previousResponse() {
            return Optional.empty();
        }

        @Override
        public HttpHeaders headers() {
            return HttpHeaders.of(
                    Map.of(
                            "content-type", List.of(type),
                            "etag", List.of("W/\"1f\""),
                            "cache-control", List.of("no-cache")),
                    (name, value) -> true);
        }

        @Override
        public Optional<SSLSession> sslSession() {
            return Optional.empty();
        }

        @Override
        public URI uri() {
            return URI.create("http://localhost" + path);
        }

        @Override
        public HttpClient.Version version() {
            return HttpClient.Version.HTTP_1_1;
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true | 200 | application/json | /v1/products/a/b/rows | {'data':[{}],'position':'t:','next':null}",
                "false| 200 | application/json | /v1/products/a/b/rows | {'data':[{}],'position':'t:'}",
                "false| 200 | application/json | /v1/products/a/b/rows | {'data':[1],'position':'t:','next':null}",
                "false| 200 | text/html | /v1/products/a/b/rows | x",
                "false| 204 | application/json | /v1/products/a/b/rows | {}",
                "false| 200 | application/json | /nothing | {}",
                "true | 200 | application/x-ndjson | /v1/products/a/b/dead-letters | {}",
                "false| 200 | application/x-ndjson | /v1/products/a/b/dead-letters | []",
                "false| 404 | application/problem+json | /v1/products/a/b/rows | {'title':'x'}",
                "false| 404 | application/json | /nothing | {}",
            })
    void check_takesWhatTheDocumentHas(boolean right, int status, String type, String path, String body) {
        var answer = new Canned(status, type, path, body.replace('\'', '"'));
        if (right) {
            assertEquals(answer, Documented.check(answer));
        } else {
            assertThrows(AssertionError.class, () -> Documented.check(answer));
        }
    }
}
