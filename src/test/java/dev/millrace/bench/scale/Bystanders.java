package dev.millrace.bench.scale;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.bench.Ratio;
import dev.millrace.bench.Series;
import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.http.HttpPort;
import dev.millrace.layer.Places;
import dev.millrace.layer.PortLayers;
import dev.millrace.layer.Shares;
import dev.millrace.layer.WorkerPool;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.StoreOptions;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Whether work on a large product of one domain holds up pages of a small one of another, and what that work takes when it
 * is alone. Server and clients are this process, over real sockets; the clients of large work wait nearly all of the time.
 */
final class Bystanders implements AutoCloseable {
    private static final int PARTITIONS = 4;
    private static final int SMALL_ROWS = 1000;
    private static final int CLIENTS_LEFT = 100;
    private static final long PAGE_EVERY = TimeUnit.MILLISECONDS.toNanos(5);
    private static final String LARGE = "/v1/products/heavy/orders/rows";
    private static final String SORT = LARGE + "?sort=-amount&limit=100";
    private static final String EXPORT = LARGE + "?format=ndjson&amount[lt]=0.001";
    private static final String PAGE = "/v1/products/light/orders/rows?customer=7&limit=100";
    private static final StoreSchema SCHEMA = new StoreSchema(
            new Schema(List.of(
                    field("id", new ArrowType.Int(64, true)),
                    field("customer", new ArrowType.Int(32, true)),
                    field("amount", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)))),
            List.of(),
            false);

    private final BufferAllocator root = new RootAllocator();
    private final ExecutorService files = Executors.newSingleThreadExecutor();
    private final LocalStore large;
    private final LocalStore small;
    private final Vertx vertx =
            Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(cores()));
    private final DuckDbEngine engine;
    private final HttpPort http;
    private final int port;

    Bystanders(Path folder, int rows) throws IOException {
        large = store(folder.resolve("large"), rows);
        small = store(folder.resolve("small"), SMALL_ROWS);
        engine = new DuckDbEngine(new DuckDbEngine.Limits(folder.resolve("duckdb"), 1 << 28, 1, 100_000, 1L << 32));
        Product heavy = Products.of("heavy", "orders", large);
        Product light = Products.of("light", "orders", small);
        Configuration.Http settings = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of("http.host", "127.0.0.1", "http.port", "0"))
                .read()
                .http();
        var shares = new Shares(100, new SimpleMeterRegistry());
        http = new HttpPort(
                vertx,
                new ProductRegistry("bench", List.of(heavy, light)),
                settings,
                "0123456789abcdef".getBytes(UTF_8),
                PortLayers.of(service -> service),
                cores(),
                WorkerPool.unwatched(vertx, "query", Math.max(2, cores())),
                WorkerPool.unwatched(vertx, "statements", Math.max(1, cores() - 1)),
                root,
                engine,
                shares,
                1000,
                Places.unshared("request.bytes", 1 << 28));
        port = await(http.start());
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static Field field(String name, ArrowType type) {
        return new Field(name, FieldType.notNullable(type), List.of());
    }

    private LocalStore store(Path folder, int rows) throws IOException {
        LocalStore store = LocalStore.open(
                SCHEMA,
                TestOptions.of(StoreOptions.MAX_SEGMENT_ROWS, 32 << 20, 1L << 30, Duration.ofHours(1)),
                folder,
                new StoreResources(root, root, files));
        store.topic("t", PARTITIONS);
        var random = new Random(1);
        for (int row = 0; row < rows; row++) {
            PartitionWriter writer = store.writer(row % PARTITIONS);
            while (!writer.ready(1)) {
                LockSupport.parkNanos(100_000);
            }
            writer.batch().column(0).putInt64(row);
            writer.batch().column(1).putInt32(random.nextInt(100_000) % (rows / 10));
            writer.batch().column(2).putFloat64(random.nextDouble());
            writer.commit(row / PARTITIONS, row, false);
            if (row % 10_000 >= 10_000 - PARTITIONS || row >= rows - PARTITIONS) {
                writer.publish();
            }
        }
        return store;
    }

    /** All cases, their figures under a name and a metric. */
    void measure(int rounds, int seconds, List<Series> into, List<Ratio> ratios, Consumer<String> progress)
            throws IOException, InterruptedException {
        double[] warm = pages(seconds);
        alone("sort, alone", SORT, rounds, into, progress);
        alone("filtered export, alone", EXPORT, rounds, into, progress);
        progress.accept("a page alone, after " + warm.length);
        series("page, alone", pages(seconds), into);
        Map<Integer, Double> goals = Map.of(2, 5.0, 8, 10.0, 32, 20.0);
        for (int crowd : List.of(2, 8, 32)) {
            progress.accept("beside " + crowd + " sorts of another domain");
            double[] millis = beside(crowd, seconds);
            series("page, beside " + crowd + " sorts", millis, into);
            ratios.add(new Ratio(
                    "page beside " + crowd + " sorts, p99, ms",
                    at(millis, 0.99),
                    goals.getOrDefault(crowd, 0.0),
                    Ratio.Better.LOWER));
        }
        left(into, progress);
    }

    private void alone(String name, String target, int rounds, List<Series> into, Consumer<String> progress)
            throws IOException {
        List<Double> millis = new ArrayList<>();
        try (Socket socket = new Socket("127.0.0.1", port)) {
            for (int round = -2; round < rounds; round++) {
                long begun = System.nanoTime();
                ask(socket, target);
                if (round >= 0) {
                    millis.add((System.nanoTime() - begun) / 1e6);
                }
            }
        }
        progress.accept(name + ": " + millis);
        into.add(new Series(name, "time", "ms", millis));
    }

    private double[] beside(int crowd, int seconds) throws IOException, InterruptedException {
        var running = new AtomicBoolean(true);
        List<Thread> heavy = new ArrayList<>();
        for (int i = 0; i < crowd; i++) {
            heavy.add(Thread.ofVirtual().start(() -> loop(running)));
        }
        try {
            pages(1);
            return pages(seconds);
        } finally {
            running.set(false);
            for (Thread each : heavy) {
                each.join();
            }
        }
    }

    private void loop(AtomicBoolean running) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            while (running.get()) {
                ask(socket, SORT);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** Milliseconds of pages that are asked for every 5 ms, or as soon as the last is there; sorted. */
    private double[] pages(int seconds) throws IOException {
        List<Double> millis = new ArrayList<>();
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setTcpNoDelay(true);
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            for (long due = System.nanoTime(); due < end; due = Math.max(due + PAGE_EVERY, System.nanoTime())) {
                LockSupport.parkNanos(due - System.nanoTime());
                long asked = System.nanoTime();
                ask(socket, PAGE);
                millis.add((System.nanoTime() - asked) / 1e6);
            }
        }
        return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }

    /** A hundred clients who ask for a sort, and go. */
    private void left(List<Series> into, Consumer<String> progress) throws IOException, InterruptedException {
        double before = cpuSeconds();
        for (int i = 0; i < CLIENTS_LEFT; i++) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                send(socket, SORT);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            }
        }
        long begun = System.nanoTime();
        double[] pages = pages(1);
        double page = pages[pages.length - 1];
        double sum = cpuSeconds();
        while (true) { // until nothing is at work any more
            TimeUnit.MILLISECONDS.sleep(200);
            double now = cpuSeconds();
            if (now - sum < 0.05) {
                break;
            }
            sum = now;
        }
        progress.accept("idle again after " + (System.nanoTime() - begun) / 1e9 + " s");
        into.add(new Series(CLIENTS_LEFT + " clients who left", "processor time", "s", List.of(sum - before)));
        into.add(new Series(CLIENTS_LEFT + " clients who left", "longest page after", "ms", List.of(page)));
    }

    private static double cpuSeconds() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return system.getProcessCpuTime() / 1e9;
    }

    private static void send(Socket socket, String target) throws IOException {
        String encoded = target.replace("[", "%5B").replace("]", "%5D");
        socket.getOutputStream()
                .write(("GET " + encoded + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: identity\r\n\r\n")
                        .getBytes(ISO_8859_1));
    }

    /** Asks and reads the answer whole. */
    private static void ask(Socket socket, String target) throws IOException {
        send(socket, target);
        InputStream in = socket.getInputStream();
        long length = -1;
        String line = line(in);
        if (!line.startsWith("HTTP/1.1 200")) {
            throw new IOException(line);
        }
        boolean chunked = false;
        while (!(line = line(in)).isEmpty()) {
            String lower = line.toLowerCase(java.util.Locale.ROOT);
            chunked |= lower.startsWith("transfer-encoding: chunked");
            if (lower.startsWith("content-length:")) {
                length = Long.parseLong(
                        lower.substring("content-length:".length()).strip());
            }
        }
        if (!chunked) {
            in.skipNBytes(length);
            return;
        }
        long size;
        do {
            size = Long.parseLong(line(in), 16);
            in.skipNBytes(size + 2);
        } while (size > 0);
    }

    private static String line(InputStream in) throws IOException {
        var text = new StringBuilder();
        int c;
        while ((c = in.read()) != '\n') {
            if (c < 0) {
                throw new IOException("cut off");
            }
            if (c != '\r') {
                text.append((char) c);
            }
        }
        return text.toString();
    }

    private static void series(String name, double[] sorted, List<Series> into) {
        into.add(new Series(name, "p50", "ms", List.of(at(sorted, 0.5))));
        into.add(new Series(name, "p99", "ms", List.of(at(sorted, 0.99))));
    }

    private static double at(double[] sorted, double share) {
        return sorted[(int) (share * (sorted.length - 1))];
    }

    private static <T> T await(io.vertx.core.Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    @Override
    public void close() {
        await(http.stop(Duration.ZERO));
        await(vertx.close());
        engine.close();
        large.close();
        small.close();
        files.close();
        root.close();
    }
}
