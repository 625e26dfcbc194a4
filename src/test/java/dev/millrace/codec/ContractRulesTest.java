package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.Layout;
import dev.millrace.contract.ContractReader;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.UnknownFields;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;

/** Rules as a contract writes them, on records as they come: what each accepts and refuses. */
class ContractRulesTest {
    private static final String HEAD =
            "{apiVersion: v3.1.0, kind: DataContract, id: a, version: 1.0.0, status: active, schema: [{name: t, ";

    private final RootAllocator root = new RootAllocator();

    @AfterEach
    void allocator_afterEveryTest_hasNoLeak() {
        root.close();
    }

    static SchemaObject object(String rest) {
        return ContractReader.read("test", HEAD + rest + "}]}").objects().getFirst();
    }

    /** Columns: the property without its name; a value that is fine; one that is not; the rule that it breaks. */
    @ParameterizedTest
    @CsvFileSource(resources = "/codec/rules.csv", delimiter = '|', quoteCharacter = '`', numLinesToSkip = 1)
    void decode_ruledProperty_takesTheGoodAndNamesTheRuleOfTheBad(
            String property, String good, String bad, String rule) {
        SchemaObject object = object("properties: [{name: v, " + property + "}]");
        for (String value : good.split(" ; ")) {
            assertEquals("", decode(object, "{\"v\":" + value + "}"), value);
        }
        for (String value : bad.split(" ; ")) {
            assertEquals(rule, decode(object, "{\"v\":" + value + "}"), value);
        }
    }

    private String decode(SchemaObject object, String json) {
        try (var writer = new BatchWriter(Layout.of(ArrowSchemas.of(object.properties())), root)) {
            var decoder =
                    JsonDecoder.of(object.properties(), List.of(), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
            writer.open(8);
            byte[] bytes = json.getBytes(UTF_8);
            return decoder.decode(bytes, 0, bytes.length)
                    ? ""
                    : decoder.violation().rule();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "logicalType: string | abc | \"abc\"",
                "logicalType: integer | 42 | 42",
                "logicalType: number | 0.25 | 0.25",
                "logicalType: number, physicalType: real | 0.5 | 0.5",
                "logicalType: number, physicalType: 'decimal(30,2)' | 1.25 | 1.25",
                "logicalType: integer, logicalTypeOptions: {format: u64} | 18446744073709551615 | 18446744073709551615",
                "logicalType: boolean | true | true",
                "logicalType: date | 2024-02-29 | \"2024-02-29\"",
                "logicalType: timestamp | '2024-02-29T12:00:00Z' | \"2024-02-29T12:00:00Z\"",
                "logicalType: time | '12:34:56' | \"12:34:56\"",
                "logicalType: string, physicalType: bytea | AQID | \"AQID\"",
                "logicalType: string, physicalType: uuid | 123e4567-e89b-12d3-a456-426614174000"
                        + " | \"123e4567-e89b-12d3-a456-426614174000\"",
            })
    void decode_absentFieldWithDefault_isGivenIt(String type, String value, String expected) throws IOException {
        SchemaObject object = object("properties: [{name: v, " + type
                + ", customProperties: [{property: millrace.default, value: " + value + "}]}]");
        assertEquals(List.of(), RecordRules.faults(object));
        var mapper = new ObjectMapper();
        try (var writer = new BatchWriter(Layout.of(ArrowSchemas.of(object.properties())), root);
                var target = new ByteSink.ArrowTarget(root, 64)) {
            var decoder =
                    JsonDecoder.of(object.properties(), List.of(), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
            writer.open(8);
            for (String json : List.of("{}", "{\"v\":null}")) {
                assertTrue(decoder.decode(json.getBytes(UTF_8), 0, json.length()));
                writer.endRow();
            }
            var sink = new ByteSink(target);
            JsonEncoder.of(writer.layout().top(), false).row(writer.batch(), 0, sink);
            assertEquals(
                    mapper.readTree(expected), mapper.readTree(sink.toBytes()).get("v"));
            assertTrue(writer.batch().column(0).isNull(1));
        }
    }

    @Test
    void faults_defaultThatBreaksItsOwnRule_isNamedWithItsPlace() {
        var faults = RecordRules.faults(object("properties: [{name: v, logicalType: integer,"
                + " logicalTypeOptions: {maximum: 5},\n customProperties: [{property: millrace.default, value: 6}]}]"));
        assertEquals(1, faults.size());
        assertTrue(faults.getFirst().message().contains("maximum"), faults.toString());
        assertEquals(1, faults.getFirst().line());
    }
}
