package dev.millrace.bench.proof;

import dev.millrace.server.ChildServer;
import dev.millrace.server.Client;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What a running server holds, from its metrics and from {@code /proc}, sampled again and again. One thread. */
final class Vitals {
    private final ChildServer server;
    private final Path data;
    private final Map<String, List<Double>> samples = new LinkedHashMap<>();

    Vitals(ChildServer server, Path data) {
        this.server = server;
        this.data = data;
    }

    /** Takes one of each figure, the heap's after a full collection. */
    void sample() throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        new ProcessBuilder(jcmd.toString(), Long.toString(server.process().pid()), "GC.run")
                .redirectErrorStream(true)
                .start()
                .waitFor();
        String metrics = Client.of(server.managementPort()).get("/metrics").body();
        add("heap after GC, MB", sum(metrics, "jvm_memory_used_bytes{area=\"heap\"") / 1e6);
        add("off-heap accounted, MB", sum(metrics, "millrace_product_memory_bytes") / 1e6);
        Path process = Path.of("/proc/" + server.process().pid());
        List<String> status = Files.readAllLines(process.resolve("status"));
        add("RSS, MB", field(status, "VmRSS:") / 1e3);
        add("threads", field(status, "Threads:"));
        add("open files", count(process.resolve("fd")));
        try (Stream<String> maps = Files.lines(process.resolve("maps"))) {
            add("mapped segments", maps.filter(line -> line.endsWith(".arrow")).count());
        }
        add("segment files", segments(data));
    }

    /** Looks again when a file is deleted while it is looked at, as files of a running server are. */
    private static long segments(Path data) throws IOException {
        for (int tries = 0; ; tries++) {
            try (Stream<Path> files = Files.walk(data)) {
                return files.filter(file -> file.toString().endsWith(".arrow")).count();
            } catch (UncheckedIOException deleted) {
                if (tries == 20) {
                    throw deleted;
                }
            }
        }
    }

    private void add(String figure, double value) {
        samples.computeIfAbsent(figure, key -> new ArrayList<>()).add(value);
    }

    private static double sum(String metrics, String prefix) {
        return metrics.lines()
                .filter(line -> line.startsWith(prefix))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static double field(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
                .sum();
    }

    private static double count(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }

    /** Each figure's samples of the first quarter and of the last one, at least one each. */
    Map<String, List<List<Double>>> quarters() {
        Map<String, List<List<Double>>> quarters = new LinkedHashMap<>();
        samples.forEach((figure, values) -> {
            int quarter = Math.max(1, values.size() / 4);
            quarters.put(
                    figure,
                    List.of(values.subList(0, quarter), values.subList(values.size() - quarter, values.size())));
        });
        return quarters;
    }
}
