package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueryParserTest {
    private final CursorCodec cursors = new CursorCodec("0123456789abcdef".getBytes(UTF_8));
    private final QueryParser parser =
            new QueryParser("d.p", new Shape(SampleRows.SCHEMA), 0, new QueryParser.Limits(100, 1000, 4), cursors);

    @Test
    void parse_nothing_isAllColumnsAndTheDefaultLimit() {
        RowsQuery query = parser.parse(List.of());
        assertEquals(SampleRows.SCHEMA.columns(), query.select());
        assertEquals(100, query.limit());
        assertFalse(query.limitGiven());
        assertEquals(new Start.Now(), query.start());
    }

    @Test
    void parse_selectAndFilters_keepsTheirOrder() {
        RowsQuery query = parse("select", "delay,id", "origin", "SFO", "delay[gte]", "60", "filter[limit][lt]", "5");
        assertEquals(
                List.of("delay", "id"),
                query.select().stream().map(ColumnLayout::path).toList());
        assertEquals(
                List.of("{\"origin\":\"SFO\"}", "{\"delay[gte]\":\"60\"}", "{\"limit[lt]\":\"5\"}"),
                compares(query).stream().map(Filter::canonical).toList());
        assertEquals(
                "{\"delay[gte]\":\"60\",\"limit[lt]\":\"5\",\"origin\":\"SFO\"}",
                query.filter().canonical());
    }

    /** The comparisons of a query whose filter is of such alone. */
    static List<Filter.Compare> compares(RowsQuery query) {
        List<Filter> all =
                query.filter() instanceof Filter.And(List<Filter> filters) ? filters : List.of(query.filter());
        return all.stream().map(Filter.Compare.class::cast).toList();
    }

    @Test
    void parse_nestedPathAndPlainFilterForm_work() {
        RowsQuery query = parse("properties.mag[gt]", "5.5", "filter[origin]", "SFO");
        assertEquals("properties.mag", compares(query).getFirst().column().path());
        assertEquals("eq", compares(query).get(1).operator().token());
    }

    @Test
    void parse_eightSortKeys_butNotNine() {
        List<String> names = List.of("id", "-origin", "delay", "-limit", "speed", "price", "day", "at", "ok");
        assertEquals(
                names.subList(0, 8),
                parser.parse(List.of(Map.entry("sort", String.join(",", names.subList(0, 8))))).sort().stream()
                        .map(SortKey::canonical)
                        .toList());
        assertThrows(ProblemException.class, () -> parser.parse(List.of(Map.entry("sort", String.join(",", names)))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "orign|SFO|orign|nearest is 'origin'|one of at, day",
                "origin[like]|SFO|origin[like]|no operator|one of eq, ne",
                "ok[gt]|true|ok[gt]|no operator|one of eq, ne, null.",
                "delay[prefix]|1|delay[prefix]|no operator|eq, ne, gt, gte, lt, lte, in, null.",
                "properties|1|properties|no operator|one of null.",
                "delay[gte]|sixty|delay[gte]|no value|a whole number such as 60",
                "delay[gte]|60.5|delay[gte]|no value|a whole number such as 60",
                "delay[in]|1,x|delay[in]|no value|separated by commas",
                "speed|NaN|speed|no value|a number such as 12.5",
                "speed|1e999|speed|no value|a number such as 12.5",
                "price|1,2|price|no value|a decimal number",
                "day|01.02.2026|day|no value|2026-01-31",
                "at|yesterday|at|no value|2026-01-31T13:45:00Z",
                "ok|yes|ok|no value|true or false",
                "delay[null]|1|delay[null]|no value|true or false",
                "delay[gte|1|delay[gte|brackets|column[operator]",
                "filter[delay|1|filter[delay|not closed|filter[column]",
                "limit|0|limit|out of range|1 to 1000",
                "limit|1001|limit|out of range|1 to 1000",
                "limit|ten|limit|out of range|1 to 1000",
                "select|id,nam|select|no column 'nam'|one of",
                "select|id,id|select|named twice|each column once",
                "select|properties.mag,properties|select|a field of it|each column once",
                "select|properties,id,properties.mag|select|a field of it|each column once",
                "select|properties.m|select|no column 'properties.m'|one of",
                "cursor|abc|cursor|no cursor of this product|no cursor, for the first page",
                "as_of|abc|as_of|no position|Millrace-Position",
                "sort|a,b,c|sort|there is no column|minus",
            })
    void parse_fault_namesParameterReasonAndExpected(
            String name, String value, String parameter, String reason, String expected) {
        Problem.InvalidParameter problem = fault(name, value);
        assertEquals(parameter, problem.parameter());
        assertTrue(problem.reason().contains(reason), problem.reason());
        assertTrue(problem.expected().contains(expected), problem.expected());
    }

    @Test
    void parse_duplicates_areRefused() {
        assertTrue(fault("limit", "1", "limit", "2").reason().contains("twice"));
        assertTrue(fault("delay[gt]", "1", "filter[delay][gt]", "2").reason().contains("twice"));
        assertTrue(fault("cursor", "a", "as_of", "b:").reason().contains("own position"));
    }

    @Test
    void parse_filters_atAndAboveTheLimit() {
        String[] four = {"delay[gt]", "1", "delay[lt]", "9", "limit", "5", "ok", "true", "origin", "SFO"};
        assertEquals(4, compares(parse(four)).size());
        var five = new ArrayList<>(List.of(four));
        five.addAll(List.of("day[null]", "false"));
        assertTrue(fault(five.toArray(String[]::new)).reason().contains("too many"));
        String two = "{\"or\":[{\"day\":\"2026-01-01\"},{\"day[null]\":true}]}";
        RowsQuery together = parse("delay[gt]", "1", "ok", "true", "where", two);
        assertEquals(4, together.filter().comparisons());
        assertTrue(fault("delay[gt]", "1", "ok", "true", "limit", "5", "origin", "SFO", "where", two)
                .reason()
                .contains("too many"));
        assertTrue(fault("delay[gt]", "1", "ok", "true", "origin", "SFO", "where", two)
                .reason()
                .contains("too many"));
    }

    @Test
    void parse_cursorOfTheSameQuery_isWhereItStarts() {
        RowsQuery query = parse("origin", "SFO", "limit", "5");
        PageCursor cursor = new PageCursor(Position.of("t", 7, 9), 1, 4, 0, query.fingerprint());
        RowsQuery next = parse("limit", "7", "cursor", cursors.encode("d.p", cursor), "origin", "SFO");
        assertEquals(new Start.After(cursor), next.start());
    }

    @Test
    void parse_cursorOfAnotherQuery_isRefused() {
        String text = cursors.encode(
                "d.p",
                new PageCursor(
                        Position.of("t", 7), 0, 4, 0, parse("origin", "SFO").fingerprint()));
        assertTrue(fault("origin", "LAX", "cursor", text).reason().contains("another select"));
        assertTrue(
                fault("origin", "SFO", "select", "id", "cursor", text).reason().contains("another select"));
    }

    @Test
    void fingerprint_ofFiltersInAnotherOrder_isTheSame() {
        assertEquals(
                parse("origin", "SFO", "delay", "1").fingerprint(),
                parse("delay", "1", "origin", "SFO").fingerprint());
        assertNotEquals(
                parse("origin", "SFO").fingerprint(), parse("origin[ne]", "SFO").fingerprint());
    }

    private RowsQuery parse(String... namesAndValues) {
        List<Map.Entry<String, String>> parameters = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            parameters.add(Map.entry(namesAndValues[i], namesAndValues[i + 1]));
        }
        return parser.parse(parameters);
    }

    private Problem.InvalidParameter fault(String... namesAndValues) {
        ProblemException thrown = assertThrows(ProblemException.class, () -> parse(namesAndValues));
        return (Problem.InvalidParameter) thrown.problem();
    }
}
