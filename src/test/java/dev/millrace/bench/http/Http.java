package dev.millrace.bench.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A plain client for what is not load. */
final class Http {
    private static final int TIMEOUT_MILLIS = 60_000;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(2);

    private Http() {}

    /** Waits until a server of a running process answers 200. */
    static void awaitOk(Process process, int port, String path) throws InterruptedException {
        long begun = System.nanoTime();
        while (!isOk(port, path)) {
            if (!process.isAlive() || System.nanoTime() - begun > LIMIT_NANOS) {
                throw new IllegalStateException("port " + port + " does not answer " + path);
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static boolean isOk(int port, String path) {
        try {
            return open(port, path, "*/*").getResponseCode() == 200;
        } catch (IOException closed) {
            return false;
        }
    }

    /** The body of an answer 200 as text. */
    static String text(int port, String path, String accept) throws IOException {
        var body = new ByteArrayOutputStream();
        copy(port, path, accept, body);
        return body.toString(StandardCharsets.UTF_8);
    }

    /** Copies the body of an answer 200, and returns its length in bytes. */
    static long copy(int port, String path, String accept, OutputStream target) throws IOException {
        HttpURLConnection connection = open(port, path, accept);
        if (connection.getResponseCode() != 200) {
            throw new IOException(path + " answers " + connection.getResponseCode());
        }
        long sizeBytes = 0;
        byte[] buffer = new byte[1 << 20];
        try (InputStream body = connection.getInputStream()) {
            for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
                target.write(buffer, 0, read);
                sizeBytes += read;
            }
        }
        return sizeBytes;
    }

    private static HttpURLConnection open(int port, String path, String accept) throws IOException {
        var connection = (HttpURLConnection)
                URI.create("http://127.0.0.1:" + port + path).toURL().openConnection();
        connection.setRequestProperty("Accept", accept);
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        return connection;
    }
}
