package dev.millrace.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * Records to columns and columns to JSON, against Jackson 2 streaming and the readers of Avro and Protobuf, by JMH in a
 * fork of its own each.
 */
final class CodecBench implements Bench {
    private static final String METRIC = "time per record";

    /** Ratios to Jackson by case; the flat record with rules is compared with itself, since Jackson checks no rules. */
    private static final Map<String, Double> GOALS = Map.of(
            "decode orders", 2.5,
            "decode earthquakes", 2.0,
            "encode orders", 3.0,
            "encode earthquakes", 3.0);

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("warmup", "4", "rounds", "5", "seconds", "1"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException {
        Path log = Files.createTempFile("millrace-jmh", ".log");
        progress.accept("JMH runs the decode and encode benchmarks, some minutes; it writes to " + log);
        List<Series> results = new ArrayList<>();
        for (RunResult result : jmh(arguments, log)) {
            Series series = series(result);
            if (!series.name().equals("decode arrow, its library")) { // there is none: it is ours once more
                results.add(series);
            }
        }
        List<Ratio> ratios = new ArrayList<>();
        GOALS.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(goal -> Report.ratio(
                        results,
                        METRIC,
                        goal.getKey() + ", Jackson",
                        goal.getKey() + ", Millrace",
                        goal.getValue(),
                        Ratio.Better.HIGHER))
                .flatMap(Optional::stream)
                .forEach(ratios::add);
        Report.ratio(results, METRIC, "decode rules, Millrace", "decode orders, Millrace", 1.15, Ratio.Better.LOWER)
                .ifPresent(ratios::add);
        Files.delete(log);
        return Report.of("codec", "1,000 records again and again, JMH, one fork a case", results, ratios, List.of());
    }

    private Collection<RunResult> jmh(Arguments arguments, Path log) {
        var options = new OptionsBuilder()
                .include("dev\\.millrace\\.codec\\.(Json|Binary)(Decode|Encode)Benchmark")
                .forks(1)
                .warmupIterations(arguments.number("warmup", this))
                .measurementIterations(arguments.number("rounds", this))
                .warmupTime(TimeValue.seconds(arguments.number("seconds", this)))
                .measurementTime(TimeValue.seconds(arguments.number("seconds", this)))
                .output(log.toString())
                .build();
        try {
            return new Runner(options).run();
        } catch (RunnerException failure) {
            throw new IllegalStateException("JMH failed; its output is in " + log, failure);
        }
    }

    private static Series series(RunResult result) {
        String benchmark = result.getParams().getBenchmark();
        String direction = benchmark.contains("Decode") ? "decode" : "encode";
        String who = benchmark.endsWith(".ours") ? "Millrace" : benchmark.contains("Json") ? "Jackson" : "its library";
        List<Double> values = result.getBenchmarkResults().stream()
                .flatMap(fork -> fork.getIterationResults().stream())
                .map(iteration -> iteration.getPrimaryResult().getScore())
                .toList();
        return new Series(direction + " " + result.getParams().getParam("records") + ", " + who, METRIC, "ns", values);
    }
}
