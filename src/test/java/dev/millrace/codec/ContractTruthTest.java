package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.check.ContractCheck;
import dev.millrace.problem.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@code check} says of a contract is what serving it does: a contract passes without a word if and only if it loads
 * without one, and then each record that its own text allows is a row.
 */
class ContractTruthTest {
    private static final int CONTRACTS = 150;
    private static final int RECORDS = 20;

    @TempDir
    Path folder;

    /**
     * A property as a contract writes it.
     *
     * @param said whether something is to be said of it
     * @param allowed values of records, in JSON
     * @param refused likewise
     */
    private record Column(String text, boolean said, List<String> allowed, List<String> refused) {}

    private static Column fine(String text, String allowed, String refused) {
        return new Column(text, false, values(allowed), values(refused));
    }

    private static Column said(String text) {
        return new Column(text, true, List.of(), List.of());
    }

    private static List<String> values(String line) {
        return line.isEmpty() ? List.of() : List.of(line.split(" +\\| +", -1));
    }

    static Stream<Column> columns() {
        return Stream.of(
                fine("logicalType: string, enum: [a, b]", "'a' | 'b' | null", "'c' | 1"),
                fine("logicalType: string, enum: [{value: a}, {value: b}]", "'a' | 'b'", "'c'"),
                fine("logicalType: integer, enum: [1, 2]", "1 | 2", "3"),
                fine("logicalType: string, logicalTypeOptions: {enum: [a, b]}", "'a'", "'c'"),
                fine("logicalType: vector, logicalTypeOptions: {dimensions: 2}", "[1, 2.5]", "[1] | [1, null]"),
                fine(
                        "logicalType: map, map: {key: {logicalType: string}, value: {logicalType: integer}}",
                        "{'x': 1} | {}",
                        "{'x': 'y'}"),
                fine(
                        "logicalType: number, logicalTypeOptions: {precision: 20, scale: 2}",
                        "123456789012345678.25",
                        "0.125"),
                fine("logicalType: integer, logicalTypeOptions: {precision: 25}", "1234567890123456789012345", "0.5"),
                fine("logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 3}", "4", "3"),
                fine("logicalType: integer, logicalTypeOptions: {minimum: 3, exclusiveMinimum: true}", "4", "3"),
                fine("physicalType: 'decimal(20,2)'", "123456789012345678.25", "0.125"),
                fine("physicalType: varchar(3)", "'abc' | ''", "1"),
                fine("logicalType: timestamp, physicalType: epoch_seconds", "1700000000.5 | 0", "'2020-01-01'"),
                fine("logicalType: timestamp, physicalType: epoch_millis", "1700000000000", "0.5"),
                fine("logicalType: timestamp, physicalType: epoch_micros", "1700000000000001", "0.5"),
                fine("logicalType: timestamp, physicalType: epoch_nanos", "1700000000000000001", "0.5"),
                fine("logicalType: date, physicalType: epoch_days", "19000 | -1", "0.5 | 9999999"),
                fine(
                        "logicalType: date, physicalType: epoch_days, logicalTypeOptions: {minimum: '1970-01-02'}",
                        "1",
                        "0"),
                fine(
                        "logicalType: timestamp, physicalType: epoch_micros, logicalTypeOptions: {minimum: 1000}",
                        "1000",
                        "999"),
                fine(
                        "logicalType: timestamp, physicalType: epoch_millis, logicalTypeOptions: {maximum: '1970-01-01'}",
                        "0",
                        "1"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {format: \"yyyy-MM-dd HH:mm:ss,SSS\"}",
                        "'2020-01-02 03:04:05,678'",
                        "'02.01.2020'"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {format: \"yyyy-MM-dd'T'HH:mm:ssVV\"}",
                        "'2020-01-02T03:04:05Europe/Berlin' | '2020-01-02T03:04:05Z'",
                        "'2020-01-02T03:04:05Mars/Base'"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {format: \"yyyy-MM-dd HH:mm:ss Z\"}",
                        "'2020-01-02 03:04:05 +0100'",
                        "'2020-01-02 03:04:05 +9900'"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {format: yyyy-MM-dd}",
                        "'2020-01-02' | '2020-01-02T03:04:05Z'",
                        "'2020-01'"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {timezone: true, defaultTimezone: Europe/Berlin}",
                        "'2020-07-01T00:00:00' | '2020-07-01T00:00:00Z'",
                        "'2020-07-01'"),
                fine(
                        "logicalType: timestamp, logicalTypeOptions: {timezone: false}",
                        "'2020-07-01T00:00:00'",
                        "'2020-07-01T00:00:00Z'"),
                fine("logicalType: timestamp", "'2020-07-01T00:00:00' | '2020-07-01 00:00:00.5+02'", "7"),
                fine("logicalType: time, logicalTypeOptions: {format: 'HH:mm'}", "'12:34'", "'24:00'"),
                fine("logicalType: date, logicalTypeOptions: {format: yyyy-MM-dd}", "'2020-01-02'", "'2020-1-2'"),
                fine(
                        "logicalType: string, logicalTypeOptions: {format: uuid}",
                        "'123e4567-e89b-12d3-a456-426614174000'",
                        "'1'"),
                fine(
                        "logicalType: object, properties: [{name: x, logicalType: array, items: {logicalType: string}}]",
                        "{'x': ['a', null]} | {}",
                        "[]"),
                said("logicalType: string, encryptedName: secret"),
                said("logicalType: string, required: true, logicalTypeOptions: {format: phone}"),
                said("logicalType: number, physicalType: numeric"),
                said("logicalType: timestamp, physicalType: epoch_minutes"),
                said("logicalType: timestamp, logicalTypeOptions: {format: MM/dd/yyyy}"),
                said("logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Mars/Base}"),
                said("logicalType: date, logicalTypeOptions: {format: \"yyyy-MM-dd'T'HH:mm\"}"),
                said("logicalType: time, logicalTypeOptions: {timezone: true}"),
                said("logicalType: string, primaryKey: true"),
                said("logicalType: object"),
                said("logicalType: map"),
                said("logicalType: vector"),
                said("logicalType: integer, logicalTypeOptions: {minLength: 3}"),
                said(
                        "logicalType: object, primaryKey: true, required: true, properties: [{name: x, logicalType: string}]"),
                said("logicalType: string, nmae: x"),
                said("physicalType: geometry"));
    }

    @ParameterizedTest
    @MethodSource("columns")
    void column_alone_isServedAsCheckSays(Column column) throws IOException {
        for (String version : List.of("v3.0.2", "v3.1.0", "v3.2.0")) {
            hold(contract(version, List.of(column)), List.of(column), version);
        }
    }

    @Test
    void contract_ofAnyColumns_isServedAsCheckSays() throws IOException {
        long seed = Long.getLong("millrace.seed", System.nanoTime());
        Random random = new Random(seed);
        List<Column> all = columns().toList();
        for (int i = 0; i < CONTRACTS; i++) {
            List<Column> some = new ArrayList<>();
            for (int n = 1 + random.nextInt(5); n > 0; n--) {
                Column column = all.get(random.nextInt(all.size()));
                if (!column.said() || random.nextInt(4) == 0) {
                    some.add(column);
                }
            }
            String version = List.of("v3.0.2", "v3.1.0", "v3.2.0").get(random.nextInt(3));
            hold(contract(version, some), some, "-Dmillrace.seed=" + seed);
        }
    }

    private static String contract(String version, List<Column> columns) {
        StringBuilder text = new StringBuilder("{apiVersion: " + version
                + ", kind: DataContract, id: t, version: 1.0.0, status: active, schema: [{name: t, properties: [\n");
        for (int i = 0; i < columns.size(); i++) {
            text.append("  {name: c")
                    .append(i)
                    .append(", ")
                    .append(columns.get(i).text())
                    .append("},\n");
        }
        return text.append("]}]}\n").toString();
    }

    private void hold(String text, List<Column> columns, String hint) throws IOException {
        Path file = Files.createDirectories(folder.resolve("domains/d")).resolve("t.odcs.yaml");
        Files.writeString(file, text);
        List<Fault> check = ContractCheck.check(List.of(file), RecordRules::faults, mesh -> List.of())
                .faults();
        Mesh mesh = MeshReader.readSound(folder);
        boolean silent = mesh.broken().isEmpty() && mesh.warnings().isEmpty();

        String context = hint + "\n" + text + check + "\n" + mesh.warnings() + mesh.broken();
        assertEquals(check.isEmpty(), silent, context);
        assertEquals(!columns.isEmpty() && columns.stream().noneMatch(Column::said), silent, context);
        if (silent) {
            serve(mesh.product("d", "t").orElseThrow(), columns, context);
        }
    }

    private static void serve(ProductDefinition product, List<Column> columns, String context) {
        Random random = new Random(columns.size());
        try (var root = new RootAllocator();
                var writer = new BatchWriter(Layout.of(ArrowSchemas.of(product.object())), root)) {
            JsonDecoder decoder = JsonDecoder.of(product, writer, JsonLimits.DEFAULT);
            writer.open(1);
            for (int i = 0; i < RECORDS; i++) {
                List<String> values = new ArrayList<>(columns.stream()
                        .map(column -> pick(column.allowed(), random))
                        .toList());
                assertTrue(decode(decoder, writer, values), () -> values + " " + decoder.violation() + context);
                int broken = random.nextInt(columns.size());
                values.set(broken, pick(columns.get(broken).refused(), random));
                assertTrue(!decode(decoder, writer, values), () -> values + " is taken; " + context);
            }
        }
    }

    private static String pick(List<String> values, Random random) {
        return values.get(random.nextInt(values.size())).replace('\'', '"');
    }

    private static boolean decode(JsonDecoder decoder, BatchWriter writer, List<String> values) {
        StringBuilder json = new StringBuilder("{");
        for (int i = 0; i < values.size(); i++) {
            json.append(i > 0 ? "," : "").append("\"c").append(i).append("\":").append(values.get(i));
        }
        byte[] bytes = json.append("}").toString().getBytes(UTF_8);
        writer.truncate(0);
        return decoder.decode(bytes, 0, bytes.length);
    }
}
