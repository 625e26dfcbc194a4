package dev.millrace.bench.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.server.demo.DemoData;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * What subscribers to changes cost: the memory of the server's process for each that is idle, and how long from the call
 * that produces a record until each of them has its event. One thread reads all of them.
 */
public final class PushBench implements Bench {
    private static final String IDLE = "idle";
    private static final String ONE = "one record at a time";
    private static final String BURST = "a burst of records";
    private static final Pattern EVENT = Pattern.compile("\"flight_id\":\"P(\\d{9})\"");

    private record Memory(double rss, double heap) {}

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("subscribers", "10000", "records", "20", "burst", "100"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-bench-push");
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            Flights.publish(broker, folder, 1_000);
            try (Served millrace = Flights.serve(broker, folder, "maxSubscribersPerClient: 20000");
                    var producer = new KafkaProducer<>(
                            Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0),
                            new ByteArraySerializer(),
                            new ByteArraySerializer());
                    var clients = new Clients(millrace.port())) {
                return measure(arguments, millrace, producer, clients, progress);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private Report measure(
            Arguments arguments,
            Served millrace,
            KafkaProducer<byte[], byte[]> producer,
            Clients clients,
            Consumer<String> progress)
            throws IOException, InterruptedException {
        int subscribers = arguments.number("subscribers", this);
        clients.connect(50);
        clients.deliver(producer, 1);
        Memory before = memory(millrace);
        progress.accept("connecting " + subscribers);
        clients.connect(subscribers);
        Memory after = memory(millrace);
        double rss = (after.rss() - before.rss()) / subscribers;
        double heap = (after.heap() - before.heap()) / subscribers;
        progress.accept(String.format(Locale.ROOT, "%,.0f bytes of RSS, %,.0f of heap each", rss, heap));
        clients.deliver(producer, 1);
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < arguments.number("records", this); i++) {
            for (double one : clients.deliver(producer, 1)) {
                millis.add(one);
            }
        }
        double[] sorted =
                millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        progress.accept("a burst");
        int burst = arguments.number("burst", this);
        long begun = System.nanoTime();
        clients.deliver(producer, burst);
        double perSecond = (double) burst * clients.count() * 1e9 / (System.nanoTime() - begun);
        Memory end = memory(millrace);
        var results = List.of(
                one(IDLE, "RSS per subscriber", "bytes", rss),
                one(IDLE, "heap per subscriber", "bytes", heap),
                one(IDLE, "RSS of the server", "MB", after.rss() / 1e6),
                one(ONE, "p50", "ms", sorted[sorted.length / 2]),
                one(ONE, "p99", "ms", sorted[(int) (sorted.length * 0.99)]),
                one(BURST, "events per second", "1/s", perSecond),
                one(BURST, "RSS of the server after it", "MB", end.rss() / 1e6));
        return Report.of(
                "push",
                String.format(
                        Locale.ROOT,
                        "%,d subscribers by server-sent events, %d records one by one, %d at once; broker, producer"
                                + " and clients on the same cores",
                        clients.count(),
                        arguments.number("records", this),
                        burst),
                results,
                List.of(new Ratio(
                        "RSS of the server with all idle, in GB", after.rss() / (1 << 30), 1, Ratio.Better.LOWER)),
                List.of());
    }

    private static Series one(String name, String metric, String unit, double value) {
        return new Series(name, metric, unit, List.of(value));
    }

    /** After a collection. */
    private static Memory memory(Served served) throws IOException, InterruptedException {
        jcmd(served, "GC.run");
        long heap = Pattern.compile("(?:heap|generation|Gen) +total \\d+K, used (\\d+)K")
                .matcher(jcmd(served, "GC.heap_info"))
                .results()
                .mapToLong(used -> Long.parseLong(used.group(1)))
                .sum();
        Matcher rss = Pattern.compile("VmRSS:\\s+(\\d+) kB")
                .matcher(Files.readString(Path.of("/proc/" + served.process().pid() + "/status")));
        if (heap == 0 || !rss.find()) {
            throw new IllegalStateException("the process says nothing of its memory");
        }
        return new Memory(1024.0 * Long.parseLong(rss.group(1)), 1024.0 * heap);
    }

    private static String jcmd(Served served, String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(served.process().pid()),
                        command)
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return text;
    }

    /** The subscribers' side, all on the caller's thread. */
    private static final class Clients implements AutoCloseable {
        private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);

        /** Of one client: what came behind the last whole event. */
        private static final class Rest {
            private String text = "";
            private int first = Integer.MAX_VALUE;
        }

        private final Selector selector = Selector.open();
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        private final InetSocketAddress server;
        private int number;

        Clients(int port) throws IOException {
            server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }

        int count() {
            return selector.keys().size();
        }

        /** Subscribes more; they have been answered when this returns. */
        void connect(int count) throws IOException {
            String request = "GET /v1/products/aviation/flights/changes HTTP/1.1\r\nHost: localhost\r\n\r\n";
            for (int i = 0; i < count; i++) {
                SocketChannel channel = SocketChannel.open(server);
                channel.write(ByteBuffer.wrap(request.getBytes(ISO_8859_1)));
                buffer.clear();
                channel.read(buffer);
                String answer = ISO_8859_1.decode(buffer.flip()).toString();
                if (!answer.startsWith("HTTP/1.1 200")) {
                    throw new IllegalStateException(answer);
                }
                channel.configureBlocking(false);
                channel.register(selector, SelectionKey.OP_READ, new Rest());
            }
        }

        /** Produces records and waits until all have come everywhere; the milliseconds of each client's first. */
        double[] deliver(KafkaProducer<byte[], byte[]> producer, int records) throws IOException {
            double[] millis = new double[count()];
            int begin = number;
            long begun = System.nanoTime();
            for (int i = 0; i < records; i++) {
                String id = String.format(Locale.ROOT, "P%09d", number++);
                var unused = producer.send(new ProducerRecord<>(DemoData.FLIGHTS.name(), id.getBytes(UTF_8), """
                        {"flight_id":"%s","date":"2001-03-01T12:00:00","delay":3,"distance":337,"origin":"SFO","destination":"LAX"}
                        """.strip()
                        .formatted(id)
                        .getBytes(UTF_8)));
            }
            long wanted = (long) records * count();
            int clients = 0;
            while (wanted > 0) {
                selector.select(1000);
                if (System.nanoTime() - begun > PATIENCE_NANOS) {
                    throw new IllegalStateException(wanted + " events are missing");
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    var rest = (Rest) key.attachment();
                    buffer.clear();
                    if (((SocketChannel) key.channel()).read(buffer) < 0) {
                        throw new IllegalStateException("the server ended a stream: " + rest.text);
                    }
                    String text = rest.text + ISO_8859_1.decode(buffer.flip());
                    Matcher event = EVENT.matcher(text);
                    int end = 0;
                    while (event.find()) {
                        end = event.end();
                        wanted--;
                        if (rest.first == Integer.MAX_VALUE || rest.first < begin) {
                            rest.first = begin;
                            millis[clients++] = (System.nanoTime() - begun) / 1e6;
                        }
                    }
                    rest.text = text.substring(Math.max(end, text.length() - 40));
                }
                selector.selectedKeys().clear();
            }
            return Arrays.copyOf(millis, clients);
        }

        @Override
        public void close() throws IOException {
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            selector.close();
        }
    }
}
