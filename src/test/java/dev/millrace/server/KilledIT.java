package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.proof.KillBench;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The short form of {@code ./millrace bench kill}. */
class KilledIT {
    @Test
    void killedInTurn_whileLoading_losesAndDoublesNothing() throws Exception {
        Report report =
                new KillBench().run(new Arguments("kill", Map.of("times", "8", "rate", "10000")), System.out::println);
        assertTrue(report.ratios().stream().allMatch(Ratio::met), report.toString());
        assertTrue(report.setting().matches("[\\d,]{5,} bookings published.*"), report.setting());
    }
}
