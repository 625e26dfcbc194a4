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

    @ParameterizedTest
    @org.junit.jupiter.params.provider.CsvSource({
        "t:1.2,t:1.2,SAME",
        "t:1.2,t:1.3,BEFORE",
        "t:2.2,t:1.2,AFTER",
        "t:1.2,t:2.1,NEITHER",
        "t:1,u:1,NEITHER",
        "t:1,t:1.0,SAME",
        "t:1,t:1.5,BEFORE",
        "t:,t:0.1,BEFORE",
        "t:,t:,SAME"
    })
    void compare_isThatOfEveryPartition(String left, String right, Position.Order order) {
        Position a = Position.parse(left).orElseThrow();
        Position b = Position.parse(right).orElseThrow();
        assertEquals(order, a.compare(b));
        Position.Order back = switch (order) {
            case BEFORE -> Position.Order.AFTER;
            case AFTER -> Position.Order.BEFORE;
            case SAME, NEITHER -> order;
        };
        assertEquals(back, b.compare(a));
        if (a.topicId().equals(b.topicId())) {
            Position both = a.merge(b);
            assertEquals(true, both.hasReached(a) && both.hasReached(b));
            assertEquals(
                    order == Position.Order.AFTER || order == Position.Order.SAME,
                    both.compare(a) == Position.Order.SAME);
        }
    }
}
