package dev.millrace.contract.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.codec.RecordRules;
import dev.millrace.contract.ContractReader;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContractCheckTest {
    private static final Path FIXTURES = Path.of("src/test/resources/contracts");
    private static final String HEAD =
            "{apiVersion: v3.1.0, kind: DataContract, id: a, version: 1.0.0, status: active,\n";

    @TempDir
    Path folder;

    /** Severity and rule of each fault, and what stands at its place up to the next space. */
    private static String shortly(ContractCheck.Result result) {
        return result.faults().stream()
                .map(fault -> fault.severity() + " " + fault.rule().id() + at(fault))
                .collect(Collectors.joining(", "));
    }

    private static String at(Fault fault) {
        try {
            return fault.line() == 0
                    ? ""
                    : " "
                            + Files.readAllLines(Path.of(fault.file()))
                                    .get(fault.line() - 1)
                                    .substring(fault.column() - 1)
                                    .split("[ ,}\\]]", 2)[0];
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private ContractCheck.Result check(String name, String text) throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        return ContractCheck.check(List.of(file), RecordRules::faults, mesh -> List.of());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [{name: t, properties: [{name: a, logicalType: string}]}]                             | ''
            [{name: t, properties: [{name: a, logicalType: strin}]}]                              | ERROR schema strin
            [{name: t, properties: [{name: a, name: b, logicalType: string}]}]                    | ERROR duplicate-key name:
            [{name: t, properties: [{name: a, logicalType: string}, {name: a, logicalType: date}]}] | ERROR duplicate-name {name:
            [{name: t, id: x}, {name: u, id: x}]                                                  | WARNING product {name:, WARNING product {name:, ERROR duplicate-id x
            [{name: t, properties: [{name: a, logicalType: integer, logicalTypeOptions: {minimum: 3, maximum: 2}}]}] | ERROR contradicting-bounds {name:
            [{name: t, properties: [{name: a, logicalType: string, logicalTypeOptions: {minLength: 3, maxLength: 2}}]}] | ERROR contradicting-bounds {name:
            [{name: t, properties: [{name: a, logicalType: string, logicalTypeOptions: {pattern: "[a"}}]}] | ERROR invalid-pattern "[a"
            [{name: t, properties: [{name: a, logicalType: string, logicalTypeOptions: {pattern: "(?P<a>b)"}}]}] | WARNING foreign-pattern "(?P<a>b)"
            [{name: t, properties: [{name: a, logicalType: string, primaryKey: true}]}]           | WARNING optional-key {name:
            [{name: t, properties: [{name: a, logicalType: string, relationships: [{to: x.y}]}]}] | ERROR dangling-reference x.y
            [{name: t, properties: [{name: a, logicalType: string, relationships: [{to: t.a}]}]}] | ''
            [{name: t, properties: [{name: a, logicalType: string, relationships: [{to: other/b/c/d}]}]}] | ''
            [{name: t, properties: [{name: a, logicalType: string, relationships: [{to: schema/t/properties/z}]}]}] | ERROR dangling-reference schema/t/properties/z
            [{name: t, properties: [{name: a, logicalType: string}]}], slaDefaultElement: b       | ERROR dangling-reference b
            [{name: t, properties: [{name: a, logicalType: string}]}], slaDefaultElement: u.a     | WARNING doubtful-reference u.a
            [{name: t, properties: [{name: a, logicalType: string}]}], slaProperties: [{property: x, value: 1, element: "t.a,t.b"}] | ERROR dangling-reference "t.a
            [{name: t, properties: [{name: a, logicalType: string}], quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [a, b]}}]}] | ERROR dangling-reference b
            [{name: t, properties: [{name: a, logicalType: string, quality: [{metric: nullValue, mustBe: 0}]}]}] | ERROR schema nullValue
            [{name: t, properties: [{name: a, logicalType: string, quality: [{metric: rowCount, mustBeBetween: [9, 1]}]}]}] | ERROR contradicting-bounds {metric:
            [{name: t, properties: [{name: a, logicalType: object}]}]                             | WARNING unsupported-type {name:
            [{name: t, properties: [{name: a, logicalType: string}], quality: [{type: custom, engine: cel, implementation: "a == "}]}] | ERROR invalid-rule "a
            [{name: t, properties: [{name: a, logicalType: string}], quality: [{type: custom, engine: cel, implementation: "b == 1"}]}] | ERROR invalid-rule "b
            [{name: "no topic", properties: [{name: a, logicalType: date}]}], servers: [{server: s, type: kafka, host: h}] | WARNING unsupported-topic {name:
            """)
    void check_contract_givesEachFaultAtItsPlace(String schema, String expected) throws IOException {
        assertEquals(expected, shortly(check("a.yaml", HEAD + " schema: " + schema + "}")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [a, bcd]    | maxLength: 2   | 1
            [a, b, a]   | maxLength: 2   | 1
            [a, '7']    | pattern: '^a$' | 1
            [a]         | pattern: a     | 0
            """)
    void check_enum_mustKeepItsOwnRules(String values, String option, int errors) throws IOException {
        ContractCheck.Result result = check(
                "a.yaml",
                HEAD.replace("v3.1.0", "v3.2.0")
                        + "schema: [{name: t, properties: [{name: a, logicalType: string, enum: "
                        + values.replaceAll("([^\\[\\], ]+)", "{value: $1}") + ", logicalTypeOptions: {" + option
                        + "}}]}]}");
        assertEquals(
                errors,
                result.faults().stream()
                        .filter(fault -> fault.rule().id().equals("enum-value"))
                        .count(),
                () -> shortly(result));
    }

    @Test
    void check_unknownVersion_namesTheKnownOnes() throws IOException {
        Fault fault = check("a.json", HEAD.replace("v3.1.0", "v3.1") + "}").faults().stream()
                .filter(given -> given.rule().id().equals("unknown-version"))
                .findFirst()
                .orElseThrow();
        assertTrue(fault.message().contains("v3.0.0, v3.0.1, v3.0.2, v3.1.0, v3.2.0"), fault.message());
    }

    @ParameterizedTest
    @CsvSource({
        "v0.9.0, '', 0",
        "v1.0.0, 'deprecated: true', 1",
        "v1.1.0, 'deprecated: true, context: {instructions: be kind}', 0",
        "v1.1.0, 'depracated: true', 1",
        "v2.0.0, '', 1"
    })
    void check_product_givesFaultsOfItsVersion(String version, String more, int errors) throws IOException {
        ContractCheck.Result result = check(
                "a.odps.yaml",
                "{apiVersion: " + version + ", kind: DataProduct, id: p, status: active" + (more.isEmpty() ? "" : ", ")
                        + more + "}");
        assertEquals(errors, result.count(Severity.ERROR), () -> shortly(result));
    }

    @Test
    void check_folder_givesTheFaultsOfAllFilesAndOfPortsBetweenThem() throws IOException {
        Path within = Files.createDirectories(folder.resolve("a/b"));
        Files.writeString(within.resolve("c.odcs.yaml"), HEAD + "status: x}");
        Files.writeString(folder.resolve("p.odps.yml"), """
                {apiVersion: v1.0.0, kind: DataProduct, id: p, status: active,
                 inputPorts: [{name: i, version: 1, contractId: elsewhere}],
                 outputPorts: [{name: o, version: '1', contractId: b}, {name: q, version: '1', contractId: a}]}
                """);
        Files.writeString(folder.resolve("notes.yaml"), "{{{");
        Files.createSymbolicLink(within.resolve("loop"), folder);

        ContractCheck.Result result = ContractCheck.check(
                List.of(folder, within.resolve("c.odcs.yaml")), RecordRules::faults, mesh -> List.of());

        assertEquals(2, result.files());
        assertEquals(
                "ERROR duplicate-key status:, ERROR unreadable, ERROR schema 1, WARNING doubtful-reference elsewhere,"
                        + " ERROR dangling-reference b",
                shortly(result));
    }

    @Test
    void check_meshFolder_isStricterWhereNothingCanBeServed() throws IOException {
        Path domain = Files.createDirectories(folder.resolve("domains/d"));
        Files.writeString(domain.resolve("t.odcs.yaml"), HEAD + "schema: [{name: t}, {name: u}]}");

        ContractCheck.Result asMesh = ContractCheck.check(List.of(folder), RecordRules::faults, mesh -> List.of());
        ContractCheck.Result asFiles = ContractCheck.check(List.of(domain), RecordRules::faults, mesh -> List.of());

        assertEquals("ERROR product {name:, ERROR product {name:", shortly(asMesh));
        assertEquals("WARNING product {name:, WARNING product {name:", shortly(asFiles));
        assertEquals(
                0,
                ContractCheck.check(
                                List.of(Path.of("src/main/resources/demo/mesh")),
                                RecordRules::faults,
                                mesh -> List.of())
                        .count(Severity.ERROR));
    }

    @Test
    void check_realFiles_givesTheirVerdicts() {
        assertEquals(0, errors("orders-v3.1.odcs.yaml"));
        assertEquals(0, errors("weather-service-v3.0.odcs.yaml"));
        assertEquals(0, errors("enum-v3.2.odcs.yaml"));
        assertEquals(8, errors("customer-v0.9.odps.yaml"));
        assertEquals(1, errors("quality-multiple-operators-v3.2.odcs.yaml"));
        assertEquals(6, errors("postgres-v3.0.odcs.yaml"));
        assertEquals(
                3,
                ContractReader.read(FIXTURES.resolve("postgres-v3.0.odcs.yaml"))
                        .objects()
                        .get(0)
                        .properties()
                        .size());
    }

    private static long errors(String fixture) {
        return ContractCheck.check(List.of(FIXTURES.resolve(fixture)), RecordRules::faults, mesh -> List.of())
                .count(Severity.ERROR);
    }

    @Test
    void check_hostileFile_isRefusedSoon() throws IOException {
        byte[] junk = new byte[100_000];
        new Random(1).nextBytes(junk);
        Files.write(folder.resolve("junk.odcs.yaml"), junk);
        Files.write(folder.resolve("latin.odcs.yaml"), "id: ä".getBytes(StandardCharsets.ISO_8859_1));
        Files.write(folder.resolve("large.odcs.yaml"), new byte[50_000_000]);
        Files.writeString(folder.resolve("deep.odcs.yaml"), "[".repeat(100_000));
        StringBuilder bomb = new StringBuilder("a0: &a0 " + "x".repeat(1000) + "\n");
        for (int i = 1; i < 30; i++) {
            bomb.append("a" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ",").repeat(10) + "]\n");
        }
        Files.writeString(folder.resolve("bomb.odcs.yaml"), bomb);
        Files.writeString(folder.resolve("wide.odcs.yaml"), HEAD + "schema: [" + "{x: 1},".repeat(150_000) + "]}");
        Files.writeString(
                folder.resolve("long.odcs.yaml"),
                HEAD + "schema: [{name: t, relationships: [{from: t.a, to: 'a" + "/a/a".repeat(500_000) + "'}]}]}");

        ContractCheck.Result result = assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> ContractCheck.check(List.of(folder), RecordRules::faults, mesh -> List.of()));

        assertEquals(7, result.files());
        assertEquals(
                List.of("bomb", "deep", "junk", "large", "latin", "long", "wide"),
                result.faults().stream()
                        .filter(fault -> fault.severity() == Severity.ERROR)
                        .map(fault ->
                                Path.of(fault.file()).getFileName().toString().replace(".odcs.yaml", ""))
                        .distinct()
                        .toList());
    }
}
