package dev.millrace.contract.evolution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.contract.Contract;
import dev.millrace.contract.ContractReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvolutionTest {
    /** What stands for each property where a row says nothing else. */
    private static final String ID = "{name: id, logicalType: string, required: true, primaryKey: true}";

    /**
     * Rows: old properties; new properties; the rules of the changes; what the worst of them does to producers and to
     * consumers. {@code %} stands for nothing.
     */
    @ParameterizedTest(name = "[{index}] {0} -> {1}: {2}")
    @CsvSource(
            delimiter = ';',
            emptyValue = "",
            value = {
                // a property comes, goes, or has another name
                "{name: a, logicalType: string}; %; removed; BREAK; BREAK",
                "{name: a, logicalType: string}; {name: b, logicalType: string}; removed added; BREAK; BREAK",
                "{name: a, logicalType: string}; {name: b, physicalName: a, logicalType: string}; renamed; NONE; BREAK",
                "{name: a, logicalType: string}; {name: a, physicalName: b, logicalType: string}; renamed; BREAK; NONE",
                "%; {name: a, logicalType: string}; added; NONE; NONE",
                "%; {name: a, logicalType: string, required: true}; added; BREAK; NONE",
                "%; {name: a, logicalType: string, required: true, customProperties: [{property: millrace.default, value: x}]}; added; NONE; NONE",
                "{name: a, logicalType: string}|{name: b, logicalType: date}; {name: b, logicalType: date}|{name: a, logicalType: string}; order; NONE; WARNING",
                // types
                "{name: a, logicalType: string}; {name: a, logicalType: integer}; type; BREAK; BREAK",
                "{name: a, logicalType: integer}; {name: a, logicalType: string}; type; BREAK; BREAK",
                "{name: a, logicalType: boolean}; {name: a, logicalType: integer}; type; BREAK; BREAK",
                "{name: a, logicalType: date}; {name: a, logicalType: timestamp}; type; BREAK; BREAK",
                "{name: a, logicalType: integer, physicalType: int}; {name: a, logicalType: integer, physicalType: bigint}; type; NONE; BREAK",
                "{name: a, logicalType: integer, physicalType: bigint}; {name: a, logicalType: integer, physicalType: int}; type; BREAK; WARNING",
                "{name: a, logicalType: integer, physicalType: uint8}; {name: a, logicalType: integer, physicalType: smallint}; type; NONE; BREAK",
                "{name: a, logicalType: integer, physicalType: uint64}; {name: a, logicalType: integer, physicalType: bigint}; type; BREAK; BREAK",
                "{name: a, logicalType: integer, physicalType: int}; {name: a, logicalType: number}; type; NONE; BREAK",
                "{name: a, logicalType: integer}; {name: a, logicalType: number}; type; BREAK; BREAK",
                "{name: a, logicalType: number}; {name: a, logicalType: integer}; type; BREAK; BREAK",
                "{name: a, logicalType: integer}; {name: a, logicalType: number, physicalType: 'decimal(21,2)'}; type; NONE; BREAK",
                "{name: a, logicalType: number, physicalType: real}; {name: a, logicalType: number}; type; NONE; BREAK",
                "{name: a, logicalType: number}; {name: a, logicalType: number, physicalType: real}; type; BREAK; WARNING",
                "{name: a, logicalType: number, physicalType: 'decimal(10,2)'}; {name: a, logicalType: number, physicalType: 'decimal(12,2)'}; type; NONE; BREAK",
                "{name: a, logicalType: number, physicalType: 'decimal(12,2)'}; {name: a, logicalType: number, physicalType: 'decimal(10,2)'}; type; BREAK; WARNING",
                "{name: a, logicalType: number, physicalType: 'decimal(12,2)'}; {name: a, logicalType: number, physicalType: 'decimal(12,3)'}; type; BREAK; BREAK",
                "{name: a, logicalType: timestamp, physicalType: timestamp(3)}; {name: a, logicalType: timestamp, physicalType: timestamp(6)}; type; BREAK; BREAK",
                "{name: a, logicalType: timestamp}; {name: a, logicalType: timestamp, logicalTypeOptions: {timezone: false}}; type; BREAK; BREAK",
                "{name: a, logicalType: timestamp, physicalType: timestamp(3)}; {name: a, logicalType: timestamp, physicalType: epoch_millis}; type; BREAK; NONE",
                "{name: a, logicalType: string}; {name: a, logicalType: string, logicalTypeOptions: {format: uuid}}; type; BREAK; BREAK",
                "{name: a, logicalType: string, physicalType: varchar}; {name: a, logicalType: string, physicalType: text}; %; NONE; NONE",
                // other names, defaults
                "{name: a, logicalType: string, customProperties: [{property: millrace.aliases, value: [b]}]}; {name: a, logicalType: string}; alias documentation; BREAK; NONE",
                "{name: a, physicalName: f, logicalType: string}; {name: a, physicalName: g, logicalType: string, customProperties: [{property: millrace.aliases, value: [f]}]}; documentation; NONE; NONE",
                "{name: a, logicalType: string, required: true, customProperties: [{property: millrace.default, value: x}]}; {name: a, logicalType: string, required: true}; default documentation; BREAK; NONE",
                "{name: a, logicalType: string, customProperties: [{property: millrace.default, value: x}]}; {name: a, logicalType: string}; default documentation; NONE; WARNING",
                "{name: a, logicalType: string, customProperties: [{property: millrace.default, value: x}]}; {name: a, logicalType: string, customProperties: [{property: millrace.default, value: y}]}; default documentation; NONE; WARNING",
                "{name: a, logicalType: date, logicalTypeOptions: {minimum: '2020-01-01'}}; {name: a, logicalType: date, logicalTypeOptions: {exclusiveMinimum: '2019-12-31'}}; %; NONE; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {format: i64}}; {name: a, logicalType: integer, physicalType: bigint}; %; NONE; NONE",
                // null, uniqueness, classification
                "{name: a, logicalType: string}; {name: a, logicalType: string, required: true}; required; BREAK; NONE",
                "{name: a, logicalType: string, required: true}; {name: a, logicalType: string}; required; NONE; BREAK",
                "{name: a, logicalType: string, unique: true}; {name: a, logicalType: string}; unique; NONE; BREAK",
                "{name: a, logicalType: string}; {name: a, logicalType: string, unique: true}; unique; BREAK; NONE",
                "{name: a, logicalType: string, classification: public}; {name: a, logicalType: string, classification: restricted}; classification; NONE; WARNING",
                // bounds
                "{name: a, logicalType: integer}; {name: a, logicalType: integer, logicalTypeOptions: {minimum: 1}}; minimum; BREAK; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {minimum: 1}}; {name: a, logicalType: integer}; minimum; NONE; WARNING",
                "{name: a, logicalType: integer, logicalTypeOptions: {minimum: 1}}; {name: a, logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 0}}; %; NONE; NONE",
                "{name: a, logicalType: number, logicalTypeOptions: {minimum: 0}}; {name: a, logicalType: number, logicalTypeOptions: {exclusiveMinimum: 0}}; minimum; BREAK; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {maximum: 9}}; {name: a, logicalType: integer, logicalTypeOptions: {maximum: 8}}; maximum; BREAK; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {maximum: 9}}; {name: a, logicalType: integer, logicalTypeOptions: {maximum: 10}}; maximum; NONE; WARNING",
                "{name: a, logicalType: date, logicalTypeOptions: {minimum: '2020-01-01'}}; {name: a, logicalType: date, logicalTypeOptions: {minimum: '2021-01-01'}}; minimum; BREAK; NONE",
                "{name: a, logicalType: string, logicalTypeOptions: {maxLength: 9}}; {name: a, logicalType: string, logicalTypeOptions: {maxLength: 8}}; maxLength; BREAK; NONE",
                "{name: a, logicalType: string, logicalTypeOptions: {maxLength: 9}}; {name: a, logicalType: string}; maxLength; NONE; WARNING",
                "{name: a, logicalType: string}; {name: a, logicalType: string, logicalTypeOptions: {minLength: 1}}; minLength; BREAK; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 10}}; {name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 5}}; multipleOf; NONE; WARNING",
                "{name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 5}}; {name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 10}}; multipleOf; BREAK; NONE",
                "{name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 5}}; {name: a, logicalType: integer, logicalTypeOptions: {multipleOf: 5.0}}; %; NONE; NONE",
                // patterns, formats, enums
                "{name: a, logicalType: string, logicalTypeOptions: {pattern: 'a'}}; {name: a, logicalType: string, logicalTypeOptions: {pattern: 'b'}}; pattern; WARNING; WARNING",
                "{name: a, logicalType: string}; {name: a, logicalType: string, logicalTypeOptions: {pattern: 'b'}}; pattern; BREAK; NONE",
                "{name: a, logicalType: string, logicalTypeOptions: {pattern: 'a'}}; {name: a, logicalType: string}; pattern; NONE; WARNING",
                "{name: a, logicalType: string}; {name: a, logicalType: string, logicalTypeOptions: {format: email}}; format; BREAK; NONE",
                "{name: a, logicalType: integer, enum: [1, 2]}; {name: a, logicalType: integer, enum: [1, 2, 3]}; enum; NONE; WARNING",
                "{name: a, logicalType: integer, enum: [1, 2]}; {name: a, logicalType: integer, enum: [1]}; enum; BREAK; NONE",
                "{name: a, logicalType: integer, enum: [1, 2]}; {name: a, logicalType: integer, enum: [1, 3]}; enum enum; BREAK; WARNING",
                "{name: a, logicalType: integer, enum: [1, 2]}; {name: a, logicalType: integer}; enum; NONE; WARNING",
                "{name: a, logicalType: integer}; {name: a, logicalType: integer, enum: [1]}; enum; BREAK; NONE",
                // nested objects and items
                "{name: a, logicalType: object, properties: [{name: b, logicalType: string}]}; {name: a, logicalType: object, properties: [{name: c, logicalType: string}]}; removed added; BREAK; BREAK",
                "{name: a, logicalType: object, properties: [{name: b, logicalType: string}]}; {name: a, logicalType: object, properties: [{name: b, logicalType: string, required: true}]}; required; BREAK; NONE",
                "{name: a, logicalType: object, properties: [{name: b, logicalType: string}]}; {name: a, logicalType: object, properties: [{name: b, logicalType: string}, {name: c, logicalType: string}]}; added; NONE; NONE",
                "{name: a, logicalType: array, items: {logicalType: string}}; {name: a, logicalType: array, items: {logicalType: integer}}; type; BREAK; BREAK",
                "{name: a, logicalType: array, items: {logicalType: string}}; {name: a, logicalType: array, items: {logicalType: string, logicalTypeOptions: {maxLength: 5}}}; maxLength; BREAK; NONE",
                "{name: a, logicalType: array, items: {logicalType: object, properties: [{name: b, logicalType: string}]}}; {name: a, logicalType: array, items: {logicalType: object, properties: [{name: b, logicalType: date}]}}; type; BREAK; BREAK",
                "{name: a, logicalType: array, items: {logicalType: string}, logicalTypeOptions: {maxItems: 3}}; {name: a, logicalType: array, items: {logicalType: string}, logicalTypeOptions: {maxItems: 2}}; maxItems; BREAK; NONE",
                "{name: a, logicalType: array, items: {logicalType: string}}; {name: a, logicalType: array, items: {logicalType: string}, logicalTypeOptions: {uniqueItems: true}}; uniqueItems; BREAK; NONE",
                // documentation
                "{name: a, logicalType: string, description: x}; {name: a, logicalType: string, description: y, tags: [z]}; documentation; NONE; NONE",
                "{name: a, logicalType: string, description: x}; {name: a, logicalType: string, description: x}; %; NONE; NONE",
                // quality
                "{name: a, logicalType: string, quality: [{metric: duplicateValues, mustBe: 0}]}; {name: a, logicalType: string}; quality; NONE; BREAK",
                "{name: a, logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}; {name: a, logicalType: string}; quality; NONE; WARNING",
                "{name: a, logicalType: string}; {name: a, logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}; quality; NONE; NONE",
                "{name: a, logicalType: string}; {name: a, logicalType: string, quality: [{type: custom, engine: cel, implementation: 'a != \"\"'}]}; quality; BREAK; NONE"
            })
    void between_twoProperties_saysWhomItBreaks(
            String before, String after, String rules, Change.Effect producer, Change.Effect consumer) {
        Evolution evolution = Evolution.between(contract("1.4.2", before), contract("2.0.0", after));

        assertEquals(
                rules.replace("%", ""),
                evolution.changes().stream().map(Change::rule).collect(Collectors.joining(" ")),
                () -> evolution.toString());
        assertEquals(producer, worst(evolution, true), () -> evolution.toString());
        assertEquals(consumer, worst(evolution, false), () -> evolution.toString());
    }

    /** Rows as above, of whole contracts: lines that are added to the file. */
    @ParameterizedTest(name = "[{index}] {0} -> {1}: {2}")
    @CsvSource(
            delimiter = ';',
            emptyValue = "",
            value = {
                "slaProperties: [{property: latency, value: 4, unit: h}]; slaProperties: [{property: latency, value: 1, unit: d}]; sla; NONE; BREAK",
                "slaProperties: [{property: latency, value: 4, unit: h}]; slaProperties: [{property: latency, value: 60, unit: m}]; sla; NONE; NONE",
                "slaProperties: [{property: latency, value: 60, unit: m}]; slaProperties: [{property: latency, value: 1, unit: h}]; %; NONE; NONE",
                "slaProperties: [{property: retention, value: 3, unit: y}]; slaProperties: [{property: retention, value: 2, unit: y}]; sla; NONE; BREAK",
                "slaProperties: [{property: availability, value: 99.9%}]; slaProperties: [{property: availability, value: 99%}]; sla; NONE; BREAK",
                "slaProperties: [{property: frequency, value: 1, unit: d}]; %; sla; NONE; BREAK",
                "%; slaProperties: [{property: frequency, value: 1, unit: d}]; sla; NONE; NONE",
                "slaProperties: [{property: support, value: office}]; slaProperties: [{property: support, value: always}]; sla; NONE; WARNING",
                "customProperties: [{property: millrace.mode, value: append}]; customProperties: [{property: millrace.mode, value: upsert}]; mode documentation; BREAK; BREAK",
                "customProperties: [{property: millrace.unknownFields, value: ignore}]; customProperties: [{property: millrace.unknownFields, value: reject}]; unknownFields documentation; BREAK; NONE",
                "servers: [{server: s, type: kafka, format: json}]; servers: [{server: s, type: kafka, format: avro}]; format documentation; BREAK; NONE",
                "servers: [{server: s, type: kafka}]; servers: [{server: s, type: kafka, format: JSON}]; documentation; NONE; NONE",
                "customProperties: [{property: millrace.format, value: json}]; customProperties: [{property: millrace.format, value: arrow}]; format documentation; BREAK; NONE",
                "status: active; status: deprecated; status; NONE; WARNING",
                "description: {purpose: x}; description: {purpose: y}; documentation; NONE; NONE",
                "id: a; id: b; id; NONE; BREAK"
            })
    void between_twoFiles_saysWhomItBreaks(
            String before, String after, String rules, Change.Effect producer, Change.Effect consumer) {
        Evolution evolution = Evolution.between(file(before), file(after));

        assertEquals(
                rules.replace("%", ""),
                evolution.changes().stream().map(Change::rule).collect(Collectors.joining(" ")),
                () -> evolution.toString());
        assertEquals(producer, worst(evolution, true), () -> evolution.toString());
        assertEquals(consumer, worst(evolution, false), () -> evolution.toString());
    }

    @Test
    void between_keyAndTopicChange_breaks() {
        Contract before = read("""
                apiVersion: v3.1.0
                kind: DataContract
                id: c
                version: 1.0.0
                status: active
                schema:
                  - name: t
                    properties:
                      - {name: a, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
                      - {name: b, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 2}
                """);
        Contract after = read(before.text()
                .replace("- name: t\n", "- name: t\n    physicalName: topic\n")
                .replace("primaryKeyPosition: 1", "primaryKeyPosition: 3"));

        assertEquals(
                List.of("topic", "key"),
                Evolution.between(before, after).changes().stream()
                        .map(Change::rule)
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({
        "1.4.2, MAJOR, 2.0.0, 2.0.0, true",
        "1.4.2, MAJOR, 2.0.0, 1.5.0, false",
        "v1.4.2, MINOR, v1.5.0, v1.5.0, true",
        "1.4.2, MINOR, 1.5.0, 1.4.9, false",
        "1.4.2, PATCH, 1.4.3, 1.4.3, true",
        "1.4.2, PATCH, 1.4.3, 1.4.2, false",
        "3, MAJOR, 4.0.0, 4, true",
        "1.4.2, MAJOR, 2.0.0, next, true",
    })
    void askedVersion_followsTheLevel(String from, Change.Level level, String asked, String to, boolean enough) {
        var evolution = new Evolution(
                "c", from, to, List.of(new Change("", "", "", Change.Effect.NONE, Change.Effect.NONE, level)));

        assertEquals(Optional.of(asked), evolution.askedVersion());
        assertEquals(enough, evolution.versionIsEnough());
    }

    @Test
    void askedVersion_ofAWord_isEmpty() {
        assertTrue(new Evolution("c", "draft", "2", List.of()).askedVersion().isEmpty());
        assertTrue(new Evolution("c", "draft", "2", List.of()).versionIsEnough());
    }

    @Test
    void report_inEveryFormat_namesChangeAndVersion() throws Exception {
        List<Evolution> breaking = List.of(Evolution.between(
                contract("1.0.0", "{name: a, logicalType: string}"),
                contract("1.1.0", "{name: a, logicalType: integer, description: 'x|y'}")));

        String text = EvolutionReport.of(breaking, EvolutionReport.Format.TEXT);
        assertTrue(text.contains("BREAK") && text.contains("rows.a: The type changes from string to int64."), text);
        assertTrue(text.contains("Asks for version 2.0.0 or higher, the file says 1.1.0."), text);

        String markdown = EvolutionReport.of(breaking, EvolutionReport.Format.MARKDOWN);
        assertTrue(markdown.contains("| BREAK | break | break | `rows.a` |"), markdown);

        var json = new ObjectMapper()
                .readTree(EvolutionReport.of(breaking, EvolutionReport.Format.JSON))
                .at("/contracts/0");
        assertTrue(json.get("breaks").asBoolean());
        assertFalse(json.get("versionIsEnough").asBoolean());
        assertEquals("type", json.at("/changes/0/rule").asText());
    }

    private static Change.Effect worst(Evolution evolution, boolean producer) {
        return evolution.changes().stream()
                .map(change -> producer ? change.producer() : change.consumer())
                .max(Change.Effect::compareTo)
                .orElse(Change.Effect.NONE);
    }

    private static Contract contract(String version, String properties) {
        var text = new StringBuilder("""
                apiVersion: v3.1.0
                kind: DataContract
                id: c
                version: %s
                status: active
                schema:
                  - name: rows
                    properties:
                      - %s
                """.formatted(version, ID));
        for (String property : properties.split("\\|(?=\\{)")) {
            if (!property.equals("%")) {
                text.append("      - ").append(property).append('\n');
            }
        }
        return read(text.toString());
    }

    private static Contract file(String line) {
        String whole = """
                apiVersion: v3.1.0
                kind: DataContract
                version: 1.0.0
                schema:
                  - name: rows
                    properties: [%s]
                """.formatted(ID);
        whole += line.startsWith("id:") ? "" : "id: c\n";
        whole += line.startsWith("status:") ? "" : "status: active\n";
        return read(whole + (line.equals("%") ? "" : line) + "\n");
    }

    private static Contract read(String text) {
        return ContractReader.read("contract.odcs.yaml", text);
    }
}
