package dev.millrace.bench.ingest;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.bench.Tools;
import dev.millrace.ingest.broker.ChildBroker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What a record costs from one topic to queryable rows. A broker in a process of its own, one topic of 118-byte JSON
 * orders in four partitions, published once; then rounds in which every case reads the whole topic, one case after the
 * other, each in a process of its own that is warm already.
 */
public final class IngestBench implements Bench {
    static final String RAW = "raw poll";
    static final String KCAT = "kcat";
    static final String RDKAFKA = "librdkafka";
    static final String MILLRACE = "Millrace";
    static final String MILLRACE_KEY = "Millrace by key";
    static final String OBJECTS = "objects";
    static final String OBJECTS_TUNED = "objects, large fetches";
    static final String STREAMS = "Kafka Streams";

    /** The cases that keep no objects on the heap. */
    static final Set<String> COLUMNS = Set.of(RAW, MILLRACE, MILLRACE_KEY);

    private static final List<String> CASES =
            List.of(RAW, RDKAFKA, KCAT, MILLRACE, MILLRACE_KEY, OBJECTS, OBJECTS_TUNED, STREAMS);
    private static final String CPU = "CPU per record";
    private static final String WALL = "wall time per record";

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of(
                "records", "2000000",
                "rounds", "3",
                "warmup", "3",
                "cases", String.join(";", CASES),
                "data", "orders",
                "ingest-threads", "1",
                "parquet", "../shared/data/flights-3m.parquet",
                "brokers", ""));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        String brokers = arguments.text("brokers", this);
        if (!brokers.isEmpty()) {
            return run(arguments, brokers, progress);
        }
        Path folder = Files.createTempDirectory("millrace-bench-broker");
        try (ChildBroker broker = ChildBroker.start(folder, 0).join()) {
            return run(arguments, broker.bootstrapServers(), progress);
        } finally {
            Folders.delete(folder);
        }
    }

    private Report run(Arguments arguments, String brokers, Consumer<String> progress)
            throws IOException, InterruptedException {
        int records = arguments.number("records", this);
        int rounds = arguments.number("rounds", this);
        var source = new Source(
                brokers,
                "bench." + ProcessHandle.current().pid(),
                records,
                arguments.text("data", this),
                arguments.number("ingest-threads", this));
        progress.accept(String.format(Locale.ROOT, "publishing %,d %s", records, source.data()));
        source.dataSet().publish(source, Path.of(arguments.text("parquet", this)));
        List<String> cases = cases(arguments);
        List<String> missing = new ArrayList<>();
        if (cases.contains(KCAT) && Tools.find(KCAT).isEmpty()) {
            cases.remove(KCAT);
            missing.add("librdkafka: kcat is not installed");
        }
        if (cases.contains(RDKAFKA) && RdkafkaRunner.missing().isPresent()) {
            cases.remove(RDKAFKA);
            missing.add(RdkafkaRunner.missing().get());
        }
        if (cases.contains(STREAMS) && !Files.exists(StreamsCase.clients())) {
            cases.remove(STREAMS);
            missing.add("Kafka Streams: its own Kafka clients are not in " + StreamsCase.clients());
        }
        Map<String, List<Pass>> passes = measure(source, cases, arguments.number("warmup", this), rounds, progress);
        List<Series> results = new ArrayList<>();
        passes.forEach((name, taken) -> results.add(new Series(
                name,
                CPU,
                "ns",
                taken.stream().map(pass -> (double) pass.cpuNanos() / records).toList())));
        passes.forEach((name, taken) -> results.add(new Series(
                name,
                WALL,
                "ns",
                taken.stream().map(pass -> (double) pass.wallNanos() / records).toList())));
        return Report.of(
                "ingest",
                String.format(
                        Locale.ROOT,
                        "%,d %s in %d partitions, %d rounds; a case's CPU is its process's",
                        records,
                        source.dataSet().describe(),
                        DataSet.PARTITIONS,
                        rounds),
                results,
                ratios(results),
                missing);
    }

    private List<String> cases(Arguments arguments) {
        List<String> cases =
                new ArrayList<>(List.of(arguments.text("cases", this).split(";", -1)));
        for (String name : cases) {
            if (!CASES.contains(name)) {
                throw new IllegalArgumentException("There is no case '" + name + "'; there are " + CASES + ".");
            }
        }
        return cases;
    }

    private static Map<String, List<Pass>> measure(
            Source source, List<String> cases, int warmup, int rounds, Consumer<String> progress)
            throws IOException, InterruptedException {
        Map<String, Runner> runners = new LinkedHashMap<>();
        try {
            Map<String, List<Pass>> passes = new LinkedHashMap<>();
            for (String name : cases) {
                runners.put(
                        name,
                        switch (name) {
                            case KCAT -> new KcatRunner(source);
                            case RDKAFKA -> RdkafkaRunner.compile(source);
                            default -> new CaseProcess(name, source);
                        });
                passes.put(name, new ArrayList<>());
            }
            for (int round = 1 - warmup; round <= rounds; round++) {
                for (Map.Entry<String, Runner> runner : runners.entrySet()) {
                    Pass pass = runner.getValue().pass();
                    check(runner.getKey(), pass, source);
                    progress.accept(String.format(
                            Locale.ROOT,
                            "%s: %s, %.0f ns of CPU a record",
                            round < 1 ? "warm-up" : "round " + round,
                            runner.getKey(),
                            (double) pass.cpuNanos() / source.records()));
                    if (round >= 1) {
                        passes.computeIfAbsent(runner.getKey(), key -> new ArrayList<>())
                                .add(pass);
                    }
                }
            }
            return passes;
        } finally {
            runners.values().forEach(Runner::close);
        }
    }

    private static void check(String name, Pass pass, Source source) {
        if (pass.records() != source.records()) {
            throw new IllegalStateException(name + " counted " + pass.records() + " records of " + source.records());
        }
    }

    private static List<Ratio> ratios(List<Series> results) {
        return Stream.of(
                        Report.ratio(results, CPU, MILLRACE, RAW, 1.5, Ratio.Better.LOWER),
                        Report.ratio(results, CPU, MILLRACE_KEY, RAW, 1.5, Ratio.Better.LOWER),
                        Report.ratio(results, CPU, OBJECTS, MILLRACE, 3, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, OBJECTS, MILLRACE_KEY, 3, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, OBJECTS_TUNED, MILLRACE_KEY, 3, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, STREAMS, MILLRACE, 15, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, STREAMS, MILLRACE_KEY, 15, Ratio.Better.HIGHER))
                .flatMap(Optional::stream)
                .toList();
    }
}
