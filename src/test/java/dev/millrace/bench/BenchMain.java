package dev.millrace.bench;

import dev.millrace.bench.http.FreshnessBench;
import dev.millrace.bench.http.HttpBench;
import dev.millrace.bench.http.PushBench;
import dev.millrace.bench.http.SlowReadersBench;
import dev.millrace.bench.ingest.IngestBench;
import dev.millrace.bench.proof.RestartBench;
import dev.millrace.bench.scale.KeysBench;
import dev.millrace.bench.scale.ScaleBench;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Map;

/** Runs one benchmark: {@code bench NAME [--json FILE] [--option value]...}. */
public final class BenchMain {
    private static final int FINE = 0;
    private static final int WRONG_USE = 2;

    static final Map<String, Bench> BENCHES = Map.of(
            "codec", new CodecBench(),
            "freshness", new FreshnessBench(),
            "http", new HttpBench(),
            "keys", new KeysBench(),
            "ingest", new IngestBench(),
            "push", new PushBench(),
            "restart", new RestartBench(),
            "scale", new ScaleBench(),
            "slow", new SlowReadersBench());

    private BenchMain() {}

    /** Ends the process with 0, with 2 for wrong use, or with a stack trace and 1. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        System.exit(run("bench", BENCHES, FINE, arguments, System.out, System.err));
    }

    /** Runs what {@code benches} has under the name given, and gives {@code missed} when a goal was missed. */
    static int run(
            String word, Map<String, Bench> benches, int missed, String[] arguments, PrintStream out, PrintStream err)
            throws IOException, InterruptedException {
        try {
            Arguments given = Arguments.parse(arguments);
            Bench bench = benches.get(given.name());
            if (bench == null) {
                throw new IllegalArgumentException("There is no '" + word + " " + given.name() + "'.");
            }
            given.requireKnown(bench.options());
            Report report = bench.run(given, line -> err.println(line));
            report.print(word, out);
            if (given.json().isPresent()) {
                Files.writeString(given.json().get(), report.toJson());
            }
            return report.ratios().stream().allMatch(Ratio::met) ? FINE : missed;
        } catch (IllegalArgumentException wrong) {
            err.println("millrace " + word + ": " + wrong.getMessage());
            usage(word, benches, err);
            return WRONG_USE;
        }
    }

    private static void usage(String word, Map<String, Bench> benches, PrintStream err) {
        err.println("usage: millrace " + word + " NAME [--json FILE] [--OPTION VALUE]...");
        benches.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(bench -> err.printf(
                        "  %-12s %s%n", bench.getKey(), bench.getValue().options()));
    }
}
