package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Status;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NegotiationTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "none",
            value = {
                "none|JSON|false",
                "*/*|JSON|false",
                "application/*|JSON|false",
                "application/x-ndjson|NDJSON|false",
                "APPLICATION/X-NDJSON|NDJSON|false",
                "application/json;q=0.5, application/x-ndjson;q=0.6|NDJSON|false",
                "application/json;q=0, */*|NDJSON|false",
                "application/x-ndjson;q=0.1, */*;q=0.9|JSON|false",
                "text/html, application/json;numbers=string|JSON|true",
                "application/x-ndjson; numbers=string; q=0.9|NDJSON|true",
                "text/html, application/json;q=0.001|JSON|false",
            })
    void of_accept_choosesByQualityAndSpecificity(String accept, TextFormat format, boolean strings) {
        assertEquals(new Negotiation<>(format, strings), Negotiation.of(accept, List.of(), RowFormat.all()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "text/html",
                "application/json;q=0",
                "*/*;q=0",
                "application/json;q=2",
                "json",
                ";",
                " ;; , ;q=1",
                ",,"
            })
    void of_nothingOffered_isNotAcceptable(String accept) {
        assertEquals(Status.NOT_ACCEPTABLE, status(accept, List.of()));
    }

    @Test
    void of_formatParameter_goesBeforeAccept() {
        var ndjson = List.of(Map.entry("format", "ndjson"));
        assertEquals(
                new Negotiation<>(TextFormat.NDJSON, false),
                Negotiation.of("application/json", ndjson, RowFormat.all()));
        assertEquals(Status.INVALID_PARAMETER, status("*/*", List.of(Map.entry("format", "xml"))));
        assertEquals(
                Status.INVALID_PARAMETER,
                status("*/*", List.of(Map.entry("format", "json"), Map.entry("format", "json"))));
    }

    private static Status status(String accept, List<Map.Entry<String, String>> parameters) {
        return assertThrows(ProblemException.class, () -> Negotiation.of(accept, parameters, RowFormat.all()))
                .problem()
                .status();
    }
}
