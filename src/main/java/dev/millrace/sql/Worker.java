package dev.millrace.sql;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** A process that runs statements, and the connection on which it is told them. One statement at a time. */
final class Worker implements AutoCloseable {
    /** Address space beyond the memory of statements: the JVM's own, its libraries, stacks. */
    private static final long OWN_BYTES = 2L << 30;

    private static final long PAGE_BYTES = 4096;

    private final String name;
    private final Process process;
    private final CompletableFuture<Frames> control = new CompletableFuture<>();

    private Worker(String name, Process process) {
        this.name = name;
        this.process = process;
        process.onExit().thenRun(() -> control.completeExceptionally(new IOException("the worker ended")));
    }

    /**
     * Starts one, whose address space is bounded where the system's shell can do that.
     *
     * @param library the folder of DuckDB's native library
     */
    static Worker start(String name, Path socket, Path library, long memoryBytes) throws IOException {
        var command = new ArrayList<String>();
        if (Files.isExecutable(Path.of("/bin/sh"))) {
            long kib = (memoryBytes + OWN_BYTES) >>> 10;
            command.addAll(List.of("/bin/sh", "-c", "ulimit -v " + kib + " 2>/dev/null; exec \"$@\"", "sh"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:CompressedClassSpaceSize=64m",
                "-XX:ReservedCodeCacheSize=48m",
                "-XX:MaxDirectMemorySize=256m",
                "-Xshare:auto",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-Darrow.enable_unsafe_memory_access=true",
                "-Darrow.enable_null_check_for_get=false",
                "-Dlogback.configurationFile=dev/millrace/sql/logback-worker.xml",
                "-Djava.library.path=" + library,
                "-cp",
                System.getProperty("java.class.path"),
                WorkerMain.class.getName(),
                socket.toString(),
                name));
        var builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.to(new File("/dev/null")));
        builder.environment().keySet().removeIf(variable -> !variable.equals("PATH"));
        return new Worker(name, builder.start());
    }

    String name() {
        return name;
    }

    /** Gives it its connection, once it has made one. */
    void connected(Frames frames) {
        if (!control.complete(frames)) {
            frames.close();
        }
    }

    boolean isConnected() {
        return control.state() == Future.State.SUCCESS;
    }

    /** The connection of one that is connected. */
    Frames control() {
        return control.resultNow();
    }

    /** Completes when the process has ended, however it did. */
    CompletableFuture<?> onEnd() {
        return process.onExit();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Bytes that it has in memory; 0 where the system does not say. */
    long residentBytes() {
        try {
            String[] fields = Files.readString(Path.of("/proc/" + process.pid() + "/statm"))
                    .split(" ", -1);
            return Long.parseLong(fields[1]) * PAGE_BYTES;
        } catch (IOException gone) {
            return 0;
        }
    }

    /** Ends it at once, whatever it does. */
    @Override
    public void close() {
        process.destroyForcibly();
        if (isConnected()) {
            control().close();
        }
    }
}
