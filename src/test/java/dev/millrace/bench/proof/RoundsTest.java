package dev.millrace.bench.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RoundsTest {
    private final List<String> said = new ArrayList<>();

    @AfterEach
    void forget() {
        SeededCase.GIVEN.clear();
    }

    @Test
    void run_seedThatBreaks_endsThereAndSaysHowToRepeatIt() {
        Report report = run("5", 7);

        assertEquals(3, report.results().getFirst().values().size(), "rounds");
        assertFalse(report.ratios().stream().map(Ratio::met).toList().contains(true), report.toString());
        assertTrue(
                said.getLast().equals("again: ./millrace prove case --rounds 1 --seed " + SeededCase.BREAKS),
                said::toString);
        assertTrue(said.stream().anyMatch(line -> line.contains("seed_isNotTheOneThatBreaks")), said::toString);
        assertEquals(
                1, run("1", SeededCase.BREAKS).results().getFirst().values().size());
    }

    @Test
    void run_sameSeed_givesPropertiesTheSameValues_anotherSeed_others() {
        List<Long> first = given(1);
        assertEquals(first, given(1));
        assertNotEquals(first, given(2));
        assertEquals(5, first.size());
        assertEquals(List.of("round 1 of 1"), said.stream().distinct().toList());
    }

    @Test
    void run_noSuchTest_isWrongUse() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Rounds("case", "NoSuchCase", 1).run(new Arguments("case", Map.of()), said::add));
    }

    private List<Long> given(long seed) {
        SeededCase.GIVEN.clear();
        assertEquals(
                List.of(true), run("1", seed).ratios().stream().map(Ratio::met).toList());
        return List.copyOf(SeededCase.GIVEN);
    }

    private Report run(String rounds, long seed) {
        return new Rounds("case", "SeededCase", 1)
                .run(new Arguments("case", Map.of("rounds", rounds, "seed", Long.toString(seed))), said::add);
    }
}
