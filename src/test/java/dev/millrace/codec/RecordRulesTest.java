package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.UnknownFields;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecordRulesTest {
    private static final String COLUMNS = """
            properties: [
              {name: id, logicalType: string, required: true},
              {name: total, logicalType: number, physicalType: 'decimal(12,2)'},
              {name: n, logicalType: integer, required: true},
              {name: big, logicalType: integer, logicalTypeOptions: {format: u64}},
              {name: tiny, logicalType: integer, logicalTypeOptions: {format: u8}},
              {name: ratio, logicalType: number, physicalType: real},
              {name: fine, logicalType: boolean},
              {name: day, logicalType: date},
              {name: at, logicalType: timestamp},
              {name: clock, logicalType: time},
              {name: raw, logicalType: string, physicalType: bytea},
              {name: address, logicalType: object, properties: [
                {name: city, logicalType: string}, {name: zip, logicalType: integer}]},
              {name: lines, logicalType: array, items: {logicalType: object, properties: [
                {name: sku, logicalType: string}, {name: count, logicalType: integer}]}},
              {name: tags, logicalType: array, items: {logicalType: string}}]""";

    private static final String RECORD = """
            {"id":"o-1","total":12.5,"n":7,"big":18446744073709551615,"tiny":200,"ratio":0.5,"fine":true,
             "day":"2024-02-29","at":"2024-02-29T12:00:00.5Z","clock":"06:30:00","raw":"AQID",
             "address":{"city":"Köln","zip":50667},
             "lines":[{"sku":"a","count":1},{"sku":"b","count":2}],"tags":["x","y"]}""";

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    private static SchemaObject object(String... expressions) {
        return ContractRulesTest.object(COLUMNS + ", quality: ["
                + IntStream.range(0, expressions.length)
                        .mapToObj(i -> "{type: custom, engine: cel, name: r" + i + ", implementation: \""
                                + expressions[i].replace("\\", "\\\\").replace("\"", "\\\"") + "\"}")
                        .collect(Collectors.joining(",\n"))
                + "]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "total >= 0.0 && n > 5",
                "total == 12.5 && total > 12",
                "id == 'o-1' && id.matches('^o-[0-9]+$')",
                "big == 18446744073709551615u && tiny == 200",
                "ratio < 0.6 && fine",
                "day == timestamp('2024-02-29T00:00:00Z') && day < at",
                "at.getHours() == 12 && at - day == duration('43200.5s')",
                "clock == duration('6h30m')",
                "raw == b'\\x01\\x02\\x03'",
                "address.city == 'Köln' && address.zip / 1000 == 50",
                "lines.all(line, line.count > 0) && lines.size() == 2 && lines[1].sku == 'b'",
                "lines.map(line, line.count) == [1, 2] && lines.exists_one(line, line.sku == 'a')",
                "'y' in tags && !('z' in tags)",
                "address != null && total != null && at != null",
            })
    void decode_expressionThatIsTrue_isServed(String expression) {
        assertEquals("", decode(object(expression), RECORD));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "total < 0.0 | 1",
                "n / (n - 7) > 0 | division by zero",
                "lines[5].count > 0 | index",
                "timestamp(id) > at | conversion",
            })
    void decode_expressionThatIsFalseOrFails_isAViolation(String expression, String why) {
        assertEquals("cel:r1:", decode(object("n == 7", expression), RECORD), why);
    }

    @Test
    void decode_nullsInExpressions_areAskedForOrFail() {
        String empty = "{\"id\":\"a\",\"n\":1}";
        assertEquals("", decode(object("total == null || total > 0.0"), empty));
        assertEquals("", decode(object("address == null", "at == null", "dyn(tags) == null"), empty));
        assertEquals("cel:r0:", decode(object("total > 0.0"), empty));
        assertEquals("cel:r0:", decode(object("tags.size() == 0"), empty));
    }

    @Test
    void decode_ruleOfAColumn_namesItAndPassesOverItsNull() {
        SchemaObject object = ContractRulesTest.object("properties: [{name: a, logicalType: integer, quality:"
                + " [{type: custom, engine: cel, implementation: 'a > b'}]}, {name: b, logicalType: integer}]");
        assertEquals("", decode(object, "{\"a\":2,\"b\":1}"));
        assertEquals("", decode(object, "{\"b\":1}"));
        assertEquals("cel:a1:a", decode(object, "{\"a\":1,\"b\":1}"));
    }

    @Test
    void decode_ruleOfSeverityWarning_isServedAndCounted() {
        SchemaObject object = ContractRulesTest.object("properties: [{name: a, logicalType: integer}], quality:"
                + " [{type: custom, engine: cel, name: small, severity: warning, implementation: 'a < 10'}]");
        try (var writer = writer(object)) {
            JsonDecoder decoder = decoder(object, writer);
            for (int i = 8; i < 13; i++) {
                byte[] json = ("{\"a\":" + i + "}").getBytes(UTF_8);
                assertTrue(decoder.decode(json, 0, json.length));
                decoder.rules().end(i != 11);
                writer.endRow();
            }
            assertEquals(Map.of("small", 2L), decoder.rules().warnings(), "of those that count");
            assertEquals(5, writer.rows());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "totl > 0.0 | undeclared reference to 'totl'",
                "total > 'a' | no matching overload",
                "address.cty == 'x' | undefined field 'cty'",
                "lines[0].cont == 1 | undefined field 'cont'",
                "n | expected type 'bool'",
                "n > | mismatched input",
                "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((n == 7)))))))))))))))))))))))))))))))))))))))"
                        + "))))))))))))))))))))) | recursion",
            })
    void faults_expressionThatDoesNotCompile_areNamedWithTheirPlace(String expression, String message) {
        var faults = RecordRules.faults(object("n == 7", expression));
        assertTrue(!faults.isEmpty() && faults.getFirst().message().contains(message), faults.toString());
        assertEquals(18, faults.getFirst().line());
        assertEquals("schema[0].quality[1].implementation", faults.getFirst().path());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tags.all(a, tags.all(b, tags.all(c, tags.all(d, a == d))))",
                "tags.map(a, tags).all(x, tags.all(b, tags.map(c, tags) == tags.map(d, tags)))",
                "tags.all(a, id.matches('(x+x+)+y') || true)",
                "tags.all(a, (id + id + id).size() > 0)",
                "[tags, tags].all(x, tags.all(y, x == tags))",
            })
    void decode_expressionThatCostsTooMuch_isAViolationInBoundedTime(String expression) {
        String tags = IntStream.range(0, 20_000).mapToObj(i -> "\"x\"").collect(Collectors.joining(","));
        String json = "{\"id\":\"" + "x".repeat(100_000) + "\",\"n\":1,\"tags\":[" + tags + "]}";
        SchemaObject object = object(expression);
        assertEquals(List.of(), RecordRules.faults(object));
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertEquals("cel:r0:", decode(object, json)));
    }

    private BatchWriter writer(SchemaObject object) {
        var writer = new BatchWriter(Layout.of(ArrowSchemas.of(object.properties())), root);
        writer.open(8);
        return writer;
    }

    private static JsonDecoder decoder(SchemaObject object, BatchWriter writer) {
        return JsonDecoder.of(object, List.of(), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
    }

    private String decode(SchemaObject object, String json) {
        try (var writer = writer(object)) {
            JsonDecoder decoder = decoder(object, writer);
            byte[] bytes = json.getBytes(UTF_8);
            if (decoder.decode(bytes, 0, bytes.length)) {
                return "";
            }
            assertEquals(0, writer.column(0).count());
            return decoder.violation().rule() + ":" + decoder.violation().path();
        }
    }
}
