package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Report;
import dev.millrace.bench.proof.KillBench;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The short form of {@code ./millrace prove kill}. */
class KilledIT {
    @Test
    void killedInTurn_whileLoading_losesAndDoublesNothing() throws Exception {
        Report report =
                new KillBench().run(new Arguments("kill", Map.of("times", "8", "rate", "10000")), System.out::println);
        assertEquals(
                Set.of(),
                report.ratios().stream().filter(ratio -> !ratio.met()).collect(Collectors.toSet()),
                report.toString());
        assertEquals(10, report.ratios().size(), report.toString());
        assertEquals(8, report.results().getFirst().values().size(), "kills");
        assertTrue(
                report.setting().matches("[\\d,]{5,} bookings published.* [\\d,]{5} in several partitions; .*"),
                report.setting());
    }
}
