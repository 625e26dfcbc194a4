package dev.millrace.bench.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A server in a process of its own, on loopback; closing ends it. */
record Served(Process process, int port) implements AutoCloseable {
    /** The clock ticks of {@code /proc}: what Linux tells programs, whatever the kernel's own are. */
    private static final int TICKS_PER_SECOND = 100;

    /** Processor time of the process so far, from its line in {@code /proc}, in seconds. */
    double cpuSeconds() throws IOException {
        String line = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
        // The program's name, in brackets, may contain blanks; user and system time are fields 14 and 15.
        String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
        return (double) (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    /** Memory of the process that is in RAM, in bytes, without files that it maps. */
    long anonymousBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .sum();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
