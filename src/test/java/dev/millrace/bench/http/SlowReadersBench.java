package dev.millrace.bench.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.ingest.broker.ChildBroker;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Whether those who read slowly hold up those who do not: clients who take an export of all rows at some kilobytes a second,
 * and others who ask for rows by key at fixed times. The latency of the latter counts from the time at which they should have
 * asked, alone and beside the former.
 */
public final class SlowReadersBench implements Bench {
    // Seldom and much, since the clients' own work is on the same cores and would be what is measured.
    private static final int BYTES_A_READ = 10_000;
    private static final long READ_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int STATUS_BYTES = "HTTP/1.1 200".length();
    private static final int ADDRESSES = 16;

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of(
                "slow",
                "2000",
                "fast",
                "200",
                "rate",
                "2000",
                "seconds",
                "30",
                "warmup-seconds",
                "10",
                "records",
                "200000"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-bench-slow");
        int slow = arguments.number("slow", this);
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            progress.accept("publishing");
            Flights.publish(broker, folder, arguments.number("records", this));
            String settings = "maxStreams: " + 4 * Math.max(1, slow) + "\nidleTimeout: 300s";
            try (Served millrace = Flights.serve(broker, folder, settings)) {
                return measure(arguments, millrace, progress);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private Report measure(Arguments arguments, Served millrace, Consumer<String> progress)
            throws IOException, InterruptedException {
        var fast = new Fast(
                millrace.port(),
                Flights.keys(arguments.number("records", this)),
                arguments.number("fast", this),
                arguments.number("rate", this));
        int seconds = arguments.number("seconds", this);
        fast.run(arguments.number("warmup-seconds", this));
        progress.accept("the fast alone");
        double[] alone = fast.run(seconds);
        double before = millrace.anonymousBytes() / 1e6;
        var running = new AtomicBoolean(true);
        var reading = new AtomicInteger();
        Map<String, Integer> ends = new ConcurrentSkipListMap<>();
        List<Thread> readers = new ArrayList<>();
        try {
            for (int i = 0; i < arguments.number("slow", this); i++) {
                int number = i;
                readers.add(Thread.ofVirtual().start(() -> read(millrace.port(), number, running, reading, ends)));
            }
            long limit = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (reading.get() < readers.size() && System.nanoTime() < limit) {
                LockSupport.parkNanos(LOOK_NANOS);
            }
            progress.accept(reading.get() + " slow readers are served; ended and asked again: " + ends);
            double[] first = fast.run(seconds);
            double early = millrace.anonymousBytes() / 1e6;
            progress.accept("beside them, once more");
            double[] beside = fast.run(seconds);
            double late = millrace.anonymousBytes() / 1e6;
            int served = reading.get();
            progress.accept(served + " are served; ended and asked again: " + ends);
            List<Series> results = new ArrayList<>();
            results.addAll(series("fast alone", alone));
            results.addAll(series("fast beside the slow, first", first));
            results.addAll(series("fast beside the slow, later", beside));
            results.add(new Series("slow", "still served at the end", "", List.of((double) served)));
            results.add(new Series("memory", "before", "MB", List.of(before)));
            results.add(new Series("memory", "beside the slow, first", "MB", List.of(early)));
            results.add(new Series("memory", "beside the slow, later", "MB", List.of(late)));
            return Report.of(
                    "slow",
                    String.format(
                            Locale.ROOT,
                            "%d clients take an export at %d KB/s each; %d others ask for %d rows a second in all; all of"
                                    + " them on the same cores",
                            readers.size(),
                            BYTES_A_READ * TimeUnit.SECONDS.toNanos(1) / READ_NANOS / 1000,
                            arguments.number("fast", this),
                            arguments.number("rate", this)),
                    results,
                    List.of(
                            new Ratio(
                                    "p99 beside the slow / alone",
                                    at(beside, 0.99) / at(alone, 0.99),
                                    2,
                                    Ratio.Better.LOWER),
                            new Ratio("memory later / first", late / early, 1.1, Ratio.Better.LOWER),
                            new Ratio(
                                    "slow readers served / asked for",
                                    (double) served / readers.size(),
                                    1,
                                    Ratio.Better.HIGHER)),
                    List.of());
        } finally {
            running.set(false);
            for (Thread reader : readers) {
                reader.join();
            }
        }
    }

    private static List<Series> series(String name, double[] millis) {
        return List.of(
                new Series(name, "p50", "ms", List.of(at(millis, 0.5))),
                new Series(name, "p99", "ms", List.of(at(millis, 0.99))));
    }

    private static double at(double[] sorted, double share) {
        return sorted[(int) (share * (sorted.length - 1))];
    }

    /** One slow client, which has an address of several, since the places of one are limited. It asks again when refused. */
    private static void read(
            int port, int number, AtomicBoolean running, AtomicInteger reading, Map<String, Integer> ends) {
        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(READ_NANOS)); // they have no common beat
        while (running.get()) {
            try (Socket socket = new Socket()) {
                socket.setReceiveBufferSize(16 << 10);
                socket.bind(new InetSocketAddress(
                        InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) (2 + number % ADDRESSES)}), 0));
                socket.connect(new InetSocketAddress("127.0.0.1", port));
                socket.getOutputStream()
                        .write(("GET " + Flights.ROWS + "?format=ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
                                .getBytes(ISO_8859_1));
                InputStream in = socket.getInputStream();
                String status = new String(in.readNBytes(STATUS_BYTES), ISO_8859_1);
                if (!status.endsWith(" 200")) {
                    ends.merge(status, 1, Integer::sum);
                    LockSupport.parkNanos(RETRY_NANOS);
                    continue;
                }
                byte[] buffer = new byte[BYTES_A_READ];
                reading.incrementAndGet();
                try {
                    while (running.get() && in.readNBytes(buffer, 0, buffer.length) == buffer.length) {
                        LockSupport.parkNanos(READ_NANOS);
                    }
                } finally {
                    reading.decrementAndGet();
                }
                if (running.get()) {
                    ends.merge("cut off", 1, Integer::sum);
                }
            } catch (IOException failure) {
                ends.merge(failure.toString(), 1, Integer::sum);
                LockSupport.parkNanos(RETRY_NANOS);
            }
        }
    }

    /** Clients who ask at fixed times, whether or not the last answer is there. */
    private record Fast(int port, List<String> keys, int clients, int perSecond) {
        /** The milliseconds of each answer, sorted. */
        double[] run(int seconds) throws InterruptedException {
            var millis = new ConcurrentLinkedQueue<Double>();
            long every = TimeUnit.SECONDS.toNanos(1) * clients / perSecond;
            long begun = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(200);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                int client = i;
                long first = begun + every * client / clients;
                threads.add(Thread.ofVirtual()
                        .start(() -> ask(client, first, every, begun + TimeUnit.SECONDS.toNanos(seconds), millis)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        }

        private void ask(int client, long first, long every, long end, ConcurrentLinkedQueue<Double> millis) {
            try (Socket socket = new Socket("127.0.0.1", port)) {
                socket.setTcpNoDelay(true);
                byte[] buffer = new byte[4096];
                int key = client * 7;
                for (long due = first; due < end; due += every) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    socket.getOutputStream()
                            .write(("GET " + keys.get(key++ % keys.size()) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                    .getBytes(ISO_8859_1));
                    int read = 0;
                    while (read < 1 || buffer[read - 1] != '}') {
                        int more = socket.getInputStream().read(buffer, read, buffer.length - read);
                        if (more < 0) {
                            throw new IOException("a fast client is cut off");
                        }
                        read += more;
                    }
                    millis.add((System.nanoTime() - due) / 1e6);
                }
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
