package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem.InvalidContract;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ContractReaderTest {
    private static final Path FIXTURES = Path.of("src/test/resources/contracts");
    private static final String HEAD =
            "{apiVersion: v3.1.0, kind: DataContract, id: a, version: 1.0.0, status: active,\n schema: [{name: t, ";

    @Test
    void read_fullExample_givesAllItsParts() throws IOException {
        Path file = FIXTURES.resolve("full-example-v3.1.odcs.yaml");
        Contract contract = ContractReader.read(file);

        assertEquals("53581432-6c55-4ba2-a65f-72344a91553a", contract.id());
        assertEquals("1.1.0", contract.version());
        assertEquals("seller", contract.domain());
        assertEquals(
                "Views built on top of the seller tables.",
                contract.description().purpose());
        assertEquals(Files.readString(file), contract.text());
        assertEquals(1, contract.servers().size());
        assertEquals("postgres", contract.servers().get(0).type());
        SchemaObject object = contract.objects().get(0);
        assertEquals("tbl", object.name());
        assertEquals("tbl_1", object.physicalName());
        Property property = object.property("transaction_reference_date").orElseThrow();
        assertEquals(LogicalType.DATE, property.logicalType());
        assertEquals(new FieldType.Date(), property.fieldType());
    }

    @Test
    void read_enumOf32_givesItsValues() {
        SchemaObject object = ContractReader.read(FIXTURES.resolve("enum-v3.2.odcs.yaml"))
                .objects()
                .get(0);

        assertEquals(
                List.of("pending", "processing", "shipped", "cancelled"),
                object.property("status").orElseThrow().rules().values());
        Property priority = object.property("priority").orElseThrow();
        assertEquals(List.of("1", "2", "3"), priority.rules().values());
        assertEquals(new FieldType.Int(32, true), priority.fieldType());
    }

    @Test
    void read_nestedArrays_givesTheirTypes() {
        Contract contract = ContractReader.read(FIXTURES.resolve("weather-service-v3.0.odcs.yaml"));

        Property hourly = contract.objects().get(0).property("hourly").orElseThrow();
        FieldType.Struct struct = (FieldType.Struct) hourly.fieldType();
        FieldType.Field temperatures = struct.fields().stream()
                .filter(field -> field.name().equals("temperature_2m"))
                .findFirst()
                .orElseThrow();
        assertEquals(
                new FieldType.ListOf(new FieldType.Field("item", new FieldType.Floating(64), false)),
                temperatures.type());
    }

    @Test
    void read_severalObjects_givesAllWithTheirNames() {
        Contract contract = ContractReader.read(FIXTURES.resolve("orders-v3.1.odcs.yaml"));

        assertEquals(
                List.of("orders", "line_items"),
                contract.objects().stream().map(SchemaObject::name).toList());
        assertTrue(
                contract.warnings().stream().anyMatch(fault -> fault.message().contains("without precision")));
    }

    @Test
    void read_json_isTheSameAsYaml() {
        String json = """
                {"apiVersion": "v3.1.0", "kind": "DataContract", "id": "a", "version": "1.0.0", "status": "draft",
                 "schema": [{"name": "t", "properties": [{"name": "n", "logicalType": "integer", "required": true}]}]}
                """;

        Property property = ContractReader.read("a.json", json)
                .objects()
                .get(0)
                .properties()
                .get(0);

        assertEquals(new FieldType.Int(64, true), property.fieldType());
        assertTrue(property.required());
    }

    @Test
    void read_manyFaults_reportsAllWithTheirPlaces() {
        List<Fault> faults = faults("""
                apiVersion: v2.0.0
                kind: DataProduct
                id: ''
                schema:
                  - name: t
                    properties:
                      - {name: a, logicalType: texxt}
                      - {name: b}
                      - {logicalType: string}
                      - {name: c, logicalType: string, logicalTypeOptions: {pattern: '[', minLength: 5, maxLength: 2}}
                      - {name: c, logicalType: number, physicalType: 'decimal(39,2)'}
                      - {name: d, logicalType: integer, logicalTypeOptions: {minimum: 5, maximum: 4, multipleOf: 0}}
                      - {name: d, logicalType: boolean}
                      - {name: e, logicalType: map}
                      - {name: f, logicalType: object, properties: [{name: g, logicalType: array}]}
                      - text
                  - name: t
                """).stream()
                .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                .toList();

        assertEquals(
                List.of(
                        "1:1 ",
                        "1:13 apiVersion",
                        "2:7 kind",
                        "3:5 id",
                        "7:32 schema[0].properties[0].logicalType",
                        "8:9 schema[0].properties[1]",
                        "9:9 schema[0].properties[2]",
                        "10:9 schema[0].properties[3]",
                        "10:70 schema[0].properties[3].logicalTypeOptions.pattern",
                        "11:9 schema[0].properties[4]",
                        "12:9 schema[0].properties[5]",
                        "12:98 schema[0].properties[5].logicalTypeOptions.multipleOf",
                        "13:9 schema[0].properties[6]",
                        "14:9 schema[0].properties[7]",
                        "15:53 schema[0].properties[8].properties[0]",
                        "16:9 schema[0].properties[9]",
                        "17:5 schema[1]"),
                faults.stream()
                        .map(fault -> fault.line() + ":" + fault.column() + " " + fault.path())
                        .toList());
    }

    @Test
    void read_whatCanBeForgiven_isAWarning() {
        Contract contract = ContractReader.read("a.yaml", """
                apiVersion: v3.9.0
                id: a
                version: 1.0
                nmae: x
                schema:
                  - name: t
                    properties:
                      - {name: a, physicalType: varchar(3), required: yes, requierd: true}
                      - {name: b, logicalType: long, logicalTypeOptions: {minLength: 3}}
                """);

        SchemaObject object = contract.objects().get(0);
        assertEquals("1.0", contract.version());
        assertEquals(LogicalType.STRING, object.properties().get(0).logicalType());
        assertTrue(object.properties().get(0).required());
        assertEquals(LogicalType.INTEGER, object.properties().get(1).logicalType());
        String warnings = contract.warnings().toString();
        for (String said : List.of(
                "'v3.9.0' is not known",
                "Did you mean 'name'?",
                "Did you mean 'required'?",
                "'kind' is missing",
                "'status' is missing",
                "'yes' is a text in YAML 1.2",
                "read as integer",
                "'minLength' is not applied")) {
            assertTrue(warnings.contains(said), said + " in " + warnings);
        }
        assertEquals(8, contract.warnings().size(), warnings);
    }

    @Test
    void read_rules_areTyped() {
        Rules text =
                rules("logicalType: string, logicalTypeOptions: {minLength: 1, maxLength: 5, pattern: '^a', format:"
                        + " email}");
        assertEquals(1, text.minLength());
        assertEquals(5, text.maxLength());
        assertEquals(Optional.of("^a"), text.pattern());
        assertEquals("email", text.format());
        Rules number =
                rules("logicalType: number, logicalTypeOptions: {minimum: -1.5, exclusiveMaximum: 1e3, multipleOf:"
                        + " 0.01}");
        assertEquals(Optional.of(new BigDecimal("-1.5")), number.minimum());
        assertEquals(0, number.exclusiveMaximum().orElseThrow().compareTo(BigDecimal.valueOf(1000)));
        assertEquals(Optional.of(new BigDecimal("0.01")), number.multipleOf());
        Rules array =
                rules("logicalType: array, items: {logicalType: string}, logicalTypeOptions: {minItems: 1, maxItems:"
                        + " 2, uniqueItems: true}");
        assertEquals(List.of(1, 2, true), List.of(array.minItems(), array.maxItems(), array.uniqueItems()));
        assertEquals(Rules.NONE, rules("logicalType: boolean"));
    }

    @Test
    void read_boundsInTime_areInTheUnitOfTheType() {
        assertBound("logicalType: date, logicalTypeOptions: {minimum: '1970-01-03'}", "2");
        assertBound("logicalType: timestamp, logicalTypeOptions: {minimum: '1970-01-01T01:00:00+01:00'}", "0");
        assertBound("logicalType: timestamp, logicalTypeOptions: {minimum: '1970-01-01 00:00:01.5'}", "1500000");
        assertBound(
                "logicalType: timestamp, logicalTypeOptions: {timezone: false, minimum: '1970-01-02T00:00:00'}",
                "86400000000");
        assertBound(
                "logicalType: timestamp, physicalType: timestamp(3), logicalTypeOptions: {minimum: '1970-01-02'}",
                "86400000");
        assertBound("logicalType: timestamp, physicalType: epoch_seconds, logicalTypeOptions: {minimum: 7}", "7000");
        assertBound("logicalType: time, logicalTypeOptions: {minimum: '00:00:02'}", "2000000");
        assertEquals(
                1,
                errors("{name: a, logicalType: timestamp, logicalTypeOptions: {timezone: false, minimum:"
                                + " '1970-01-01T00:00:00Z'}}")
                        .size());
        assertEquals(
                1,
                errors("{name: a, logicalType: date, logicalTypeOptions: {minimum: yesterday}}")
                        .size());
    }

    private static void assertBound(String property, String expected) {
        assertEquals(0, rules(property).minimum().orElseThrow().compareTo(new BigDecimal(expected)), property);
    }

    @Test
    void read_mutatedContract_isReadOrRefusedAndNeverThrowsElse() throws IOException {
        String text = Files.readString(FIXTURES.resolve("enum-v3.2.odcs.yaml"));
        String json = "{\"schema\":[{\"properties\":[{\"enum\":{\"value\":null}}]}]}";
        String signs = "{}[]&*!|>'\"%@`:,-?#\n\t 09.eE\u0000";
        Random random = new Random(11);
        for (int round = 0; round < 3_000; round++) {
            StringBuilder mutated = new StringBuilder(text);
            for (int change = random.nextInt(5); change >= 0; change--) {
                int at = random.nextInt(mutated.length());
                switch (random.nextInt(3)) {
                    case 0 -> mutated.setCharAt(at, signs.charAt(random.nextInt(signs.length())));
                    case 1 -> mutated.delete(at, Math.min(mutated.length(), at + random.nextInt(60)));
                    default -> mutated.insert(at, json, 0, random.nextInt(json.length()));
                }
            }
            try {
                ContractReader.read("f.yaml", mutated.toString());
            } catch (ProblemException e) {
                assertTrue(e.problem() instanceof InvalidContract, mutated::toString);
            }
        }
    }

    static Property property(String text) {
        return ContractReader.read("f.yaml", HEAD + "properties: [{name: a, " + text + "}]}]}")
                .objects()
                .get(0)
                .properties()
                .get(0);
    }

    static List<Fault> errors(String property) {
        return faults(HEAD + "properties: [" + property + "]}]}").stream()
                .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                .toList();
    }

    private static Rules rules(String text) {
        return property(text).rules();
    }

    private static List<Fault> faults(String text) {
        ProblemException exception = assertThrows(ProblemException.class, () -> ContractReader.read("f.yaml", text));
        return ((InvalidContract) exception.problem()).faults();
    }
}
