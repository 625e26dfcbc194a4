package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.yaml.Faults;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem.InvalidContract;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshReaderTest {
    @TempDir
    Path folder;

    @Test
    void read_contractAlone_isAProductWithDefaults() throws IOException {
        write("a/orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));

        ProductDefinition product =
                MeshReader.read(folder).product("a", "orders").orElseThrow();

        assertEquals("a.orders", product.qualifiedName());
        assertEquals("topic.v1", product.topic());
        assertEquals("topic.v1.dlq", product.deadLetterTopic());
        assertEquals(Mode.APPEND, product.mode());
        assertEquals(UnknownFields.IGNORE, product.unknownFields());
        assertEquals(List.of(), product.key());
        assertEquals(Optional.empty(), product.descriptor());
    }

    @Test
    void read_customProperties_setModeUnknownFieldsAndDeadLetterTopic() throws IOException {
        write(
                "a/orders.odcs.yaml",
                contract(
                        "c1",
                        "1.0.0",
                        "customProperties: [{property: millrace.mode, value: upsert}, {property: millrace.unknownFields,"
                                + " value: reject}, {property: millrace.deadLetterTopic, value: dead}]",
                        "{name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 2, required: true}",
                        "{name: c, logicalType: string}",
                        "{name: a, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}"));

        ProductDefinition product =
                MeshReader.read(folder).product("a", "orders").orElseThrow();

        assertEquals(Mode.UPSERT, product.mode());
        assertEquals(UnknownFields.REJECT, product.unknownFields());
        assertEquals("dead", product.deadLetterTopic());
        assertEquals(
                List.of("a", "b"), product.key().stream().map(Property::name).toList());
    }

    @Test
    void read_keptUnknownFields_areAColumnWithANameOfItsOwn() throws IOException {
        String keep = "{property: millrace.unknownFields, value: keep}";
        String named = "customProperties: [" + keep + ", {property: millrace.unknownFieldsColumn, value: NAME}]";
        write(
                "a/one.odcs.yaml",
                contract("c1", "1.0.0", "customProperties: [" + keep + "]", "{name: id, logicalType: string}"));
        write(
                "a/two.odcs.yaml",
                contract("c2", "1.0.0", named.replace("NAME", "rest"), "{name: id, logicalType: string}"));

        Mesh mesh = MeshReader.read(folder);
        SchemaObject one = mesh.product("a", "one").orElseThrow().object();
        var text = new FieldType.Text();
        assertEquals(UnknownFields.KEEP, mesh.product("a", "one").orElseThrow().unknownFields());
        assertEquals("unknown_fields", one.properties().getLast().name());
        assertTrue(one.properties().getLast().required());
        assertEquals(
                new FieldType.MapOf(new FieldType.Field("key", text, true), new FieldType.Field("value", text, true)),
                one.properties().getLast().fieldType());
        assertTrue(
                mesh.product("a", "two").orElseThrow().object().property("rest").isPresent());

        write(
                "a/one.odcs.yaml",
                contract(
                        "c1",
                        "1.0.0",
                        "customProperties: [" + keep + "]",
                        "{name: unknown_fields, logicalType: string}"));
        write(
                "a/two.odcs.yaml",
                contract("c2", "1.0.0", named.replace("NAME", "id"), "{name: id, logicalType: string}"));
        assertEquals(2, faults().size());
        assertTrue(faults().getFirst().message().contains("millrace.unknownFieldsColumn"));
    }

    @Test
    void read_keyWithoutMode_staysAppend() throws IOException {
        write(
                "a/orders.odcs.yaml",
                contract("c1", "1.0.0", "", "{name: b, logicalType: string, primaryKey: true, required: true}"));

        ProductDefinition product =
                MeshReader.read(folder).product("a", "orders").orElseThrow();

        assertEquals(Mode.APPEND, product.mode());
        assertEquals(1, product.key().size());
    }

    @Test
    void read_descriptor_takesTheContractOfItsIdAndVersion() throws IOException {
        write("a/old.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/new.odcs.yaml", contract("c1", "2.0.0", "", "{name: id, logicalType: integer}"));
        write("a/orders.odps.yaml", descriptor("[{name: http, version: 2.0.0, contractId: c1}]"));

        Mesh mesh = MeshReader.read(folder);

        assertEquals(
                List.of("a.old", "a.orders"),
                mesh.products().stream().map(ProductDefinition::qualifiedName).toList());
        ProductDefinition product = mesh.product("a", "orders").orElseThrow();
        assertEquals("2.0.0", product.contract().version());
        assertEquals("p1", product.descriptor().orElseThrow().id());
    }

    @Test
    void read_descriptorWithoutContractId_takesTheContractBesideIt() throws IOException {
        write("a/orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/orders.odps.yaml", descriptor("[{name: http, version: 2.0.0}]"));

        assertEquals(1, MeshReader.read(folder).products().size());
    }

    @Test
    void read_faultsOfManyFiles_areReportedTogether() throws IOException {
        write("a/Orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/two.odcs.yaml", contract("c2", "1.0.0", "", "{name: id, logicalType: texxt}"));
        write("a/three.odcs.yaml", contract("c3", "1.0.0", "", "{name: id, logicalType: array, primaryKey: true}"));
        write("a/four.odcs.yaml", "a: [");
        write(
                "b/five.odcs.yaml",
                contract(
                        "c5",
                        "1.0.0",
                        "customProperties: [{property: millrace.mode, value: both}]",
                        "{name: id, logicalType: number, primaryKey: true, required: true}"));
        write("b/six.odps.yaml", descriptor("[{name: http, version: 2.0.0, contractId: none}]"));
        write(
                "b/seven.odcs.yaml",
                contract("c7", "1.0.0", "", "{name: id, logicalType: string}").replace("topic.v1", "a topic"));
        write(
                "b/eight.odcs.yaml",
                contract(
                        "c8",
                        "1.0.0",
                        "customProperties: [{property: millrace.mode, value: upsert}]",
                        "{name: id, logicalType: string}"));
        write("b/nine.odcs.yaml", "{apiVersion: v3.1.0, kind: DataContract, id: x, version: 1, status: active}");
        write("C/ten.odcs.yaml", contract("c10", "1.0.0", "", "{name: id, logicalType: string}"));

        List<Fault> faults = faults();

        String said = faults.toString();
        for (String expected : List.of(
                "'Orders' cannot be the name of a product",
                "'texxt' is no logical type",
                "An array needs items",
                "four.odcs.yaml:1:",
                "Expected append or upsert, found 'both'",
                "of type number cannot be part of the primary key",
                "names the contract none in version 2.0.0; the domain's folder has none such",
                "'a topic' cannot be a Kafka topic",
                "An upsert product needs a primary key",
                "this contract has none",
                "'C' cannot be the name of a domain")) {
            assertTrue(said.contains(expected), expected + " in " + said);
        }
    }

    @Test
    void read_otherFiles_areIgnoredWithAWarning() throws IOException {
        write("a/orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/README.md", "x");
        write("a/.hidden", "x");

        List<Fault> warnings = MeshReader.read(folder).warnings();

        assertEquals(1, warnings.size(), warnings::toString);
        assertTrue(warnings.get(0).file().endsWith("README.md"));
    }

    @Test
    void read_folderThatIsNotThere_isAFault() {
        assertEquals(1, faults().size());
    }

    @Test
    void readSound_brokenFiles_hinderNoOther_andAreToldByName() throws IOException {
        write("a/orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/lines.odcs.yaml", "schema: [");
        write("a/sums.odcs.yaml", contract("c2", "1.0.0", "", "{name: id, logicalType: string}"));
        write("a/sums.odps.yaml", "kind: [");
        write("a/ends.odps.yaml", descriptor("[{name: http, version: 2.0.0, contractId: gone}]"));
        write("b/orders.odcs.yaml", contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));

        Mesh mesh = MeshReader.readSound(folder);

        assertEquals(
                List.of("a.orders", "b.orders"),
                mesh.products().stream().map(ProductDefinition::qualifiedName).toList());
        assertEquals(
                List.of("ends", "lines", "sums"),
                mesh.broken().stream().map(Mesh.Broken::name).toList());
        assertEquals(1, mesh.faults("a", List.of("lines", "orders")).size());
        assertEquals(List.of(), mesh.faults("b", List.of("lines", "orders")));
        assertEquals(3, faults().size());
    }

    @Test
    void read_severalObjects_areAProductEach() throws IOException {
        write("a/shop.odcs.yaml", SHOP);

        Mesh mesh = MeshReader.read(folder);

        assertEquals(
                List.of("a.dbo_lines", "a.orders", "a.people"),
                mesh.products().stream().map(ProductDefinition::qualifiedName).toList());
        ProductDefinition lines = mesh.product("a", "dbo_lines").orElseThrow();
        assertEquals("shop.lines", lines.topic());
        assertEquals("shop.lines.dlq", lines.deadLetterTopic());
        assertEquals("dbo.Lines", lines.object().name());
        assertEquals(List.of(), mesh.warnings());
        ProductDefinition people = mesh.product("a", "people").orElseThrow();
        assertEquals(
                "Customers",
                KeptContract.of(people, Instant.EPOCH)
                        .definition("a", "people", folder)
                        .object()
                        .name());
        assertEquals(
                Optional.of(Duration.ofDays(7)),
                Keeping.read(people.contract(), people.object(), new Faults()).age());
        assertEquals(
                Optional.empty(),
                Keeping.read(lines.contract(), lines.object(), new Faults()).age());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            orders         | best   | best=orders dbo_lines=dbo.Lines people=Customers
            dbo.Lines      | best   | best=dbo.Lines orders=orders people=Customers
            http           | orders | dbo_lines=dbo.Lines orders=orders people=Customers
            people orders  | best   | dbo_lines=dbo.Lines orders=orders people=Customers
            http           | best   | dbo_lines=dbo.Lines orders=orders people=Customers
            """)
    void read_descriptorOfSeveralObjects_takesThoseOfItsPorts(String ports, String descriptor, String products)
            throws IOException {
        write("a/shop.odcs.yaml", SHOP);
        write(
                "a/" + descriptor + ".odps.yaml",
                descriptor(Stream.of(ports.split(" ", -1))
                        .map(name -> "{name: " + name + ", version: 1.0.0, contractId: c}")
                        .collect(Collectors.joining(", ", "[", "]"))));

        List<ProductDefinition> read = MeshReader.read(folder).products();

        assertEquals(
                products,
                read.stream()
                        .map(product -> product.name() + "=" + product.object().name())
                        .collect(Collectors.joining(" ")));
        assertEquals(
                read.stream().map(ProductDefinition::object).toList(),
                read.stream()
                        .map(product -> KeptContract.of(product, Instant.EPOCH)
                                .definition("a", product.name(), folder.resolve("domains/a"))
                                .object())
                        .toList());
    }

    @Test
    void read_oneBrokenOfSeveralObjects_hindersNoOther() throws IOException {
        write("a/shop.odcs.yaml", SHOP.replace("shop.lines", "not a topic").replace("value: people", "value: orders"));

        Mesh mesh = MeshReader.readSound(folder);

        assertEquals(
                List.of("a.orders"),
                mesh.products().stream().map(ProductDefinition::qualifiedName).toList());
        String said = mesh.faults("a", List.of("shop")).toString();
        assertTrue(said.contains("schema[1]: 'not a topic' cannot be a Kafka topic"), said);
        assertTrue(said.contains("The domain has a product 'orders' already"), said);
    }

    @Test
    void read_errorWithinOneOfSeveralObjects_hindersNoOther() throws IOException {
        write(
                "a/shop.odcs.yaml",
                SHOP.replace("shop.lines, properties: [{", "shop.lines, properties: [{broken: [}, {")
                        .replace("broken: [", "name: b, logicalType: object"));

        Mesh mesh = MeshReader.readSound(folder);

        assertEquals(
                List.of("a.orders", "a.people"),
                mesh.products().stream().map(ProductDefinition::qualifiedName).toList());
        assertEquals(
                List.of("schema[1].properties[0]: An object needs properties"),
                mesh.faults("a", List.of("shop")).stream()
                        .map(fault -> fault.path() + ": " + fault.message().substring(0, 26))
                        .toList());
        write("a/shop.odcs.yaml", SHOP.replace("[{name: id, logicalType: string}]}", "[{name: id}]}"));
        assertEquals(
                List.of("a.people"),
                MeshReader.readSound(folder).products().stream()
                        .map(ProductDefinition::qualifiedName)
                        .toList());
        write("a/shop.odcs.yaml", SHOP.replace("version: 1.0.0", "version: {}"));
        assertEquals(List.of(), MeshReader.readSound(folder).products());
        write("a/shop.odcs.yaml", SHOP.replace("logicalType: string", "logicalType: object"));
        assertEquals(List.of(), MeshReader.readSound(folder).products());
    }

    @Test
    void read_deadLettersOfTwoObjectsInOneTopic_areAFault() throws IOException {
        write(
                "a/shop.odcs.yaml",
                SHOP.replace(
                        "schema:", "customProperties: [{property: millrace.deadLetterTopic, value: dead}]\nschema:"));

        String said = faults().toString();

        assertTrue(said.contains("'orders' has the dead-letter topic dead, too"), said);
    }

    private static final String SHOP = """
            apiVersion: v3.1.0
            kind: DataContract
            id: c
            version: 1.0.0
            status: active
            slaProperties: [{property: retention, value: 7, unit: d, element: Customers.id}]
            schema:
              - {name: orders, properties: [{name: id, logicalType: string}]}
              - {name: dbo.Lines, physicalName: shop.lines, properties: [{name: id, logicalType: string}]}
              - name: Customers
                customProperties: [{property: millrace.product, value: people}]
                properties: [{name: id, logicalType: string}]
            """;

    @Test
    void read_folderInAJar_isRead() throws IOException {
        URI jar = URI.create("jar:" + folder.resolve("mesh.jar").toUri());
        try (FileSystem files = FileSystems.newFileSystem(jar, Map.of("create", "true"))) {
            Path domain = Files.createDirectories(files.getPath("/demo/domains/a"));
            Files.writeString(
                    domain.resolve("orders.odcs.yaml"), contract("c1", "1.0.0", "", "{name: id, logicalType: string}"));
        }
        try (FileSystem files = FileSystems.newFileSystem(jar, Map.of())) {
            assertEquals(1, MeshReader.read(files.getPath("/demo")).products().size());
        }
    }

    private List<Fault> faults() {
        ProblemException exception = assertThrows(ProblemException.class, () -> MeshReader.read(folder));
        return ((InvalidContract) exception.problem())
                .faults().stream()
                        .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                        .toList();
    }

    private void write(String name, String text) throws IOException {
        Path file = folder.resolve("domains").resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private static String contract(String id, String version, String more, String... properties) {
        return """
                apiVersion: v3.1.0
                kind: DataContract
                id: %s
                version: %s
                status: active
                %s
                schema:
                  - name: t
                    physicalName: topic.v1
                    properties: [%s]
                """.formatted(id, version, more, String.join(", ", properties));
    }

    private static String descriptor(String outputPorts) {
        return "{apiVersion: v1.0.0, kind: DataProduct, id: p1, status: active, outputPorts: " + outputPorts + "}";
    }
}
