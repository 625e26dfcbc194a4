package dev.millrace.ingest.broker;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker in a child JVM, which serves from the moment that {@link #start} completes until {@link #close}.
 *
 * <p>The child is this program again: the same {@code java}, the same class path, another main. It ends when its
 * standard input ends, so also when this process is killed. It ignores the terminal's interrupt, since Ctrl-C reaches
 * every process of the terminal and the broker must outlive the drain of the server. Its log is {@code broker.log} in
 * its folder.
 *
 * <p>{@code start} and {@link #restart} return at once and may be called on an event loop; their futures complete on
 * a virtual thread. {@link #close} blocks. The caller owns the broker and closes it.
 */
public final class ChildBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChildBroker.class);
    private static final int ATTEMPTS = 5;
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(15);

    private final Path folder;
    private final int port;
    private final Process process;

    private ChildBroker(Path folder, int port, Process process) {
        this.folder = folder;
        this.port = port;
        this.process = process;
    }

    /**
     * Completes with a broker that serves clients.
     *
     * @param folder its data folder; made when missing
     * @param port the port on the loopback address, or 0 for any free one
     * @return fails with a {@link ProblemException} of {@link Problem.CannotStart} when the child cannot serve; then
     *     no child is left
     */
    public static CompletableFuture<ChildBroker> start(Path folder, int port) {
        return start(folder, port, FreePorts.ofSystem());
    }

    static CompletableFuture<ChildBroker> start(Path folder, int port, FreePorts ports) {
        CompletableFuture<ChildBroker> started = new CompletableFuture<>();
        Thread.ofVirtual().name("start-broker").start(() -> {
            try {
                started.complete(port == 0 ? spawnOnFreePort(folder, ports) : spawn(folder, port));
            } catch (ProblemException e) {
                started.completeExceptionally(e);
            } catch (IOException | RuntimeException e) {
                LOG.debug("The broker's JVM could not be started", e);
                started.completeExceptionally(cannotStart(String.valueOf(e.getMessage())));
            }
        });
        return started;
    }

    private static ChildBroker spawnOnFreePort(Path folder, FreePorts ports) throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = ports.next();
            try {
                return spawn(folder, port);
            } catch (ProblemException e) {
                if (attempt == ATTEMPTS || !FreePorts.taken(port)) {
                    throw e;
                }
                LOG.debug("Port {} was taken meanwhile", port);
            }
        }
    }

    private static ChildBroker spawn(Path folder, int port) throws IOException {
        Files.createDirectories(folder);
        Path log = folder.resolve("broker.log");
        Process process = new ProcessBuilder(command(folder, port))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        CompletableFuture<String> firstLine = new CompletableFuture<>();
        Thread.ofVirtual().name("broker-output").start(() -> forward(process, firstLine));
        String said;
        try {
            said = firstLine
                    .orTimeout(START_PATIENCE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw cannotStart("it said nothing for " + START_PATIENCE.toSeconds() + " s; its log is " + log);
        }
        if (said.startsWith("READY ")) {
            int serving = Integer.parseInt(said.substring(said.lastIndexOf(':') + 1));
            return new ChildBroker(folder, serving, process);
        }
        process.destroyForcibly();
        if (said.startsWith("FAILED ")) {
            throw new ProblemException(new Problem.CannotStart(said.substring("FAILED ".length())));
        }
        throw cannotStart("its JVM ended; its log is " + log);
    }

    /** Hands over the first protocol line; whatever else the JVM writes goes to our log. An end is an empty line. */
    private static void forward(Process process, CompletableFuture<String> firstLine) {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (@Nullable String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith("READY ") || line.startsWith("FAILED ")) {
                    firstLine.complete(line);
                } else {
                    LOG.info("Broker: {}", line);
                }
            }
        } catch (IOException e) {
            LOG.debug("The broker's output broke off", e);
        }
        firstLine.complete("");
    }

    private static List<String> command(Path folder, int port) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/bin/sh"))) {
            command.addAll(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xms64m",
                "-Xmx160m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:TieredStopAtLevel=1",
                "-XX:ErrorFile=" + folder.toAbsolutePath().resolve("hs_err_%p.log"),
                "-Djdk.nio.maxCachedBufferSize=262144",
                "-Dlogback.configurationFile=dev/millrace/ingest/broker/logback-broker.xml",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                BrokerMain.class.getName(),
                folder.toAbsolutePath().toString(),
                Integer.toString(port)));
        return command;
    }

    private static String absolute(String classPath) {
        String separator = System.getProperty("path.separator");
        List<String> entries = new ArrayList<>();
        for (String entry : classPath.split(separator, -1)) {
            entries.add(Path.of(entry).toAbsolutePath().toString());
        }
        return String.join(separator, entries);
    }

    private static ProblemException cannotStart(String reason) {
        return new ProblemException(new Problem.CannotStart("The Kafka broker cannot start: " + reason + "."));
    }

    /** The port that clients connect to, on the loopback address. */
    public int port() {
        return port;
    }

    /** The address for a client's {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return BrokerSettings.HOST + ":" + port;
    }

    /** The child itself, to watch its end ({@link Process#onExit}) or, in a test, to kill it. */
    public Process process() {
        return process;
    }

    /** The file that the broker logs to. */
    public Path log() {
        return folder.resolve("broker.log");
    }

    /**
     * Completes with a new broker on the same folder and port, after this one, if it still runs, was closed. This one
     * must not be used any more.
     */
    public CompletableFuture<ChildBroker> restart() {
        return CompletableFuture.runAsync(
                        this::close,
                        task -> Thread.ofVirtual().name("close-broker").start(task))
                .thenCompose(closed -> start(folder, port));
    }

    /** Ends the child: its standard input is closed, it flushes, and it is killed when it has not ended after 15 s. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            LOG.debug("The broker's input was closed already", e);
        }
        try {
            if (!process.waitFor(CLOSE_PATIENCE)) {
                LOG.warn("The broker did not end within {} s and is killed", CLOSE_PATIENCE.toSeconds());
                process.destroyForcibly().waitFor(CLOSE_PATIENCE);
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
