package dev.millrace.bench.ingest;

import com.sun.management.OperatingSystemMXBean;
import dev.millrace.ingest.RawPollCase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * One case in a process of its own, so that its processor time, heap and compiled code are its own: a pass for each line
 * on standard input, which it answers by {@code PASS cpuNanos wallNanos records}; ends with its input.
 */
final class CaseMain {
    private CaseMain() {}

    /** Arguments: case, brokers, topic, records, data set, ingest threads. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var source = new Source(
                arguments[1],
                arguments[2],
                Integer.parseInt(arguments[3]),
                arguments[4],
                Integer.parseInt(arguments[5]));
        try (var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
                IngestCase measured = of(arguments[0], source)) {
            while (lines.readLine() != null) {
                pass(measured);
            }
        }
        System.exit(0);
    }

    private static IngestCase of(String name, Source source) throws IOException {
        return switch (name) {
            case IngestBench.RAW -> new RawPollCase(source);
            case IngestBench.MILLRACE -> new MillraceCase(source, false);
            case IngestBench.MILLRACE_KEY -> new MillraceCase(source, true);
            case IngestBench.OBJECTS -> new ObjectsCase(source, Map.of());
            case IngestBench.OBJECTS_TUNED ->
                new ObjectsCase(
                        source, Map.of("fetch.min.bytes", 65_536, "fetch.max.wait.ms", 10, "max.poll.records", 20_000));
            case IngestBench.STREAMS -> new StreamsCase(source);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static void pass(IngestCase measured) throws IOException, InterruptedException {
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        System.gc();
        long cpu = system.getProcessCpuTime();
        long wall = System.nanoTime();
        try (IngestCase.Reading reading = measured.read()) {
            long records = reading.await();
            long wallNanos = System.nanoTime() - wall;
            long cpuNanos = system.getProcessCpuTime() - cpu;
            System.out.println("PASS " + cpuNanos + " " + wallNanos + " " + records);
        }
        System.out.println("DONE");
    }
}
