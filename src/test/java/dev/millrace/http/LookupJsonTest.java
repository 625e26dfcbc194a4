package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.ProblemException;
import io.vertx.core.buffer.Buffer;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LookupJsonTest {
    @Test
    void keys_ofNumbers_keepEveryDigit() {
        assertEquals(
                List.of(
                        List.of("12345678901234567890123456.10"),
                        List.of("18446744073709551615"),
                        List.of("a", "7", "true"),
                        List.of("0.10")),
                keys("{\"keys\":[12345678901234567890123456.10,18446744073709551615,[\"a\",7,true],0.10]}"));
    }

    @Test
    void keys_asManyAsMayBe_andOneMore() {
        assertEquals(LookupJson.MAX_KEYS, keys(many(LookupJson.MAX_KEYS)).size());
        assertThrows(ProblemException.class, () -> keys(many(LookupJson.MAX_KEYS + 1)));
    }

    private static String many(int keys) {
        return "{\"keys\":[" + String.join(",", Collections.nCopies(keys, "1")) + "]}";
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "[] | just the member",
                "{} | just the member",
                "{\"keys\":[1],\"more\":1} | just the member",
                "{\"keys\":1} | no array",
                "{\"keys\":null} | no array",
                "{\"keys\":[]} | has 0 keys",
                "{\"keys\":[1,null]} | key 1 is NULL",
                "{\"keys\":[[1,[2]]]} | key 0 is ARRAY",
                "{\"keys\":[{}]} | key 0 is OBJECT",
                "{\"keys\":[1]}{} | no JSON",
                "{\"keys\":[1],\"keys\":[2]} | twice",
                "{\"keys\":[1 | no JSON",
                "## | just the member",
            })
    void keys_ofAnotherForm_areRefused(String body, String reason) {
        var refused = assertThrows(ProblemException.class, () -> keys(body));
        assertTrue(refused.problem().detail().contains(reason), refused.problem()::detail);
    }

    private static List<List<String>> keys(String json) {
        return LookupJson.keys(Buffer.buffer(json));
    }
}
