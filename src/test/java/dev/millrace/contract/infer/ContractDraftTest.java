package dev.millrace.contract.infer;

import static dev.millrace.contract.infer.Served.bytes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.RecordRules;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.check.ContractCheck;
import dev.millrace.problem.Fault;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContractDraftTest {
    private static final Path DATA = Path.of("src/main/resources/demo/data");

    @TempDir
    Path folder;

    /** Whatever a test drafted passes {@code check}, too. */
    @AfterEach
    void check() {
        if (Files.isDirectory(folder.resolve("domains"))) {
            ContractCheck.Result checked = ContractCheck.check(List.of(folder), RecordRules::faults, mesh -> List.of());
            assertEquals(
                    0,
                    checked.count(Fault.Severity.ERROR),
                    () -> checked.faults().toString());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "x | true | false | boolean",
                "x | 1 | -2 | integer {format: i32}",
                "x | 1 | 214748365 | integer {format: i64}",
                "x_id | 1 | 2 | integer {format: i64}",
                "x | 1 | 9223372036854775808 | integer {format: u64}",
                "x | -1 | 9223372036854775808 | number decimal(38,0)",
                "x | 1 | 100000000000000000000000000000000000000 | number",
                "x | 1 | 2.5 | number",
                "x | 1 | 1.0 | number",
                "price | 1 | 2.5 | number decimal(18,2)",
                "total_eur | 1.125 | 2 | number decimal(18,3)",
                "x | 0.1234567890123456789 | 2 | number decimal(38,19)",
                "x | 1e-400 | 1e300 | number",
                "x | 1e400 | 1 | left out",
                "x | 1517966773840 | 1517966773841 | integer {format: i64}",
                "createdAt | 1517966773840 | 1517966773841 | timestamp epoch_millis",
                "time | 1517966773840 | 5 | integer {format: i64}",
                "ts | 1517966773 | 1517966774 | timestamp epoch_seconds",
                "x | \"a\" | \"b\" | string",
                "x | \"0b9ef0a2-2a4c-4b6e-8d53-6f9d3a0c1e2f\" | null | string {format: uuid}",
                "x | \"a.b@example.org\" | \"c@d.io\" | string {format: email}",
                "x | \"a@b.org\" | \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@d.io\" | string {format: email}",
                "x | \"a@b.org\" | \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@d.io\" | string",
                "x | \"https://example.org/a?b=c#d\" | \"s3://bucket/key\" | string {format: uri}",
                "x | \"192.168.0.1\" | \"255.255.255.255\" | string {format: ipv4}",
                "x | \"192.168.0.1\" | \"256.0.0.1\" | string",
                "x | \"2024-02-29\" | \"0001-01-01\" | date",
                "x | \"2023-02-29\" | \"2024-02-29\" | string",
                "x | \"12:34:56\" | \"00:00:00.5\" | time",
                "x | \"2024-02-29T12:34:56Z\" | \"2024-02-29 12:34:56.123456+0530\" | timestamp {timezone: true}",
                "x | \"2024-02-29T12:34:56.123456789Z\" | \"2024-02-29 12:34:56-03\" | timestamp timestamp(9) {timezone: true}",
                "x | \"2024-02-29T12:34:56\" | \"2024-02-29 12:34:56.1\" | timestamp {timezone: false}",
                "x | \"2024-02-29T12:34:56\" | \"2024-02-29T12:34:56Z\" | string",
                "x | \"2024-02-29T12:34:60Z\" | \"2024-02-29T12:34:56Z\" | string",
                "x | 1 | \"1\" | left out",
                "x | {\"y\":1} | [1] | left out",
                "x | null | null | left out",
                "x | {} | {} | left out",
                "x | [] | [] | left out",
                "x | [1,\"a\"] | [] | left out",
                "x | [null] | [] | left out",
                "x | [1,null] | [] | array",
                "x | [[1.5]] | [[],[2]] | array",
                "x | {\"y\":{\"z\":1},\"w\":{}} | {} | object"
            })
    void of_twoValues_guessesTheTypeAndServesBoth(String name, String first, String second, String expected) {
        String json = "{\"ok\":1,\"" + name + "\":%s}";
        List<byte[]> records = bytes(json.formatted(first), json.formatted(second));

        Served served = Served.of(folder, records);

        Optional<Property> found = served.product().object().property(name);
        assertEquals(
                expected, found.map(property -> shown(served.text(), property)).orElse("left out"), served::text);
        assertEquals(List.of(), served.deadLetters(records));
    }

    private static String shown(String text, Property property) {
        List<String> lines = text.lines().toList();
        String line = lines.stream()
                .skip(lines.indexOf("      - name: " + property.name()))
                .filter(found -> found.startsWith("        logicalTypeOptions:"))
                .findFirst()
                .filter(found -> lines.indexOf(found) < lines.indexOf("      - name: " + property.name()) + 4)
                .map(found -> " " + found.strip().substring("logicalTypeOptions: ".length()))
                .orElse("");
        return property.logicalType().text()
                + (property.physicalType().isEmpty() ? "" : " " + property.physicalType())
                + line;
    }

    @Test
    void of_fields_areRequiredOnlyWhenInEveryObject() {
        List<byte[]> records = bytes(
                "{\"a\":1,\"b\":1,\"c\":null,\"d\":{\"e\":1},\"f\":[{\"g\":1},{}]}", "{\"a\":2,\"c\":1,\"f\":[null]}");

        Served served = Served.of(folder, records);

        assertEquals(List.of("a", "f"), required(served.product().object().properties()));
        Property d = served.product().object().property("d").orElseThrow();
        assertEquals(List.of("e"), required(d.properties()));
        Property item =
                served.product().object().property("f").orElseThrow().items().orElseThrow();
        assertEquals(false, item.required());
        assertEquals(List.of(), required(item.properties()));
        assertEquals(List.of(), served.deadLetters(records));
    }

    private static List<String> required(List<Property> properties) {
        return properties.stream()
                .filter(Property::required)
                .map(Property::name)
                .toList();
    }

    @Test
    void of_uniqueFields_takesTheBestNamedAsKeyFromTwentyRecordsOn() {
        assertEquals("id", key("{\"name\":\"n%1$d\",\"order_id\":%1$d,\"id\":\"%1$d\"}", 20));
        assertEquals("", key("{\"name\":\"n%1$d\",\"order_id\":%1$d,\"id\":\"%1$d\"}", 19));
        assertEquals("order_id", key("{\"name\":\"n%1$d\",\"order_id\":%1$d,\"id\":1}", 20));
        assertEquals("name", key("{\"name\":\"n%1$d\",\"x\":%1$d}", 20));
        assertEquals("", key("{\"x\":1,\"name\":\"n%1$d\"}", 20));
        assertEquals("", key("{\"id\":%1$d.5}", 20));
        assertEquals("", key("{\"x\":{\"id\":%1$d}}", 20));
    }

    private String key(String format, int records) {
        List<byte[]> json = IntStream.range(0, records)
                .mapToObj(i -> format.formatted(i).getBytes(UTF_8))
                .toList();
        Served served = Served.of(folder, json);
        assertEquals(List.of(), served.deadLetters(json));
        return String.join(
                ",", served.product().key().stream().map(Property::name).toList());
    }

    @Test
    void of_fewValuesOften_listsThemAsAQualityRule() {
        List<byte[]> records = IntStream.range(0, 51)
                .mapToObj(i -> ("{\"s\":\"" + List.of("on", "off", "#\\\"\\n").get(i % 3) + "\",\"t\":\"x" + i + "\"}")
                        .getBytes(UTF_8))
                .toList();

        Served served = Served.of(folder, records);

        assertEquals(
                1,
                served.product().object().property("s").orElseThrow().quality().size());
        assertEquals(
                0,
                served.product().object().property("t").orElseThrow().quality().size());
        assertTrue(served.text().contains("- \"#\\\"\\u000A\"\n"), served::text);
    }

    @Test
    void of_hostileNames_areColumnsUnderOtherNames() {
        List<String> names =
                List.of("a b", "a_b", "A_B", "1st", "null", "x\\ny: [", "é", "#", "'", "-", "a\\tb", "\\u2028");
        String json = "{\"\":1,"
                + String.join(
                        ",", names.stream().map(name -> "\"" + name + "\":1").toList()) + "}";

        Served served = Served.of(folder, bytes(json));

        assertEquals(
                List.of("a_b", "a_b_2", "A_B_3", "_1st", "null", "x_y___", "_", "__2", "__3", "__4", "a_b_4", "__5"),
                served.product().object().properties().stream()
                        .map(Property::name)
                        .toList());
        assertEquals(List.of(), served.deadLetters(bytes(json)));
        assertTrue(served.text().contains("# left out: fields without name"), served::text);
    }

    @Test
    void add_whatIsNoRecord_isCountedWithItsReason() {
        Sample sample = new Sample();
        List<byte[]> broken = new ArrayList<>(bytes(
                "",
                "[1]",
                "7",
                "{",
                "{\"a\":1,\"a\":2}",
                "{\"a\":01}",
                "{\"a\":NaN}",
                "{} {}",
                "{\"a\":\"\\ud800\"}",
                "{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}",
                "{\"a\":1e99999999999}"));
        broken.add(new byte[] {'{', '"', (byte) 0xC0, (byte) 0x80, '"', ':', '1', '}'});
        broken.add(new byte[Sample.MAX_RECORD_BYTES + 1]);
        sample.add("{\"a\":1}".getBytes(UTF_8));
        broken.forEach(sample::add);

        String text = ContractDraft.of(sample, Served.ORIGIN).orElseThrow();

        assertEquals(broken.size(), sample.refused());
        assertTrue(text.contains("# A server would refuse 1 of them, not UTF-8; the first is record 13."), text);
        assertTrue(text.contains("# in 1 of 1; from 1 to 1"), text);
    }

    @Test
    void limits_areTheDecoders() {
        assertEquals(
                JsonLimits.DEFAULT,
                new JsonLimits(Sample.MAX_RECORD_BYTES, Sample.MAX_DEPTH, Sample.MAX_FIELDS, Sample.MAX_STRING_BYTES));
    }

    @Test
    void of_manyNames_isLeftOutAsAMapOrGivesNoDraft() {
        List<byte[]> most = new ArrayList<>(IntStream.range(0, 16)
                .mapToObj(i -> bytes("{\"id\":1,\"m\":" + names(i, 64) + "}").getFirst())
                .toList());
        Served atLimit = Served.of(folder, most);
        most.addAll(bytes("{\"id\":1,\"m\":{\"one\":1}}"));
        Served above = Served.of(folder, most);
        Sample root = new Sample();
        IntStream.range(0, 200).forEach(i -> root.add(names(i, 10).getBytes(UTF_8)));

        assertEquals(
                1024,
                atLimit.product().object().properties().get(1).properties().size());
        assertEquals(1, above.product().object().properties().size());
        assertTrue(above.text().contains("looks like a map"), above::text);
        assertEquals(List.of(), above.deadLetters(most));
        assertEquals(Optional.empty(), ContractDraft.of(root, Served.ORIGIN));
        assertEquals(
                "a record has more than 1024 different field names and looks like a map", ContractDraft.reason(root));
    }

    private static String names(int i, int count) {
        return "{"
                + String.join(
                        ",",
                        IntStream.range(0, count)
                                .mapToObj(j -> "\"k" + i + "_" + j + "\":1")
                                .toList()) + "}";
    }

    @Test
    void of_deepNesting_isLeftOutWhereItIsTooDeep() {
        List<byte[]> records = bytes("{\"x\":1,\"a\":" + "{\"y\":1,\"a\":".repeat(40) + "1" + "}".repeat(41));

        Served served = Served.of(folder, records);

        assertTrue(served.text().contains("nested deeper than 16 levels"), served::text);
        assertEquals(List.of(), served.deadLetters(records));
    }

    @Test
    void of_earthquakes_servesEachAndKnowsWhatPeopleWrote() throws IOException {
        try (DemoSource source = DemoData.in(DATA).earthquakes()) {
            Served served = served(source);
            assertEquals(
                    List.of("id"),
                    served.product().key().stream().map(Property::name).toList());
            Property properties =
                    served.product().object().property("properties").orElseThrow();
            assertEquals(26, properties.properties().size());
            assertEquals(
                    new FieldType.Timestamp(FieldType.Unit.MILLIS, true, FieldType.Encoding.EPOCH_MILLIS),
                    properties.properties().get(2).fieldType());
        }
    }

    @Test
    void of_airportsAndFlights_serveEach() {
        try (DemoSource airports = DemoData.in(DATA).airports();
                DemoSource flights = DemoData.in(DATA).flights(10_000)) {
            assertEquals("iata", served(airports).product().key().getFirst().name());
            Served served = served(flights);
            assertEquals("flight_id", served.product().key().getFirst().name());
            assertEquals(
                    new FieldType.Timestamp(FieldType.Unit.MICROS, false, FieldType.Encoding.ISO),
                    served.product().object().property("date").orElseThrow().fieldType());
        }
    }

    private Served served(DemoSource source) {
        List<byte[]> records = new ArrayList<>();
        source.records().forEachRemaining(record -> records.add(record.value()));
        Served served = Served.of(folder, records);
        assertEquals(List.of(), served.deadLetters(records));
        return served;
    }

    @Test
    void next_arrayAndLines_giveTheSameRecords() throws IOException {
        List<String> records = List.of("{\"a\":\"],[\\\"{\",\"b\":[{}]}", "{\"a\":\"\\\\\"}", "7");
        for (String text : List.of(
                String.join("\n", records),
                "\uFEFF\n" + String.join("\r\n\n", records) + "\n",
                "[" + String.join(",", records) + "]",
                " [\n " + String.join(" ,\n", records) + "\n]\n{\"behind\":1}",
                "[" + String.join(",", records))) {
            assertEquals(records, read(text), text);
        }
        assertEquals(List.of(), read(""));
        assertEquals(List.of(), read("[]"));
        assertEquals(List.of(), read(" [ "));
    }

    private static List<String> read(String text) throws IOException {
        JsonRecords records = new JsonRecords(new java.io.ByteArrayInputStream(text.getBytes(UTF_8)));
        List<String> found = new ArrayList<>();
        for (Optional<byte[]> record; (record = records.next()).isPresent(); ) {
            found.add(new String(record.get(), UTF_8).strip());
        }
        return found;
    }

    @Test
    void next_hugeLine_isCutAndTheNextIsRead() throws IOException {
        byte[] huge = ("x".repeat(Sample.MAX_RECORD_BYTES + 100) + "\n{}").getBytes(UTF_8);
        JsonRecords records = new JsonRecords(new java.io.ByteArrayInputStream(huge));
        assertEquals(Sample.MAX_RECORD_BYTES + 1, records.next().orElseThrow().length);
        assertEquals(2, records.next().orElseThrow().length);
    }
}
