package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PositionTest {
    @ParameterizedTest
    @ValueSource(strings = {"topic:", "topic:0", "Zz_-9:1.22.333", "t:999999999999999999.0"})
    void parse_whatToStringPrints_isRead(String text) {
        assertEquals(Optional.of(text), Position.parse(text).map(Position::toString));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "topic",
                ":1",
                "topic:.",
                "topic:1.",
                "topic:.1",
                "topic:1..2",
                "topic:-1",
                "topic:1 ",
                "topic:\u0661",
                "topic:9999999999999999999",
                "to pic:1"
            })
    void parse_anythingElse_isEmpty(String text) {
        assertEquals(Optional.empty(), Position.parse(text));
    }

    @Test
    void parse_asManyPartitionsAsThereMayBe_takesNoStack() {
        String most = "topic:" + String.join(".", Collections.nCopies(10_000, "1"));

        assertEquals(10_000, Position.parse(most).orElseThrow().partitions());
        assertEquals(Optional.empty(), Position.parse(most + ".1"));
    }
}
