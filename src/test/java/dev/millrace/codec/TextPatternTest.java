package dev.millrace.codec;

import static dev.millrace.contract.PatternSearch.Outcome.ABSENT;
import static dev.millrace.contract.PatternSearch.Outcome.FOUND;
import static dev.millrace.contract.PatternSearch.Outcome.TOO_HARD;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.contract.PatternSearch;
import org.junit.jupiter.api.Test;

class TextPatternTest {
    @Test
    void find_simplePattern_isComparedByteByByte() {
        assertTrue(new TextPattern("^[A-Z]{3}$").isSimple());
        assertEquals(FOUND, find("^[A-Z]{3}$", "SFO"));
        assertEquals(ABSENT, find("^[A-Z]{3}$", "SFOX"));
    }

    @Test
    void find_anyOtherPattern_isSearchedFor() {
        assertFalse(new TextPattern("^,([a-z0-9]+,)+$").isSimple());
        assertEquals(FOUND, find("^,([a-z0-9]+,)+$", ",ci1,us2,"));
        assertEquals(ABSENT, find("^,([a-z0-9]+,)+$", ",ci1,us2"));
    }

    @Test
    void find_moreTurnsOfAGroupThanTheStackHolds_isTooHard() {
        assertEquals(TOO_HARD, find("^,([a-z0-9]+,)+$", "," + "ab,".repeat(300_000)));
    }

    @Test
    void find_exponentialBacktracking_isTooHard() {
        assertEquals(TOO_HARD, find("(x+x+)+y", "x".repeat(2000)));
    }

    @Test
    void find_longTextOfAPlainPattern_isNotTooHard() {
        assertEquals(FOUND, find("[0-9]$", "a".repeat(1 << 20) + "7"));
        assertEquals(ABSENT, find("^[^0-9]*[xyz][0-9]", "a".repeat(1 << 20)));
    }

    private static PatternSearch.Outcome find(String pattern, String text) {
        byte[] utf8 = text.getBytes(UTF_8);
        return new TextPattern(pattern).find(utf8, 0, utf8.length);
    }
}
