package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.yaml.Faults;
import dev.millrace.contract.QualityRule.Check;
import dev.millrace.problem.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QualityRulesTest {
    private static List<QualityRule> read(String onProperty, String onObject, String levels, Faults faults) {
        Contract contract = ContractReader.read("q.yaml", """
                apiVersion: v3.1.0
                kind: DataContract
                id: q
                version: 1.0.0
                status: active
                slaProperties: %s
                schema:
                  - name: orders
                    quality: %s
                    properties:
                      - {name: state, logicalType: string, quality: %s}
                      - {name: at, logicalType: timestamp}
                """.formatted(levels, onObject, onProperty));
        return QualityRules.read(contract, contract.objects().getFirst(), faults);
    }

    @Test
    void read_everyKind_isTyped() {
        var faults = new Faults();
        List<QualityRule> rules = read("""
                [{metric: nullValues, mustBe: 0, unit: percent, severity: error},
                 {type: library, metric: missingValues, arguments: {missingValues: ['', null, 7]}, mustBeLessThan: 5},
                 {rule: validValues, validValues: [new, paid], mustBe: 0, name: states},
                 {metric: invalidValues, arguments: {pattern: '^[a-z]+$'}, mustBeLessOrEqualTo: 1, unit: percent},
                 {rule: nullCheck}]""", """
                [{rule: duplicateCount, arguments: {properties: [state, at]}, mustBeBetween: [0, 10]},
                 {metric: rowCount, mustBeGreaterThan: 1, customProperties: [{property: millrace.onBroken, value: stop},
                   {property: millrace.minimumRows, value: 5}]},
                 {type: sql, query: select 1, mustBe: 1}, {type: text, description: be good},
                 {type: custom, engine: cel, implementation: 'state != ""'}]""", """
                [{property: latency, value: 4, unit: d, element: orders.at}, {property: retention, value: 3, unit: y},
                 {property: freshness, value: 500ms, element: at}, {property: frequency, value: 24, unit: hours}]""", faults);
        assertEquals(List.of(), faults.all());
        assertEquals(
                List.of(
                        "rowCount-less duplicateValues",
                        "rowCount",
                        "sql",
                        "text",
                        "custom",
                        "state.nullValues",
                        "state.missingValues",
                        "states",
                        "state.invalidValues",
                        "state.nullValues-2",
                        "sla.latency",
                        "sla.freshness",
                        "sla.frequency"),
                rules.stream()
                        .map(QualityRule::key)
                        .map(key -> key.equals("duplicateValues") ? "rowCount-less " + key : key)
                        .toList());
        assertEquals(new Check.Duplicates(List.of("state", "at")), rules.get(0).check());
        assertTrue(rules.get(1).stops());
        assertEquals(5, rules.get(1).minimumRows());
        assertInstanceOf(Check.NotOnTheStream.class, rules.get(2).check());
        assertTrue(rules.get(5).stops());
        assertEquals(1_000, rules.get(5).minimumRows());
        assertEquals(
                new Check.Missing("state", List.of("", "7"), true), rules.get(6).check());
        assertEquals(
                new Check.Invalid("state", List.of("new", "paid"), Optional.empty()),
                rules.get(7).check());
        assertEquals("[mustBe 0]", rules.get(9).thresholds().toString());
        assertEquals(
                new Check.ServiceLevel(QualityRule.Level.LATENCY, "at", Duration.ofDays(4)),
                rules.get(10).check());
        assertInstanceOf(Check.NotOnTheStream.class, rules.get(12).check());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            {metric: nulValues, mustBe: 0}                                  | 'nulValues' is no metric. Did you mean 'nullValues'?
            {metric: zebra, mustBe: 0}                                      | Expected one of nullValues, missingValues, invalidValues, duplicateValues, rowCount.
            {mustBe: 0}                                                     | A library rule needs its metric.
            {type: libary, metric: nullValues, mustBe: 0}                   | Expected library, sql, text or custom.
            {metric: nullValues}                                            | The rule has no operator. Expected one of mustBe,
            {metric: nullValues, mustBeLess: 3}                             | 'mustBeLess' is no operator. Did you mean 'mustBe
            {metric: nullValues, mustBe: few}                               | Expected a number, found 'few'.
            {metric: nullValues, mustBeBetween: [3]}                        | Expected a list of two numbers, the lower one first
            {metric: nullValues, mustBeBetween: [3, 2]}                     | Expected a list of two numbers, the lower one first
            {metric: nullValues, mustBe: 0, unit: apples}                   | Expected the unit rows or percent, found 'apples'.
            {metric: rowCount, mustBe: 0}                                   | write it under its 'quality'
            {metric: missingValues, mustBe: 0}                              | needs arguments.missingValues
            {metric: invalidValues, mustBe: 0}                              | needs arguments.validValues, a list, or arguments.pattern
            {metric: invalidValues, arguments: {pattern: '['}, mustBe: 0}   | The pattern does not compile
            {metric: invalidValues, arguments: {validValues: x}, mustBe: 0} | Expected a list of values, found 'x'.
            {metric: duplicateValues, arguments: {properties: [stat]}, mustBe: 0} | There is no property 'stat'; the nearest is 'state'.
            """)
    void read_brokenRule_namesPlaceAndWhatWouldBeRight(String rule, String message) {
        var faults = new Faults();
        List<QualityRule> rules = read("[" + rule.strip() + "]", "[]", "[]", faults);
        assertInstanceOf(Check.NotOnTheStream.class, rules.getFirst().check());
        Fault fault = faults.all().getFirst();
        assertTrue(fault.message().contains(message.strip()), fault.message());
        assertEquals("q.yaml", fault.file());
        assertTrue(fault.path().startsWith("schema[0].properties[0].quality[0]"), fault.path());
    }

    @Test
    void read_metricOfAPropertyOnTheObject_andBrokenLevel_areFaults() {
        var faults = new Faults();
        read(
                "[]",
                "[{metric: nullValues, mustBe: 0}, {metric: duplicateValues, mustBe: 0}, {metric: rowCount, mustBe: 1, unit: percent}]",
                "[{property: latency, value: soon, element: at}]",
                faults);
        assertEquals(4, faults.errors());
    }
}
