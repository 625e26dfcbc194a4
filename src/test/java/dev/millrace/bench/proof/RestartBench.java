package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.server.ChildServer;
import dev.millrace.server.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * How long a server with many rows on its disk takes from the start of its process to the first correct answer by key,
 * until a thousand other keys were answered too, and until it is ready.
 */
public final class RestartBench implements Bench {
    private static final int WARM_KEYS = 1_000;
    private static final String FIRST = "first answer by key";
    private static final String WARM = "1,000 keys answered";
    private static final String READY = "/health/ready";
    private static final String CACHED = "with the AOT cache";
    private static final String PLAIN = "without";

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("rows", "20000000", "rounds", "3"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        int rows = arguments.number("rows", this);
        Path folder = Files.createTempDirectory("millrace-bench-restart");
        Ledger.accounts(folder.resolve("mesh"));
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            Path settings = Ledger.settings(folder, broker.bootstrapServers(), "domain: {memory: 2GiB}");
            progress.accept(String.format(Locale.ROOT, "publishing and storing %,d accounts", rows));
            try (var publisher = new TopicPublisher(broker.bootstrapServers());
                    ChildServer server = ChildServer.start(settings, folder.resolve("server.log"))) {
                publisher.ensure(List.of(new TopicSpecification(Ledger.TOPIC, 4, Map.of())));
                publisher.publish(
                        Ledger.TOPIC,
                        IntStream.range(0, rows).mapToObj(RestartBench::record).iterator(),
                        rows,
                        (done, total) -> {});
                Client client = Client.of(server.httpPort());
                Client.await(
                        "all accounts", () -> client.get(Ledger.ACCOUNTS).body().contains("\"rows\":" + rows + ","));
            }
            progress.accept("training");
            if (new ProcessBuilder(ChildServer.root().resolve("millrace").toString(), "train")
                            .start()
                            .waitFor()
                    != 0) {
                throw new IllegalStateException("./millrace train failed");
            }
            Map<String, Map<String, List<Double>>> seconds = new TreeMap<>();
            for (int round = 1; round <= arguments.number("rounds", this); round++) {
                for (String name : List.of(CACHED, PLAIN)) {
                    measure(settings, folder.resolve("server.log"), rows, name.equals(PLAIN) ? "-XX:AOTMode=off" : "")
                            .forEach((what, value) -> seconds.computeIfAbsent(name, key -> new TreeMap<>())
                                    .computeIfAbsent(what, key -> new ArrayList<>())
                                    .add(value));
                }
                progress.accept("round " + round);
            }
            List<Series> results = new ArrayList<>();
            seconds.forEach(
                    (name, whats) -> whats.forEach((what, values) -> results.add(new Series(name, what, "s", values))));
            return Report.of(
                    "restart",
                    String.format(
                            Locale.ROOT,
                            "%,d rows with a key of their own in 4 partitions, %,d MB on the disk, in the page cache",
                            rows,
                            Folders.sizeBytes(folder.resolve("data")) / 1_000_000),
                    results,
                    List.of(goal(results, FIRST, 2), goal(results, WARM, 5), goal(results, READY, 5)),
                    List.of());
        } finally {
            Folders.delete(folder);
        }
    }

    private static Ratio goal(List<Series> results, String metric, double seconds) {
        return new Ratio(
                CACHED + ", " + metric + ", s",
                Report.median(results, CACHED, metric).orElseThrow(),
                seconds,
                Ratio.Better.LOWER);
    }

    private static Map<String, Double> measure(Path settings, Path log, int rows, String javaOptions)
            throws IOException, InterruptedException {
        var random = new Random(rows);
        long begun = System.nanoTime();
        try (ChildServer server = ChildServer.launch(settings, log, javaOptions)) {
            Client client = Client.of(server.httpPort());
            ask(client, random.nextInt(rows));
            double first = (System.nanoTime() - begun) / 1e9;
            for (int i = 0; i < WARM_KEYS; i++) {
                ask(client, random.nextInt(rows));
            }
            double warm = (System.nanoTime() - begun) / 1e9;
            Client management = Client.of(server.managementPort());
            Client.await("ready", () -> management.get("/health/ready").statusCode() == 200);
            return Map.of(FIRST, first, WARM, warm, READY, (System.nanoTime() - begun) / 1e9);
        }
    }

    private static void ask(Client client, int number) {
        JsonNode row = client.json(Ledger.ACCOUNTS + "/rows/" + key(number));
        if (row.get("number").asInt() != number) {
            throw new IllegalStateException(key(number) + " is answered with " + row);
        }
    }

    private static String key(int number) {
        return String.format(Locale.ROOT, "a%08d", number);
    }

    private static SourceRecord record(int number) {
        String key = "a" + Integer.toString(100_000_000 + number).substring(1);
        return new SourceRecord(key.getBytes(UTF_8), Ledger.value(key, number).getBytes(UTF_8));
    }
}
