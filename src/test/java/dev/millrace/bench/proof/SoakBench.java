package dev.millrace.bench.proof;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.server.ChildServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Writers and readers of every kind at once; a model of plain maps checks every answer at the position that it names,
 * and what the server holds at the end is held against what it held at first.
 */
public final class SoakBench implements Bench {
    private static final Duration HISTORY = Duration.ofSeconds(30);
    private static final String RETENTION =
            "\n  - property: millrace.retentionRows\n    value: 20000"; // of the bookings
    private static final int MAX_SAMPLES = 40;

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("minutes", "20", "seconds", "1", "rate", "2000", "accounts", "5000"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        // Whole minutes, or seconds when they are given.
        Duration length = arguments.options().containsKey("seconds")
                ? Duration.ofSeconds(arguments.number("seconds", this))
                : Duration.ofMinutes(arguments.number("minutes", this));
        Path folder = Files.createTempDirectory("millrace-bench-soak");
        Ledger.mesh(folder.resolve("mesh"), SoakWriter.BOOKINGS, RETENTION);
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            try (var publisher = new TopicPublisher(broker.bootstrapServers())) {
                Map<String, String> kept = Map.of("retention.ms", "120000", "segment.bytes", "16777216");
                publisher.ensure(List.of(
                        new TopicSpecification(Ledger.TOPIC, SoakModel.PARTITIONS, kept),
                        new TopicSpecification(SoakWriter.BOOKINGS, SoakModel.PARTITIONS, kept)));
            }
            Path settings = Ledger.settings(
                    folder,
                    broker.bootstrapServers(),
                    "store: {flushInterval: 200ms, segmentRows: 1024, history: " + HISTORY.toSeconds() + "s}");
            try (ChildServer server = ChildServer.start(settings, folder.resolve("server.log"))) {
                return soak(arguments, length, broker, server, folder, progress);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private Report soak(
            Arguments arguments,
            Duration length,
            ChildBroker broker,
            ChildServer server,
            Path folder,
            Consumer<String> progress)
            throws IOException, InterruptedException {
        var model = new SoakModel();
        int accounts = arguments.number("accounts", this);
        var vitals = new Vitals(server, folder.resolve("data"));
        try (var writer = new SoakWriter(broker.bootstrapServers(), model, accounts, arguments.number("rate", this));
                var readers = new SoakReaders(server, model, accounts, HISTORY)) {
            writer.start();
            readers.start();
            long begun = System.nanoTime();
            int samples = (int) Math.clamp(length.toSeconds() / 3, 4, MAX_SAMPLES);
            long pause = length.toNanos() / samples;
            for (int sample = 1; sample <= samples; sample++) {
                LockSupport.parkNanos(begun + sample * pause - System.nanoTime());
                vitals.sample();
                readers.forget();
                if (sample % (samples / 4) == 0) {
                    progress.accept(readers.toString());
                }
                if (!server.process().isAlive()) {
                    throw new IllegalStateException("the server ended");
                }
            }
            writer.close();
            readers.close();
            readers.last();
            readers.wrong().forEach(answer -> progress.accept("WRONG: " + answer));
            return report(length, writer, readers, vitals);
        }
    }

    private static Report report(Duration length, SoakWriter writer, SoakReaders readers, Vitals vitals) {
        List<Series> results = new ArrayList<>();
        List<Ratio> ratios = new ArrayList<>();
        readers.answers()
                .forEach(
                        (kind, count) -> results.add(new Series(kind, "answers checked", "", List.of((double) count))));
        ratios.add(new Ratio("wrong answers", readers.wrong().size(), 0, Ratio.Better.LOWER));
        vitals.quarters().forEach((figure, quarters) -> {
            var first = new Series("first quarter", figure, "", quarters.getFirst());
            var last = new Series("last quarter", figure, "", quarters.getLast());
            results.add(first);
            results.add(last);
            // A figure of some units is flat when it is a few units more.
            ratios.add(new Ratio(
                    "last / first quarter, " + figure,
                    (last.median() + 10) / (first.median() + 10),
                    1.15,
                    Ratio.Better.LOWER));
        });
        return Report.of(
                "soak",
                String.format(
                        Locale.ROOT,
                        "%d s; %,d records of accounts, %,d of them deletes, %,d bookings",
                        length.toSeconds(),
                        writer.records(),
                        writer.deletes(),
                        writer.bookings()),
                results,
                ratios,
                List.of());
    }
}
