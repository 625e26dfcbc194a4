package dev.millrace.sql;

import dev.millrace.problem.Problem;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes that run statements and the socket on which they are heard. All of it is done on one thread of its own, the
 * keeper: files, starts and ends of processes, and who is idle. A process is idle once it has connected and is ready, however long that
 * takes it, so no statement's time runs while one starts.
 */
final class Workers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final String WORKER = "sql-";
    private static final long START_SECONDS = 120;
    private static final long CLOSE_SECONDS = 10;
    private static final int MOST_FAILED_STARTS = 3;
    private static final int MOST_SOCKET_PATH = 90;

    /** What DuckDB and the JVM of a worker take beside the memory of a statement. */
    static final long WORKER_BYTES = 384L << 20;

    /** What workers are for. */
    interface Work {
        /** Gives a worker the next statement, on the keeper's thread; false when none waits. */
        boolean begin(Worker idle);

        /** There will be no worker for the statements that wait. */
        void fail(RuntimeException reason);

        /** Serves a connection on which a worker scans a table, and closes it; on a thread of its own. */
        void scan(JsonObject asked, Frames connection) throws IOException;
    }

    private final SqlEngine.Options options;
    private final String mesh;
    private final Work work;
    private final ThreadPoolExecutor keeper;
    private final Map<String, Worker> byName = new ConcurrentHashMap<>();

    // The keeper's alone.
    private final Deque<Worker> idle = new ArrayDeque<>();
    private Optional<ServerSocketChannel> listening = Optional.empty();
    private Path socket = Path.of("");
    private int names;
    private int failedStarts;

    private volatile boolean closed;

    Workers(SqlEngine.Options options, String mesh, Work work) {
        this.options = options;
        this.mesh = mesh;
        this.work = work;
        this.keeper = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("sql-keeper").factory(),
                new ThreadPoolExecutor.DiscardPolicy()); // after the end nothing is to be done
    }

    static RuntimeException stops() {
        return new Problem.Unavailable("SQL", "the server stops.").exception();
    }

    boolean isClosed() {
        return closed;
    }

    /** Says that statements wait; the first time, this starts everything. Any thread. */
    void look() {
        keeper.execute(this::turn);
    }

    /** Takes a worker back; one that is not usable is ended and another one started. Any thread. */
    void done(Worker worker, boolean usable) {
        keeper.execute(() -> {
            if (usable && worker.isAlive()) {
                idle.add(worker);
            } else {
                end(worker);
            }
            turn();
        });
    }

    private void turn() {
        if (closed) {
            return;
        }
        try {
            open();
            while (byName.size() < options.workers()) {
                start();
            }
        } catch (IOException | UncheckedIOException failure) {
            LOG.error("SQL has no workers", failure);
            work.fail(none());
            return;
        }
        for (Worker next = idle.poll(); next != null; next = idle.poll()) {
            if (!next.isAlive()) {
                continue; // its end is told by itself
            }
            if (!work.begin(next)) {
                idle.addFirst(next);
                return;
            }
        }
    }

    private static RuntimeException none() {
        return new Problem.Unavailable("SQL", "its workers cannot be started.").exception();
    }

    /** Makes the folder and listens, the first time. */
    private void open() throws IOException {
        if (listening.isPresent()) {
            return;
        }
        Path folder = Files.createDirectories(options.folder());
        try (Stream<Path> left = Files.list(folder)) {
            left.filter(path -> path.getFileName().toString().startsWith(WORKER))
                    .forEach(Workers::delete);
        }
        Path sockets =
                folder.toString().length() > MOST_SOCKET_PATH ? Files.createTempDirectory("millrace-sql") : folder;
        if (Files.getFileStore(sockets).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(sockets, PosixFilePermissions.fromString("rwx------"));
        }
        socket = sockets.resolve("workers.sock");
        Files.deleteIfExists(socket);
        library(folder);
        var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
        listening = Optional.of(server);
        Thread.ofPlatform().daemon().name("sql-accept").start(() -> accept(server));
    }

    /** Unpacks DuckDB's library once: each process would else unpack its own, and leave it behind when it is killed. */
    private static void library(Path folder) throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String os = system.contains("mac") ? "macos" : system.contains("windows") ? "windows" : "linux";
        String cpu = System.getProperty("os.arch").replace("x86_64", "amd64").replace("aarch64", "arm64");
        Path library = folder.resolve(System.mapLibraryName("duckdb_java"));
        try (InputStream in = Workers.class.getResourceAsStream("/libduckdb_java.so_" + os + "_" + cpu)) {
            if (in != null && !Files.exists(library)) {
                Path part = Files.createTempFile(folder, "library", ".part");
                Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
                Files.move(part, library, StandardCopyOption.ATOMIC_MOVE);
            }
        }
    }

    private void start() throws IOException {
        Worker worker = Worker.start(
                WORKER + ++names + "-" + UUID.randomUUID(),
                socket,
                options.folder(),
                options.memoryBytes() + WORKER_BYTES);
        byName.put(worker.name(), worker);
        worker.onEnd().thenRunAsync(() -> ended(worker), keeper);
        CompletableFuture.delayedExecutor(START_SECONDS, TimeUnit.SECONDS, keeper)
                .execute(() -> {
                    if (!worker.isConnected()) {
                        worker.close();
                    }
                });
    }

    /** What a process's end asks for; one that never connected may be one of many that cannot. */
    private void ended(Worker worker) {
        if (!worker.isConnected() && ++failedStarts >= MOST_FAILED_STARTS) {
            failedStarts = 0;
            LOG.error("Workers of SQL end before they connect");
            end(worker);
            work.fail(none());
            return;
        }
        end(worker);
        turn();
    }

    private void end(Worker worker) {
        if (byName.remove(worker.name()) != null) {
            idle.remove(worker);
            worker.close();
            delete(options.folder().resolve(worker.name()));
        }
    }

    private void accept(ServerSocketChannel server) {
        while (true) {
            try {
                var frames = new Frames(server.accept());
                Thread.ofPlatform().daemon().name("sql-scan").start(() -> connected(frames));
            } catch (ClosedChannelException end) {
                return;
            } catch (IOException failure) {
                LOG.warn("A worker of SQL could not connect", failure);
            }
        }
    }

    /** A worker's own connection, or one on which it scans a table; a scan runs here. */
    private void connected(Frames frames) {
        try {
            JsonObject first = frames.json();
            Worker worker = byName.get(first.getString("worker", ""));
            if (worker == null) {
                work.scan(first, frames);
                return;
            }
            Path spill = Files.createDirectories(options.folder().resolve(worker.name()));
            frames.send(new JsonObject()
                    .put("mesh", mesh)
                    .put("spill", spill.toString())
                    .put("memory", options.memoryBytes())
                    .put("spillBytes", options.spillBytes())
                    .put("threads", Math.max(1, Runtime.getRuntime().availableProcessors() - 1)));
            frames.json(); // it is ready
            worker.connected(frames);
            keeper.execute(() -> {
                failedStarts = 0;
                idle.add(worker);
                turn();
            });
        } catch (IOException | UncheckedIOException gone) {
            LOG.debug("A connection of a worker ended", gone);
        }
    }

    /** Deletes what did not fit a worker's memory. */
    private static void delete(Path spill) {
        try (Stream<Path> files = Files.exists(spill) ? Files.walk(spill) : Stream.empty()) {
            for (Path file : files.toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException stays) {
            LOG.warn("{} stays until the next start", spill, stays);
        }
    }

    /** Ends all of it; waits for the keeper. */
    @Override
    public void close() {
        closed = true;
        keeper.execute(() -> {
            work.fail(stops());
            List.copyOf(byName.values()).forEach(this::end);
            try {
                if (listening.isPresent()) {
                    listening.get().close();
                    Files.deleteIfExists(socket);
                }
            } catch (IOException failure) {
                LOG.warn("The socket of SQL's workers did not close", failure);
            }
        });
        keeper.shutdown();
        try {
            if (!keeper.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("SQL's workers do not end");
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }
}
