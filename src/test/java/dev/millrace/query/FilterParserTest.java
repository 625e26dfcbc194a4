package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Layout;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterParserTest {
    private static final int MAX = 4;

    private final FilterParser parser = new QueryParser(
                    "d.p",
                    new Shape(SampleRows.SCHEMA),
                    0,
                    new QueryParser.Limits(100, 1000, MAX),
                    new CursorCodec("0123456789abcdef".getBytes(UTF_8)))
            .filterParser();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "{} | {}",
                "{\"origin\":\"SFO\"} | {\"origin\":\"SFO\"}",
                "{\"delay[gte]\":60,\"ok\":true} | {\"delay[gte]\":\"60\",\"ok\":\"true\"}",
                "{\"price\":1.50} | {\"price\":\"1.50\"}",
                "{\"filter[limit][lt]\":5} | {\"limit[lt]\":\"5\"}",
                "{\"origin[eq]\":\"a\\\"b\"} | {\"origin\":\"a\\\"b\"}",
                "{\"origin[in]\":[\"a,b\",\"c\\\\\"]} | {\"origin[in]\":\"a\\\\,b,c\\\\\\\\\"}",
                "{\"or\":[{\"ok\":true},{\"delay\":1,\"id\":\"a\"}]} | {\"or\":[{\"delay\":\"1\",\"id\":\"a\"},{\"ok\":\"true\"}]}",
                "{\"not\":{\"ok\":true}} | {\"not\":{\"ok\":\"true\"}}",
                "{\"not\":{}} | {\"not\":{}}",
                "{\"and\":[{\"ok\":true},{\"ok\":true}]} | {\"and\":[{\"ok\":\"true\"},{\"ok\":\"true\"}]}",
                "{\"or\":[{\"ok\":true}]} | {\"ok\":\"true\"}",
            })
    void ofJson_anyForm_isPrintedCanonically(String json, String canonical) {
        assertEquals(canonical, parser.ofJson(json).canonical());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "[] | an array where an object",
                "'' | nothing where an object",
                "{\"orign\":\"SFO\"} | nearest is 'origin'",
                "{\"delay[gte]\":\"sixty\"} | 'delay[gte]': 'sixty' is no value",
                "{\"at\":\"2026-01-01T00:00:00.000999Z\"} | finer than the column, which keeps milliseconds",
                "{\"delay[like]\":1} | no operator",
                "{\"delay\":null} | has null",
                "{\"delay\":{\"gte\":1}} | has an object",
                "{\"delay\":[1,2]} | several values",
                "{\"delay[in]\":[]} | no values",
                "{\"delay[in]\":[1,[2]]} | has an array",
                "{\"delay\":1,\"delay\":2} | member twice",
                "{\"delay\":1 | no JSON",
                "{\"delay\":1}x | no JSON",
                "{\"delay\":1}{} | behind its end",
                "{\"or\":[]} | no filters",
                "{\"or\":{\"ok\":true}} | no filters",
                "{\"or\":[{},{\"ok\":true}]} | is empty",
                "{\"or\":[[]]} | an array where an object",
                "{\"not\":true} | 'true' where an object",
            })
    void ofJson_fault_saysWhatIsWrong(String json, String reason) {
        Problem.InvalidParameter problem = fault(json.equals("''") ? "" : json);
        assertEquals("where", problem.parameter());
        assertTrue(problem.reason().contains(reason), problem.reason());
    }

    @Test
    void ofJson_depth_atAndAboveTheLimit() {
        String inner = "{\"ok\":true}";
        parser.ofJson(nested(FilterParser.MAX_DEPTH - 1, inner));
        assertTrue(fault(nested(FilterParser.MAX_DEPTH, inner)).reason().contains("too deep"));
        assertTrue(fault(nested(100_000, inner)).reason().contains("too deep"));
    }

    private static String nested(int depth, String inner) {
        return "{\"not\":".repeat(depth) + inner + "}".repeat(depth);
    }

    @Test
    void ofJson_comparisons_atAndAboveTheLimit() {
        parser.ofJson(either(MAX));
        assertTrue(fault(either(MAX + 1)).reason().contains("too many"));
    }

    private static String either(int comparisons) {
        return "{\"or\":[" + String.join(",", Collections.nCopies(comparisons, "{\"ok\":true}")) + "]}";
    }

    @Test
    void ofParameters_areTheSameTreeAsTheirJson() {
        Filter filter = parser.ofParameters(List.of(Map.entry("origin", "SFO"), Map.entry("filter[delay][gte]", "60")));
        assertEquals(parser.ofJson("{\"delay[gte]\":60,\"origin\":\"SFO\"}").canonical(), filter.canonical());
    }

    @Test
    void column_withTheNameOfAJoin_isNamedInTheLongForm() {
        var field = new Field("or", FieldType.nullable(ArrowType.Utf8.INSTANCE), List.of());
        ColumnLayout column = Layout.of(new Schema(List.of(field))).top().getFirst();
        var other = new FilterParser(Map.of("or", column), Operator.ALL, MAX);
        assertEquals(
                "{\"filter[or][gt]\":\"a\"}",
                other.ofJson("{\"filter[or][gt]\":\"a\"}").canonical());
    }

    /** An operator that the server does not know, and nothing but its line to make it known. */
    record Suffix() implements Operator {
        @Override
        public String token() {
            return "suffix";
        }

        @Override
        public boolean takes(Kind kind) {
            return kind instanceof Kind.Text;
        }

        @Override
        public Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong) {
            byte[] suffix = text.getBytes(UTF_8);
            return (values, selection, count) -> {
                int kept = 0;
                for (int i = 0; i < count; i++) {
                    byte[] value = values.bytes(selection[i]);
                    selection[kept] = selection[i];
                    kept += value.length >= suffix.length
                                    && Arrays.equals(
                                            suffix, 0, suffix.length, value, value.length - suffix.length, value.length)
                            ? 1
                            : 0;
                }
                return kept;
            };
        }
    }

    @Test
    void operator_unknownToTheServer_isOneClassAndOneLine() {
        List<Operator> operators = new ArrayList<>(Operator.ALL);
        operators.add(new Suffix());
        for (var schema : List.of(SampleRows.SCHEMA, SampleRows.ENCODED)) {
            Map<String, ColumnLayout> columns =
                    schema.columns().stream().collect(Collectors.toMap(ColumnLayout::path, column -> column));
            var extended = new FilterParser(columns, operators, MAX);
            try (var root = new RootAllocator();
                    var writer = new BatchWriter(schema.layout(), root)) {
                writer.open(8);
                for (int i = 0; i < 12; i++) {
                    SampleRows.put(writer, SampleRows.usual(i));
                    writer.column(schema.offsetColumn()).putInt64(i);
                    writer.column(schema.timestampColumn()).putInt64(i);
                    writer.column(schema.deletedColumn()).putBit(false);
                    writer.endRow();
                }
                for (boolean negated : new boolean[] {false, true}) {
                    String json = "{\"origin[suffix]\":\"FO\"}";
                    Filter filter = extended.ofJson(negated ? "{\"not\":" + json + "}" : json);
                    int[] rows = IntStream.range(0, 12).toArray();
                    int kept = new FilterLoop(filter).narrow(writer.batch(), rows, 12);
                    int[] expected = IntStream.range(0, 12)
                            .filter(i -> i % 11 != 0 && i % 3 == 0 != negated)
                            .toArray();
                    assertArrayEquals(expected, Arrays.copyOf(rows, kept));
                }
            }
        }
    }

    private Problem.InvalidParameter fault(String json) {
        return (Problem.InvalidParameter)
                assertThrows(ProblemException.class, () -> parser.ofJson(json)).problem();
    }
}
