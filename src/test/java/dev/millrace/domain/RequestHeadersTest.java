package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.problem.ProblemException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadersTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "abc | abc",
                "\"abc\" | abc",
                "\"a\\\"b\\\\c\" | a\"b\\c",
                "8e03978e-40d5-43e8-bc93-6894a57f9324 | 8e03978e-40d5-43e8-bc93-6894a57f9324"
            })
    void idempotencyKey_quotedOrNot_isTheSame(String header, String key) {
        assertEquals(key, RequestHeaders.idempotencyKey(header));
    }

    @Test
    void idempotencyKey_length_belowAtAndAbove() {
        for (int length : List.of(1, 254, 255)) {
            String key = "k".repeat(length);
            assertEquals(key, RequestHeaders.idempotencyKey(key));
            assertEquals(key, RequestHeaders.idempotencyKey("\"" + key + "\""));
        }
        for (String wrong : List.of(
                "",
                "\"\"",
                "k".repeat(256),
                "\"" + "k".repeat(256) + "\"",
                "\"a\",\"b\"",
                "\"a",
                "a\u00e9",
                "a\tb",
                "\"a\\b\"")) {
            assertThrows(ProblemException.class, () -> RequestHeaders.idempotencyKey(wrong), wrong);
        }
        // Nothing that a client can write takes stack or time.
        assertThrows(ProblemException.class, () -> RequestHeaders.idempotencyKey("\"" + "\\\"".repeat(20_000)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wait=5 | 5 | false",
                "Wait = 5;x=1, handling=lenient | 5 | true",
                "handling=\"lenient\" | 0 | true",
                "handling=strict, handling=lenient | 0 | false",
                "handling=lenient, handling=strict | 0 | true",
                "wait=99999999999 | 30 | false",
                "respond-async, wait=\"7\" | 7 | false",
                "wait=30 | 30 | false",
                "wait=31 | 30 | false",
                "wait=999999999 | 30 | false",
                "handling=strict | 0 | false",
                "xwait=5,nothandling=lenient | 0 | false",
                "wait=-1 | 0 | false",
                "wait=5s | 0 | false"
            })
    void preferences_areThoseOfRfc7240(String prefer, int wait, boolean lenient) {
        assertEquals(Duration.ofSeconds(wait), RequestHeaders.patience(prefer));
        assertEquals(lenient, RequestHeaders.lenient(prefer));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "soon", "t:1 ", "t"})
    void minPosition_malformed_isAProblem(String text) {
        assertThrows(ProblemException.class, () -> RequestHeaders.minPosition(text));
    }
}
