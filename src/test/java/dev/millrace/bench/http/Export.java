package dev.millrace.bench.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;

/**
 * Whole exports, one after the other, by one client that throws them away.
 *
 * @param cpuSeconds processor time of the server meanwhile
 */
record Export(long sizeBytes, double seconds, double cpuSeconds) {
    static Export run(Served server, String path, String accept, int seconds) throws IOException {
        double cpu = server.cpuSeconds();
        long begun = System.nanoTime();
        long sizeBytes = 0;
        while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(seconds)) {
            sizeBytes += Http.copy(server.port(), path, accept, OutputStream.nullOutputStream());
        }
        return new Export(sizeBytes, (System.nanoTime() - begun) / 1e9, server.cpuSeconds() - cpu);
    }

    double perSecond() {
        return sizeBytes / seconds / 1e6;
    }

    double perCpuSecond() {
        return sizeBytes / cpuSeconds / 1e6;
    }
}
