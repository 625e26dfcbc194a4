package dev.millrace.bench.proof;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.server.ChildServer;
import dev.millrace.server.Client;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Server and broker are killed in turn, as {@code kill -9} does, while bookings are published, and keys into a topic that
 * grows from 2 to 5 partitions in the middle; then what is served is held against what is in the topics.
 */
public final class KillBench implements Bench {
    private static final int ACCOUNTS = 5_000;
    private static final int PARTITIONS_BEFORE = 2;
    private static final int PARTITIONS_AFTER = 5;
    private static final int MAX_PAUSE_MILLIS = 1_000;
    private static final String CASE = "server and broker in turn";

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("times", "100", "rate", "2000", "seed", Long.toString(System.nanoTime())));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-bench-kill");
        int times = arguments.number("times", this);
        String seed = arguments.text("seed", this);
        progress.accept("seed " + seed);
        var random = new Random(Long.parseLong(seed));
        Ledger.mesh(folder.resolve("mesh"), Ledger.TOPIC, "");
        Ledger.moving(folder.resolve("mesh"));
        ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join();
        ChildServer server = null;
        MovingKeys moving = null;
        List<Double> seconds = new ArrayList<>();
        try {
            try (var publisher = new TopicPublisher(broker.bootstrapServers())) {
                publisher.ensure(List.of(
                        new TopicSpecification(Ledger.TOPIC, 4, Map.of()),
                        new TopicSpecification(MovingKeys.TOPIC, PARTITIONS_BEFORE, Map.of())));
            }
            Path settings = Ledger.settings(
                    folder, broker.bootstrapServers(), "store: {flushInterval: 200ms, segmentRows: 4096}");
            Path log = folder.resolve("server.log");
            server = ChildServer.start(settings, log);
            Load load = Load.start(broker.bootstrapServers(), ACCOUNTS, arguments.number("rate", this));
            moving = MovingKeys.start(broker.bootstrapServers(), random.nextLong());
            long seen = 0;
            for (int kill = 0; kill < times; kill++) {
                // Each kill hits a server that reads: more rows are there than at the one before.
                long before = seen;
                var reading = server;
                Client.await("rows since kill " + kill, () -> rows(reading, Ledger.BOOKINGS) > before);
                seen = rows(reading, Ledger.BOOKINGS);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(MAX_PAUSE_MILLIS)));
                long begun = System.nanoTime();
                if (kill % 2 == 0) {
                    server.kill();
                    server = ChildServer.start(settings, log);
                } else {
                    broker.process().destroyForcibly().waitFor();
                    broker = broker.restart().join();
                }
                seconds.add((System.nanoTime() - begun) / 1e9);
                if (kill == times / 2) {
                    moving.grow(PARTITIONS_AFTER);
                }
                if ((kill + 1) % 10 == 0) {
                    progress.accept((kill + 1) + " kills, " + seen + " bookings");
                }
            }
            moving.end();
            long published = load.end();
            var served = server;
            Client.await("all bookings", () -> rows(served, Ledger.BOOKINGS) >= published);
            return judge(
                    server,
                    broker,
                    published,
                    seconds,
                    seed,
                    moving.settled(Client.of(server.httpPort()), Ledger.MOVING));
        } finally {
            if (moving != null) {
                moving.close();
            }
            if (server != null) {
                server.close();
            }
            broker.close();
            Folders.delete(folder);
        }
    }

    private static long rows(ChildServer server, String product) {
        return Client.of(server.httpPort()).json(product).get("rows").asLong();
    }

    private static Report judge(
            ChildServer server,
            ChildBroker broker,
            long published,
            List<Double> seconds,
            String seed,
            MovingKeys.Verdict moved) {
        var inTopic = new BitSet();
        Map<String, Long> newest = new HashMap<>();
        Client client = Client.of(server.httpPort());
        int[] records = new int[1];
        TestKafka.readEach(broker.bootstrapServers(), Ledger.TOPIC, record -> {
            JsonNode booking = Client.tree(new String(record.value(), java.nio.charset.StandardCharsets.UTF_8));
            inTopic.set(booking.get("number").asInt());
            newest.put(booking.get("account").textValue(), booking.get("number").asLong());
            records[0]++;
        });
        Client.await("all accounts", () -> rows(server, Ledger.ACCOUNTS) >= newest.size());
        var served = new BitSet();
        int[] rows = new int[2];
        try (Stream<JsonNode> bookings = client.stream(Ledger.BOOKINGS + "/rows")) {
            bookings.forEach(row -> {
                served.set(row.get("number").asInt());
                rows[0]++;
            });
        }
        int wrong;
        try (Stream<JsonNode> accounts = client.stream(Ledger.ACCOUNTS + "/rows")) {
            wrong = (int) accounts.filter(row -> {
                        rows[1]++;
                        Long expected = newest.get(row.get("account").textValue());
                        return expected == null || expected != row.get("number").asLong();
                    })
                    .count();
        }
        var lost = (BitSet) inTopic.clone();
        lost.andNot(served);
        long dead = client.json(Ledger.BOOKINGS).at("/deadLetters/all").asLong();
        return Report.of(
                "kill",
                String.format(
                        Locale.ROOT,
                        "%,d bookings published, %,d in the topic, %,d served; %,d accounts, %,d served; %,d moving keys,"
                                + " %,d in several partitions; seed %s",
                        published,
                        records[0],
                        rows[0],
                        newest.size(),
                        rows[1],
                        moved.keys(),
                        moved.several(),
                        seed),
                List.of(new Series(CASE, "until it serves again", "s", seconds)),
                List.of(
                        none("bookings lost", lost.cardinality()),
                        none("bookings double", rows[0] - served.cardinality()),
                        none(
                                "bookings not in the topic",
                                served.cardinality() - inTopic.cardinality() + lost.cardinality()),
                        none(
                                "topic's records that are not the source's",
                                Math.abs(published - inTopic.cardinality()) + records[0] - inTopic.cardinality()),
                        none("accounts wrong", wrong + Math.abs(newest.size() - rows[1])),
                        none("moving keys lost", moved.lost()),
                        none("moving keys double", moved.twice()),
                        none("moving keys' ghosts", moved.ghosts()),
                        none("moving keys wrong", moved.wrong()),
                        none("dead letters", dead)),
                List.of());
    }

    private static Ratio none(String what, double count) {
        return new Ratio(what, count, 0, Ratio.Better.LOWER);
    }
}
