package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Who did what: a line of JSON for each login refused, access refused, write, replay and change of what lets callers in, and
 * for each read where the settings say so. Never what was read or written, never a secret. Any thread; nobody waits for it.
 */
public final class Audit implements AutoCloseable {
    /** Takes lines, without their ends, on one thread of its own; one that throws has taken none of them. */
    public interface Target extends AutoCloseable {
        void write(List<byte[]> lines) throws Exception;
    }

    /** What is said of. */
    public enum Kind {
        LOGIN,
        ACCESS,
        READ,
        WRITE,
        REPLAY,
        ADMINISTER
    }

    /**
     * What an answer is.
     *
     * @param position empty where it has none
     * @param rows -1 where they are not known
     * @param bytes -1 where they are not known
     */
    public record Served(String position, long rows, long bytes) {
        public static final Served NOTHING = new Served("", -1, -1);
    }

    /**
     * What was done; empty texts for what is not known.
     *
     * @param who the principal's name
     * @param policy what was in force for whoever asked
     * @param outcome {@code ok}, or a problem's type
     */
    public record Entry(
            Kind kind,
            String who,
            String client,
            String operation,
            String product,
            String policy,
            Served served,
            String outcome,
            String trace) {}

    private final List<AuditLog> logs = new CopyOnWriteArrayList<>();
    private final Configuration.Audit settings;
    private final InstantSource clock;
    private final MeterRegistry meters;

    /** Writes to the file of the settings, where one is named. */
    public Audit(Configuration.Audit settings, InstantSource clock, MeterRegistry meters) {
        this.settings = settings;
        this.clock = clock;
        this.meters = meters;
        if (!settings.file().toString().isEmpty()) {
            add("file", file(settings.file()));
        }
    }

    /** Writes to another target, too, which it closes. */
    public void add(String name, Target owned) {
        logs.add(new AuditLog(name, owned, settings.queue(), meters));
    }

    /** Whether anything is written. */
    public boolean isOn() {
        return !logs.isEmpty();
    }

    /** Whether reads are. */
    public boolean reads() {
        return settings.reads();
    }

    /** Has it written; never waits. */
    public void add(Entry entry) {
        if (!isOn()) {
            return;
        }
        var json = new JsonObject()
                .put("time", clock.instant().toString())
                .put("kind", entry.kind().name().toLowerCase(java.util.Locale.ROOT));
        put(json, "who", entry.who());
        put(json, "client", entry.client());
        put(json, "operation", entry.operation());
        put(json, "product", entry.product());
        put(json, "policy", entry.policy());
        put(json, "position", entry.served().position());
        put(json, "rows", entry.served().rows());
        put(json, "bytes", entry.served().bytes());
        put(json, "outcome", entry.outcome());
        put(json, "trace", entry.trace());
        byte[] line = json.encode().getBytes(UTF_8);
        logs.forEach(log -> log.add(line));
    }

    /** A problem's type as an outcome. */
    public static String outcome(Problem problem) {
        return problem.status().name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }

    private static void put(JsonObject json, String name, String text) {
        if (!text.isEmpty()) {
            json.put(name, text);
        }
    }

    private static void put(JsonObject json, String name, long number) {
        if (number >= 0) {
            json.put(name, number);
        }
    }

    /** A file that is opened for each run of lines, so that it can be moved away at any time. */
    private static Target file(Path path) {
        return new Target() {
            @Override
            public void write(List<byte[]> lines) throws IOException {
                var bytes = new ByteArrayOutputStream();
                for (byte[] line : lines) {
                    bytes.writeBytes(line);
                    bytes.write('\n');
                }
                if (!Files.exists(path)
                        && path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                    Files.createFile(
                            path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                }
                Files.write(path, bytes.toByteArray(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() throws InterruptedException {
        for (AuditLog log : logs) {
            log.close();
        }
    }
}
