package dev.millrace.bench.http;

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
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How long from the call that produces a record until its row is answered by key over HTTP, while records come at a
 * steady rate. One record at a time is watched: it is asked for again and again, one request after the other.
 */
public final class FreshnessBench implements Bench {
    private static final List<Integer> RATES = List.of(1_000, 20_000);
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(7);
    private static final double P50_GOAL = 10;
    private static final double P99_GOAL = 50;

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("rounds", "3", "seconds", "10", "warmup-seconds", "15"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-bench-fresh");
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            Flights.publish(broker, folder, 1_000);
            try (Served millrace = Flights.serve(broker, folder);
                    var producer = new KafkaProducer<>(
                            Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0),
                            new ByteArraySerializer(),
                            new ByteArraySerializer())) {
                return measure(arguments, new Flow(millrace, producer), progress);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private Report measure(Arguments arguments, Flow flow, Consumer<String> progress) throws InterruptedException {
        int rounds = arguments.number("rounds", this);
        int seconds = arguments.number("seconds", this);
        Map<Integer, List<double[]>> taken = new LinkedHashMap<>();
        for (int rate : RATES) {
            progress.accept("warm-up: " + name(rate));
            flow.run(rate, arguments.number("warmup-seconds", this));
        }
        for (int round = 1; round <= rounds; round++) {
            for (int rate : RATES) {
                double[] millis = flow.run(rate, seconds);
                progress.accept(
                        String.format(Locale.ROOT, "round %d: %s, p50 %.1f ms", round, name(rate), at(millis, 0.5)));
                taken.computeIfAbsent(rate, key -> new ArrayList<>()).add(millis);
            }
        }
        List<Series> results = new ArrayList<>();
        List<Ratio> ratios = new ArrayList<>();
        taken.forEach((rate, each) -> {
            var p50 = new Series(
                    name(rate),
                    "p50",
                    "ms",
                    each.stream().map(one -> at(one, 0.5)).toList());
            var p99 = new Series(
                    name(rate),
                    "p99",
                    "ms",
                    each.stream().map(one -> at(one, 0.99)).toList());
            results.addAll(List.of(p50, p99));
            ratios.add(new Ratio(name(rate) + ", p50 in ms", p50.median(), P50_GOAL, Ratio.Better.LOWER));
            ratios.add(new Ratio(name(rate) + ", p99 in ms", p99.median(), P99_GOAL, Ratio.Better.LOWER));
        });
        return Report.of(
                "freshness",
                String.format(
                        Locale.ROOT,
                        "produce to visible by key over HTTP, %d rounds of %d s; broker, producer and client on the"
                                + " same cores",
                        rounds,
                        seconds),
                results,
                ratios,
                List.of());
    }

    private static String name(int rate) {
        return String.format(Locale.ROOT, "%,d/s", rate);
    }

    private static double at(double[] sorted, double share) {
        return sorted[(int) (share * (sorted.length - 1))];
    }

    /** Records on their way to one server. */
    private static final class Flow {
        private final Served millrace;
        private final KafkaProducer<byte[], byte[]> producer;
        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        private int number = 1_000_000;

        Flow(Served millrace, KafkaProducer<byte[], byte[]> producer) {
            this.millrace = millrace;
            this.producer = producer;
        }

        /** The milliseconds of each record watched, sorted. */
        double[] run(int perSecond, int seconds) throws InterruptedException {
            var running = new AtomicBoolean(true);
            Thread load = Thread.ofPlatform().name("load").start(() -> load(perSecond, running));
            try {
                List<Double> millis = new ArrayList<>();
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
                while (System.nanoTime() < end) {
                    millis.add(watched());
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
                return millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            } finally {
                running.set(false);
                load.join();
            }
        }

        private void load(int perSecond, AtomicBoolean running) {
            long begun = System.nanoTime();
            long sent = 0;
            while (running.get()) {
                long due = (System.nanoTime() - begun) * perSecond / TimeUnit.SECONDS.toNanos(1);
                for (; sent < due; sent++) {
                    send("L%09d".formatted(sent));
                }
                LockSupport.parkNanos(TICK_NANOS);
            }
        }

        private void send(String id) {
            var unused = producer.send(new ProducerRecord<>(DemoData.FLIGHTS.name(), id.getBytes(UTF_8), """
                    {"flight_id":"%s","date":"2001-03-01T12:00:00","delay":3,"distance":337,"origin":"SFO","destination":"LAX"}
                    """.strip()
                    .formatted(id)
                    .getBytes(UTF_8)));
        }

        private double watched() throws InterruptedException {
            String id = "W%09d".formatted(number++);
            var request = HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + millrace.port() + Flights.ROWS + "/" + id))
                    .build();
            long begun = System.nanoTime();
            send(id);
            try {
                while (http.send(request, BodyHandlers.discarding()).statusCode() != 200) {
                    if (System.nanoTime() - begun > TimeUnit.SECONDS.toNanos(30)) {
                        throw new IllegalStateException(id + " does not come");
                    }
                }
            } catch (IOException failure) {
                throw new IllegalStateException(failure);
            }
            return (System.nanoTime() - begun) / 1e6;
        }
    }
}
