package dev.millrace.bench.proof;

import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** For {@link RoundsTest} alone: a test that one seed breaks, and a property that tells what it was given. */
class SeededCase {
    static final long BREAKS = 2_000_007;
    static final List<Long> GIVEN = new ArrayList<>();

    @Test
    void seed_isNotTheOneThatBreaks() {
        assertNotEquals(BREAKS, Long.getLong("millrace.seed"));
    }

    @Property(tries = 5)
    void value_isTold(@ForAll long value) {
        GIVEN.add(value);
    }
}
