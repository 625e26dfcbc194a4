package dev.millrace.bench.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Load by wrk: one thread and a number of connections, each asking for one path after the other. */
final class Wrk {
    private static final Pattern REQUESTS = Pattern.compile("(\\d+) requests in");
    private static final Pattern RATE = Pattern.compile("Requests/sec: +([\\d.]+)");
    private static final Pattern LATENCY = Pattern.compile("\\s(50|99)% +([\\d.]+)(us|ms|s)\\s");
    private static final Pattern FAULTS = Pattern.compile("Non-2xx or 3xx responses: \\d+|Socket errors: .*");
    private static final Map<String, Double> MILLIS = Map.of("us", 0.001, "ms", 1.0, "s", 1000.0);

    /**
     * What one run gave.
     *
     * @param cpuSeconds processor time of the server meanwhile
     */
    record Load(long requests, double perSecond, double p50Millis, double p99Millis, double cpuSeconds) {}

    private final Path program;
    private final Path script;
    private final int connections;

    /** {@code folder} takes the script; {@code paths} are asked for in turn. */
    Wrk(Path program, Path folder, String name, List<String> paths, int connections) throws IOException {
        this.program = program;
        this.connections = connections;
        this.script = folder.resolve(name + ".lua");
        Files.writeString(script, """
                local paths = { %s }
                local requests = {}
                local at = 0
                init = function(arguments)
                  for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end
                end
                request = function()
                  at = at %% #requests + 1
                  return requests[at]
                end
                """.formatted(String.join(
                ", ", paths.stream().map(path -> '"' + path + '"').toList())));
    }

    Load run(Served server, int seconds) throws IOException, InterruptedException {
        double before = server.cpuSeconds();
        Process process = new ProcessBuilder(
                        program.toString(),
                        "-t1",
                        "-c" + connections,
                        "-d" + seconds + "s",
                        "--latency",
                        "-s",
                        script.toString(),
                        "http://127.0.0.1:" + server.port())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        double cpuSeconds = server.cpuSeconds() - before;
        Matcher faults = FAULTS.matcher(said);
        if (process.waitFor() != 0 || faults.find()) {
            throw new IllegalStateException("wrk says: " + said);
        }
        return new Load(
                Long.parseLong(only(REQUESTS, said)),
                Double.parseDouble(only(RATE, said)),
                latency(said, "50"),
                latency(said, "99"),
                cpuSeconds);
    }

    private static String only(Pattern pattern, String said) {
        Matcher found = pattern.matcher(said);
        if (!found.find()) {
            throw new IllegalStateException("wrk's words are not understood: " + said);
        }
        return found.group(1);
    }

    private static double latency(String said, String percentile) {
        return LATENCY.matcher(said)
                .results()
                .filter(line -> line.group(1).equals(percentile))
                .mapToDouble(line -> Double.parseDouble(line.group(2)) * MILLIS.getOrDefault(line.group(3), 1.0))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("wrk's words are not understood: " + said));
    }
}
