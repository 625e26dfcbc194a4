package dev.millrace.problem;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestTest {
    @Test
    void distance_ofWords_isLevenshteins() {
        assertEquals(0, Nearest.distance("", ""));
        assertEquals(3, Nearest.distance("", "abc"));
        assertEquals(3, Nearest.distance("kitten", "sitting"));
        assertEquals(2, Nearest.distance("flaw", "lawn"));
    }

    @Test
    void to_anyWord_givesTheNearestEvenIfFar() {
        List<String> known = List.of("http.port", "flight.port");

        assertEquals(Optional.of("http.port"), Nearest.to("HTTP.prot", known));
        assertEquals(Optional.of("http.port"), Nearest.to("zzz", known));
        assertEquals(Optional.empty(), Nearest.to("zzz", List.of()));
    }

    @Test
    void closeTo_farWord_givesNothing() {
        assertEquals(Optional.of("required"), Nearest.closeTo("requierd", List.of("required")));
        assertEquals(Optional.empty(), Nearest.closeTo("description", List.of("required")));
    }
}
