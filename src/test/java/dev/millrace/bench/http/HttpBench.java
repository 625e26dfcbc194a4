package dev.millrace.bench.http;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.ChildJvm;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.bench.Tools;
import dev.millrace.ingest.broker.ChildBroker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What an answer costs over HTTP: the demo's flights from Millrace, by key, as a page and as an export, beside nginx with
 * a constant answer of the same size and beside a server with a Router and Jackson. Every server is a process of its
 * own; the load is wrk's, on the same machine.
 */
public final class HttpBench implements Bench {
    private static final String NGINX = "nginx";
    private static final String KEY = "Millrace by key";
    private static final String PAGE = "Millrace page of 100";
    private static final String ROUTER_KEY = "Router+Jackson by key";
    private static final String ROUTER_PAGE = "Router+Jackson page of 100";
    private static final String EXPORT = "Millrace NDJSON export";
    private static final String RATE = "requests per second";
    private static final String CPU = "CPU per request";
    private static final String PER_CORE = "MB per CPU second";
    private static final String NDJSON = "application/x-ndjson";

    private record Loaded(Served server, Wrk wrk) {}

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of(
                "records", "200000", "rounds", "3", "seconds", "5", "warmup-seconds", "15", "connections", "64"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-bench-http");
        try (ChildBroker broker = ChildBroker.start(folder.resolve("kafka"), 0).join()) {
            int records = arguments.number("records", this);
            progress.accept("publishing " + records + " flights");
            Flights.publish(broker, folder, records);
            progress.accept("starting the servers");
            try (Served millrace = Flights.serve(broker, folder);
                    Served router = router(millrace, folder, records)) {
                return measure(arguments, folder, millrace, router, progress);
            }
        } finally {
            Folders.delete(folder);
        }
    }

    private static Served router(Served millrace, Path folder, int records) throws IOException {
        Path rows = folder.resolve("flights.ndjson");
        try (OutputStream file = Files.newOutputStream(rows)) {
            Http.copy(millrace.port(), Flights.ROWS, NDJSON, file);
        }
        long lines;
        try (Stream<String> text = Files.lines(rows)) {
            lines = text.count();
        }
        if (lines != records) {
            throw new IllegalStateException("the export has " + lines + " rows of " + records);
        }
        Process process = ChildJvm.start(List.of("-Xmx512m"), List.of(), RouterMain.class, List.of(rows.toString()));
        return new Served(
                process,
                ChildOutput.ports(process, folder.resolve("router.log"), List.of("HTTP"))
                        .getFirst());
    }

    private Report measure(Arguments arguments, Path folder, Served millrace, Served router, Consumer<String> progress)
            throws IOException, InterruptedException {
        List<String> missing = new ArrayList<>();
        Optional<Path> wrk = Tools.find("wrk");
        Optional<Path> nginx = Tools.find("nginx");
        if (wrk.isEmpty()) {
            missing.add("wrk is not installed: only the export is measured");
        }
        if (nginx.isEmpty()) {
            missing.add("nginx is not installed");
        }
        List<String> keys = Flights.keys(arguments.number("records", this));
        String row = Http.text(millrace.port(), keys.getFirst(), "application/json");
        String settings = String.format(
                Locale.ROOT,
                "a row of %d bytes; wrk -t1 -c%d, %d rounds of %d s, on the same cores as the servers",
                row.length(),
                arguments.number("connections", this),
                arguments.number("rounds", this),
                arguments.number("seconds", this));
        Optional<Served> peer =
                nginx.isPresent() ? Optional.of(Nginx.start(nginx.get(), folder, row)) : Optional.empty();
        try {
            Map<String, Loaded> cases = new LinkedHashMap<>();
            if (wrk.isPresent()) {
                int connections = arguments.number("connections", this);
                var byKey = new Wrk(wrk.get(), folder, "key", keys, connections);
                var byPage = new Wrk(wrk.get(), folder, "page", List.of(Flights.ROWS + "?limit=100"), connections);
                peer.ifPresent(served -> cases.put(NGINX, new Loaded(served, byKey)));
                cases.put(KEY, new Loaded(millrace, byKey));
                cases.put(ROUTER_KEY, new Loaded(router, byKey));
                cases.put(PAGE, new Loaded(millrace, byPage));
                cases.put(ROUTER_PAGE, new Loaded(router, byPage));
            }
            List<Series> results = rounds(arguments, cases, millrace, progress);
            return Report.of("http", settings, results, ratios(results), missing);
        } finally {
            peer.ifPresent(Served::close);
        }
    }

    private List<Series> rounds(
            Arguments arguments, Map<String, Loaded> cases, Served millrace, Consumer<String> progress)
            throws IOException, InterruptedException {
        Map<String, List<Wrk.Load>> loads = new LinkedHashMap<>();
        List<Export> exports = new ArrayList<>();
        for (Map.Entry<String, Loaded> entry : cases.entrySet()) {
            progress.accept("warm-up: " + entry.getKey());
            entry.getValue().wrk().run(entry.getValue().server(), arguments.number("warmup-seconds", this));
        }
        Export.run(millrace, Flights.ROWS, NDJSON, arguments.number("warmup-seconds", this));
        for (int round = 1; round <= arguments.number("rounds", this); round++) {
            for (Map.Entry<String, Loaded> entry : cases.entrySet()) {
                Loaded loaded = entry.getValue();
                Wrk.Load load = loaded.wrk().run(loaded.server(), arguments.number("seconds", this));
                progress.accept(String.format(
                        Locale.ROOT, "round %d: %s, %,.0f requests/s", round, entry.getKey(), load.perSecond()));
                loads.computeIfAbsent(entry.getKey(), name -> new ArrayList<>()).add(load);
            }
            exports.add(Export.run(millrace, Flights.ROWS, NDJSON, arguments.number("seconds", this)));
        }
        List<Series> results = new ArrayList<>();
        loads.forEach((name, taken) -> {
            results.add(new Series(
                    name, RATE, "1/s", taken.stream().map(Wrk.Load::perSecond).toList()));
            results.add(new Series(
                    name,
                    CPU,
                    "us",
                    taken.stream()
                            .map(load -> load.cpuSeconds() * 1e6 / load.requests())
                            .toList()));
            results.add(new Series(
                    name, "p50", "ms", taken.stream().map(Wrk.Load::p50Millis).toList()));
            results.add(new Series(
                    name, "p99", "ms", taken.stream().map(Wrk.Load::p99Millis).toList()));
        });
        results.add(new Series(
                EXPORT,
                "MB per second",
                "MB/s",
                exports.stream().map(Export::perSecond).toList()));
        results.add(new Series(
                EXPORT,
                PER_CORE,
                "MB/s",
                exports.stream().map(Export::perCpuSecond).toList()));
        return results;
    }

    private static List<Ratio> ratios(List<Series> results) {
        return Stream.of(
                        Report.ratio(results, RATE, KEY, NGINX, 0.95, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, KEY, NGINX, 1.8, Ratio.Better.LOWER),
                        Report.ratio(results, RATE, PAGE, ROUTER_PAGE, 3.5, Ratio.Better.HIGHER),
                        Report.ratio(results, CPU, ROUTER_PAGE, PAGE, 3.5, Ratio.Better.HIGHER),
                        Report.median(results, EXPORT, PER_CORE)
                                .map(value -> new Ratio(EXPORT + ", " + PER_CORE, value, 500, Ratio.Better.HIGHER)))
                .flatMap(Optional::stream)
                .toList();
    }
}
