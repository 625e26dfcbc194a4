package dev.millrace.bench;

import dev.millrace.bench.http.FreshnessBench;
import dev.millrace.bench.http.HttpBench;
import dev.millrace.bench.http.SlowReadersBench;
import dev.millrace.bench.ingest.IngestBench;
import dev.millrace.bench.proof.KillBench;
import dev.millrace.bench.proof.RestartBench;
import dev.millrace.bench.proof.SoakBench;
import dev.millrace.bench.scale.ScaleBench;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.util.Map;

/** Runs one benchmark: {@code bench NAME [--json FILE] [--option value]...}. */
public final class BenchMain {
    private static final int FINE = 0;
    private static final int WRONG_USE = 2;

    private static final Map<String, Bench> BENCHES = Map.of(
            "codec", new CodecBench(),
            "freshness", new FreshnessBench(),
            "http", new HttpBench(),
            "ingest", new IngestBench(),
            "kill", new KillBench(),
            "restart", new RestartBench(),
            "scale", new ScaleBench(),
            "slow", new SlowReadersBench(),
            "soak", new SoakBench());

    private BenchMain() {}

    /** Ends the process with 0, with 2 for wrong use, or with a stack trace and 1. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        System.exit(run(arguments, System.out, System.err));
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) throws IOException, InterruptedException {
        try {
            Arguments given = Arguments.parse(arguments);
            Bench bench = BENCHES.get(given.name());
            if (bench == null) {
                throw new IllegalArgumentException("There is no benchmark '" + given.name() + "'.");
            }
            given.requireKnown(bench.options());
            Report report = bench.run(given, line -> err.println(line));
            report.print(out);
            if (given.json().isPresent()) {
                Files.writeString(given.json().get(), report.toJson());
            }
            return FINE;
        } catch (IllegalArgumentException wrong) {
            err.println("millrace bench: " + wrong.getMessage());
            usage(err);
            return WRONG_USE;
        }
    }

    private static void usage(PrintStream err) {
        err.println("usage: millrace bench NAME [--json FILE] [--OPTION VALUE]...");
        BENCHES.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(bench -> err.printf(
                        "  %-9s %s%n", bench.getKey(), bench.getValue().options()));
    }
}
