package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.bench.proof.SoakBench;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The short form of {@code ./millrace prove soak}: too short to say whether memory is flat. */
class SoakIT {
    private static final List<String> READERS = List.of(
            "row by key",
            "rows by keys",
            "page sequence",
            "NDJSON",
            "as of a position",
            "Flight",
            "bookings",
            "changes");

    @Test
    void readersAndWritersAtOnce_everyAnswer_isTheModels() throws Exception {
        Report report = new SoakBench()
                .run(new Arguments("soak", Map.of("seconds", "8", "accounts", "1000")), System.out::println);
        assertEquals(
                Map.of("wrong answers", true),
                report.ratios().stream()
                        .filter(ratio -> !ratio.name().startsWith("last / first quarter"))
                        .collect(Collectors.toMap(Ratio::name, Ratio::met)));
        Map<String, Double> checked = report.results().stream()
                .filter(series -> series.metric().equals("answers checked"))
                .collect(Collectors.toMap(Series::name, Series::median));
        for (String reader : READERS) {
            assertTrue(checked.getOrDefault(reader, 0.0) > 0, () -> reader + ": " + report);
        }
    }
}
