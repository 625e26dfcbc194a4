package dev.millrace.documents;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeaningTest {
    @TempDir
    private Path folder;

    private ProductDefinition definition(String more, String properties) throws Exception {
        Path domain = Files.createDirectories(folder.resolve("domains/sales"));
        Files.writeString(domain.resolve("orders.odcs.yaml"), """
                apiVersion: v3.1.0
                kind: DataContract
                id: orders
                name: orders
                version: 1.0.0
                status: active
                %s
                schema:
                  - name: orders
                    properties:
                %s
                """.formatted(more, properties.indent(6)));
        return MeshReader.read(folder).product("sales", "orders").orElseThrow();
    }

    @Test
    void column_hasWhatTheContractSaysOfIt_inTheWordsOfJsonSchema() throws Exception {
        var meaning = Meaning.of(definition("", """
                - name: amount
                  businessName: Amount due
                  description: What is to be paid.
                  logicalType: number
                  physicalType: decimal(20,2)
                  classification: confidential
                  examples: [12.50, 99999999999999999.99]
                  customProperties:
                    - property: unit
                      value: EUR
                  logicalTypeOptions:
                    minimum: 0
                    exclusiveMaximum: 1000000
                - name: at
                  logicalType: timestamp
                  logicalTypeOptions:
                    minimum: '2001-01-01T00:00:00Z'
                """));

        assertEquals(
                new JsonObject("""
                        {"title":"Amount due","description":"What is to be paid.","x-classification":"confidential",
                         "examples":[12.50,99999999999999999.99],"x-unit":"EUR","minimum":0,"exclusiveMaximum":1000000}"""), new JsonObject(meaning.column("amount").encode()));
        assertEquals(new JsonObject(), meaning.column("at"), "JSON Schema has no bounds of texts");
        assertEquals(new JsonObject(), meaning.column("missing"));
    }

    @Test
    void product_hasTagsSupportAndServiceLevels_asTheyAreWritten() throws Exception {
        var meaning = Meaning.of(definition("""
                tags: [gold, "2"]
                support:
                  - channel: '#orders'
                    url: https://chat.example.com
                slaProperties:
                  - property: latency
                    value: 4
                    unit: d
                """, "- name: id\n  logicalType: string"));

        assertEquals(
                new JsonObject()
                        .put("tags", new JsonArray().add("gold").add("2"))
                        .put(
                                "support",
                                new JsonArray("[{\"channel\":\"#orders\",\"url\":\"https://chat.example.com\"}]"))
                        .put("serviceLevels", new JsonArray("[{\"property\":\"latency\",\"value\":4,\"unit\":\"d\"}]")),
                meaning.product());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{name: checkout, members: [{username: ann}]} | checkout",
                "[{username: ann, role: Data Engineer}, {username: bob, name: Bob, role: Owner}] | Bob",
                "[{username: ann}, {username: bob}] | ann, bob",
                "{members: [{username: ann, role: owner}]} | ann"
            })
    void owner_isTheTeam_orItsOwners_orAllOfIt(String team, String expected) throws Exception {
        var meaning = Meaning.of(definition("team: " + team, "- name: id\n  logicalType: string"));
        assertEquals(expected, meaning.product().getString("owner"));
    }
}
