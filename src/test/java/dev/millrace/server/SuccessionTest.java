package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuccessionTest {
    @TempDir
    Path folder;

    @Test
    void of_changeOfAnotherObject_breaksNothing() throws IOException {
        ProductDefinition orders = product("orders", "string", "string");
        ProductDefinition lines = product("lines", "string", "string");
        ProductDefinition ordersThen = product("orders", "string", "integer");
        ProductDefinition linesThen = product("lines", "string", "integer");

        assertEquals(
                List.of(), Succession.of(orders, ordersThen, Optional.empty()).refusals());
        assertTrue(Succession.of(lines, linesThen, Optional.empty())
                .refusals()
                .toString()
                .contains("lines.id"));
    }

    private ProductDefinition product(String name, String orders, String lines) throws IOException {
        Path domain = Files.createDirectories(folder.resolve("domains/a"));
        Files.writeString(domain.resolve("shop.odcs.yaml"), """
                {apiVersion: v3.1.0, kind: DataContract, id: c, version: 1.0.0, status: active, schema: [
                  {name: orders, properties: [{name: id, logicalType: %s}]},
                  {name: lines, properties: [{name: id, logicalType: %s}]}]}
                """.formatted(orders, lines));
        return MeshReader.read(folder).product("a", name).orElseThrow();
    }
}
