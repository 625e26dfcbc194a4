package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.proof.SoakBench;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The short form of {@code ./millrace bench soak}: too short to say whether memory is flat. */
class SoakIT {
    @Test
    void readersAndWritersAtOnce_everyAnswer_isTheModels() throws Exception {
        Report report = new SoakBench()
                .run(new Arguments("soak", Map.of("seconds", "8", "accounts", "1000")), System.out::println);
        assertEquals(
                List.of(true),
                report.ratios().stream()
                        .filter(ratio -> ratio.name().equals("wrong answers"))
                        .map(Ratio::met)
                        .toList());
        assertTrue(
                report.results().stream()
                        .filter(series -> series.metric().equals("answers checked"))
                        .allMatch(series -> series.median() > 0),
                report.toString());
    }
}
