package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import dev.millrace.arrow.ByteSink;
import dev.millrace.layer.Owner;
import dev.millrace.layer.Places;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.query.QueryEngine;
import dev.millrace.query.SampleRows;
import dev.millrace.query.StoredView;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that break off after their first buffers have gone out. */
class RowStreamIT {
    private static final String ROW = "{\"id\":\"" + "x".repeat(80) + "\"}\n";

    /** Two buffers of rows, and a failure within the third. */
    private record Failing(AtomicInteger fills, AtomicInteger closed) implements RowWriter {
        @Override
        public boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop) {
            boolean third = fills.incrementAndGet() == 3;
            for (int i = 0; i < 1000; i++) {
                sink.put(ROW);
                if (third && i == 500) {
                    throw new Problem.Unavailable("The answer", "its file is broken.").exception();
                }
            }
            return false;
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }

    @Test
    void failureMidway_isALastLineOfNdjson_andAResetOfAnyOther(@TempDir Path folder) throws Exception {
        Vertx vertx = Vertx.vertx();
        try (var sample = new SampleRows(folder);
                HttpClient client = HttpClient.newHttpClient()) {
            sample.writeUsual(0, 10);
            var places = Places.unshared("streams", 8);
            RowStream.Workplace room = room(vertx, sample, folder, places);
            var closed = new AtomicInteger();
            int port = vertx.createHttpServer()
                    .requestHandler(request -> new RowStream(
                                    room,
                                    new StoredView("d.p", sample.store()).open()::close,
                                    new Failing(new AtomicInteger(), closed),
                                    RowFormat.all().stream()
                                            .filter(format -> request.path().equals("/" + format.token()))
                                            .findFirst()
                                            .orElseThrow(),
                                    new Answer.Version("t:1", "", false, Answer.Version.NOT_COUNTED),
                                    Coding.accepted(request.getHeader("Accept-Encoding"), true, 1024),
                                    Optional.empty(),
                                    new Owner("d", "client"),
                                    room.workers(),
                                    () -> false)
                            .onWorker()
                            .onSuccess(answer -> {
                                var stream = ((Answer.Streamed) answer).stream();
                                request.response()
                                        .putHeader("coding", stream.coding().token());
                                stream.writeTo(request.response(), () -> {});
                            }))
                    .listen(0)
                    .await(20, TimeUnit.SECONDS)
                    .actualPort();
            for (String coding : List.of("identity", "zstd")) {
                HttpResponse<byte[]> answer =
                        client.send(request(port, "ndjson", coding), HttpResponse.BodyHandlers.ofByteArray());
                assertEquals(coding, answer.headers().firstValue("coding").orElseThrow());
                byte[] body = coding.equals("zstd")
                        ? new ZstdInputStream(new ByteArrayInputStream(answer.body())).readAllBytes()
                        : answer.body();
                List<String> lines = new String(body, UTF_8).lines().toList();
                assertEquals(2001, lines.size());
                assertTrue(lines.subList(0, 2000).stream().allMatch((ROW.strip())::equals));
                JsonNode problem = new ObjectMapper().readTree(lines.getLast()).get(TextFormat.PROBLEM);
                assertEquals(503, problem.get("status").asInt());
                assertTrue(problem.get("detail").asText().contains("its file is broken."));
                for (String format : List.of("json", "csv", "arrow")) {
                    assertThrows(
                            IOException.class,
                            () -> client.send(request(port, format, coding), HttpResponse.BodyHandlers.ofByteArray()));
                }
            }
            assertEquals(8, closed.get());
            assertEquals(0, places.taken());
        } finally {
            vertx.close().await(20, TimeUnit.SECONDS);
        }
    }

    private static RowStream.Workplace room(Vertx vertx, SampleRows sample, Path folder, Places places) {
        return new RowStream.Workplace(
                vertx,
                WorkerPool.unwatched(vertx, "test", 2),
                WorkerPool.unwatched(vertx, "statements", 1),
                new QueryEngine(
                        new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 1 << 26, 1, 1, 1)),
                        sample.allocator()),
                RowFormat.all(),
                new UnderWay(),
                places,
                places,
                10_000,
                10_000,
                1024);
    }

    @Test
    void scansThatNeverEnd_ofOneDomain_letPagesOfAnotherThrough_andEndWithinASliceWhenTheirClientsAreGone(
            @TempDir Path folder) throws Exception {
        Vertx vertx = Vertx.vertx();
        try (var sample = new SampleRows(folder)) {
            sample.writeUsual(0, 10);
            RowStream.Workplace room = room(vertx, sample, folder, Places.unshared("streams", 32));
            var gone = new AtomicBoolean();
            var steps = new AtomicInteger();
            RowWriter endless = (sink, softBytes, stop) -> {
                while (!stop.getAsBoolean()) {
                    steps.incrementAndGet();
                }
                return false;
            };
            List<Future<Answer>> heavy = IntStream.range(0, 20)
                    .mapToObj(i -> stream(room, sample, endless, new Owner("heavy", "client " + i % 3), gone::get)
                            .onWorker())
                    .toList();
            for (int page = 0; page < 20; page++) {
                RowWriter writer = (sink, softBytes, stop) -> {
                    sink.put(ROW);
                    return true;
                };
                stream(room, sample, writer, new Owner("light", "client"), () -> false)
                        .onWorker()
                        .await(20, TimeUnit.SECONDS)
                        .close();
            }
            assertTrue(heavy.stream().noneMatch(Future::isComplete));
            gone.set(true);
            for (Future<Answer> each : heavy) {
                each.await(20, TimeUnit.SECONDS).close();
            }
            int then = steps.get();
            room.workers().run(() -> true).await(20, TimeUnit.SECONDS);
            assertEquals(then, steps.get(), "nothing goes on for who has gone");
        } finally {
            vertx.close().await(20, TimeUnit.SECONDS);
        }
    }

    private static RowStream stream(
            RowStream.Workplace room, SampleRows sample, RowWriter writer, Owner owner, BooleanSupplier gone) {
        return new RowStream(
                room,
                new StoredView("d.p", sample.store()).open()::close,
                writer,
                TextFormat.NDJSON,
                new Answer.Version("t:1", "", false, Answer.Version.NOT_COUNTED),
                Coding.accepted("identity", true, 1024),
                Optional.empty(),
                owner,
                room.workers(),
                gone);
    }

    private static HttpRequest request(int port, String format, String coding) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/" + format))
                .header("Accept-Encoding", coding)
                .build();
    }
}
