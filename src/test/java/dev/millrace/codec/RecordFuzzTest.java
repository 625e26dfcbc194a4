package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.UnknownFields;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.Test;

/**
 * Damaged records against a contract with every rule and against one of every type: each is a row or a violation,
 * wherever it lies, as {@link Placed} says. A slice of {@code ./millrace prove fuzz}.
 */
class RecordFuzzTest {
    private static final String RULED = """
            properties: [
              {name: id, logicalType: string, required: true, logicalTypeOptions: {minLength: 2, maxLength: 9, pattern: '^[a-z]{1,3}-'}},
              {name: word, logicalType: string, logicalTypeOptions: {pattern: '(a+)+b'}},
              {name: mail, logicalType: string, logicalTypeOptions: {format: email}},
              {name: host, logicalType: string, logicalTypeOptions: {format: hostname}},
              {name: ip, logicalType: string, logicalTypeOptions: {format: ipv4}},
              {name: ip6, logicalType: string, logicalTypeOptions: {format: ipv6}},
              {name: link, logicalType: string, logicalTypeOptions: {format: uri}},
              {name: pick, logicalType: string, enum: [EUR, USD]},
              {name: n, logicalType: integer, logicalTypeOptions: {minimum: -5, maximum: 99, multipleOf: 5}},
              {name: u, logicalType: integer, logicalTypeOptions: {format: u64, multipleOf: 3}},
              {name: d, logicalType: number, logicalTypeOptions: {multipleOf: 0.05}},
              {name: f, logicalType: number, physicalType: real, enum: [0.1, 2]},
              {name: money, logicalType: number, physicalType: 'decimal(30,2)', logicalTypeOptions: {multipleOf: 0.25, minimum: 0}},
              {name: day, logicalType: date, logicalTypeOptions: {minimum: '2000-01-01'}},
              {name: at, logicalType: timestamp, logicalTypeOptions: {minimum: '2000-01-01T00:00:00Z'}},
              {name: uid, logicalType: string, physicalType: uuid},
              {name: raw, logicalType: string, physicalType: bytea, enum: [AQID]},
              {name: tags, logicalType: array, items: {logicalType: string}, logicalTypeOptions: {uniqueItems: true, maxItems: 30}},
              {name: line, logicalType: object, properties: [{name: a, logicalType: integer, customProperties:
                [{property: millrace.default, value: 7}]}]}],
            quality: [{type: custom, engine: cel, name: c, implementation: "n == null || n >= 0 || tags.all(t, t.size() < 3)"},
              {type: custom, engine: cel, name: w, severity: warning, implementation: "line.a == 7 && link.startsWith('a')"}]""";

    private static final String GOOD = """
            {"id":"ab-1","word":"aaab","mail":"a.b@c.de","host":"a.b-c","ip":"1.2.3.4","ip6":"1::2:3.4.5.6","link":"a://[::1]/x?y#z",
            "pick":"EUR","n":15,"u":18446744073709551615,"d":0.35,"f":0.1,"money":12345678901234567890.25,"day":"2024-02-29",
            "at":"2024-02-29T12:34:56.123Z","uid":"123e4567-e89b-12d3-a456-426614174000","raw":"AQID",
            "tags":["a","b","é",null,"d","e","f","g","h","i","j","k","l","m","n","o","p","q"],"line":{"b":[{}]}}""";

    @Test
    void decode_damagedRecords_areRowsOrViolationsWhereverTheyLie() throws Exception {
        var mapper = new ObjectMapper();
        SchemaObject ruled = ContractRulesTest.object(RULED);
        assertEquals(List.of(), RecordRules.faults(ruled));
        int[] taken = {0, 0};
        try (var root = new RootAllocator();
                var writer = new BatchWriter(Layout.of(ArrowSchemas.of(ruled.properties())), root);
                var plain = new BatchWriter(Records.layout(RandomRecords.COLUMNS), root)) {
            writer.open(8);
            plain.open(8);
            var strict = new Placed(
                    JsonDecoder.of(
                            ruled,
                            List.of("id", "day"),
                            UnknownFields.IGNORE,
                            writer,
                            new JsonLimits(2000, 4, 30, 500)),
                    writer,
                    root);
            var loose = new Placed(Records.decoder(RandomRecords.COLUMNS, plain), plain, root);
            byte[] good = GOOD.getBytes(UTF_8);
            assertTrue(strict.isGood(good), () -> strict.outcome(good));
            Placed.fuzz((random, at) -> {
                for (int i = 0; i < 100; i++) {
                    boolean any = i % 4 == 0;
                    byte[] record = any ? mapper.writeValueAsBytes(RandomRecords.record(random)) : good;
                    byte[] json = RandomRecords.mutate(record, random);
                    at[0] = json;
                    Placed placed = any ? loose : strict;
                    taken[0] += (i % 9 == 0 ? placed.isKey(json) : placed.isGood(json)) ? 1 : 0;
                    taken[1]++;
                }
            });
        }
        assertTrue(taken[0] > 0 && taken[0] < taken[1], "of " + taken[1] + " records " + taken[0] + " were taken");
    }
}
