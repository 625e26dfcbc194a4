package dev.millrace.ingest.broker;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.Feature;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running single-node Kafka broker in this JVM, which keeps its data in a folder.
 *
 * <p>The folder is formatted on first use and keeps its cluster id; started on the same folder again, it serves the
 * same topics. {@link #start} and {@link #close} block for about a second and belong on a worker or virtual thread,
 * never on an event loop. The caller of {@code start} owns the broker and closes it.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final Duration FOLDER_PATIENCE = Duration.ofSeconds(30);

    private final KafkaRaftServer server;
    private final FolderLock lock;
    private final int port;

    private EmbeddedBroker(KafkaRaftServer server, FolderLock lock, int port) {
        this.server = server;
        this.lock = lock;
        this.port = port;
    }

    /**
     * A broker that serves clients on return.
     *
     * @param folder its data folder; made when missing
     * @param port the port on the loopback address, or 0 for any free one
     * @throws ProblemException {@link Problem.CannotStart} when the port is taken, the folder is in use, or Kafka
     *     refuses to start on it
     */
    public static EmbeddedBroker start(Path folder, int port) {
        FolderLock lock;
        try {
            lock = FolderLock.take(folder, FOLDER_PATIENCE);
        } catch (IOException e) {
            throw cannotStart("its folder " + folder + " cannot be used: " + e.getMessage());
        }
        try {
            return start(
                    folder.resolve("log").toAbsolutePath(),
                    port == 0 ? FreePorts.ofSystem().next() : port,
                    lock);
        } catch (ProblemException e) {
            release(lock);
            throw e;
        }
    }

    /** Kafka halts the whole JVM when it cannot bind, so the port is tried before Kafka does. */
    private static EmbeddedBroker start(Path logFolder, int port, FolderLock lock) {
        if (FreePorts.taken(port)) {
            throw cannotStart("port " + port + " is taken");
        }
        try {
            format(logFolder);
        } catch (Exception e) { // Formatter.run declares nothing narrower
            LOG.debug("Formatting {} failed", logFolder, e);
            throw cannotStart("its folder " + logFolder + " cannot be formatted: " + e.getMessage());
        }
        int controllerPort = FreePorts.ofSystem().next();
        KafkaRaftServer server =
                new KafkaRaftServer(new KafkaConfig(BrokerSettings.of(logFolder, port, controllerPort)), Time.SYSTEM);
        Optional<Throwable> failure = startUp(server);
        if (failure.isPresent()) {
            server.shutdown();
            server.awaitShutdown();
            LOG.debug("The broker in {} did not start", logFolder, failure.get());
            throw cannotStart(failure.get().getMessage());
        }
        return new EmbeddedBroker(server, lock, port);
    }

    private static Optional<Throwable> startUp(KafkaRaftServer server) {
        try {
            server.startup();
            return Optional.empty();
        } catch (Exception e) { // Scala declares no exceptions, and throws checked ones
            return Optional.of(e);
        }
    }

    /** Formats the folder unless it is: the file is written last and at once, so a killed format starts over. */
    private static void format(Path logFolder) throws Exception {
        if (Files.exists(logFolder.resolve("meta.properties"))) {
            return;
        }
        Files.createDirectories(logFolder);
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(nowhere)
                    .setNodeId(1)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setControllerListenerName("CONTROLLER")
                    .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
                    .addDirectory(logFolder.toString())
                    .setMetadataLogDirectory(logFolder.toString())
                    .setIgnoreFormatted(true)
                    .run();
        }
    }

    private static ProblemException cannotStart(@Nullable String reason) {
        return new ProblemException(new Problem.CannotStart("The Kafka broker cannot start: " + reason + "."));
    }

    private static void release(FolderLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("The lock on the Kafka folder could not be released", e);
        }
    }

    /** The port that clients connect to, on the loopback address. */
    public int port() {
        return port;
    }

    /** The address for a client's {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return BrokerSettings.HOST + ":" + port;
    }

    /** Flushes and stops the broker; blocks until its threads have ended and the folder can be used again. */
    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
        try {
            lock.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
