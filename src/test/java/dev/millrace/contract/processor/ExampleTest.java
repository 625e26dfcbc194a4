package dev.millrace.contract.processor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.codec.RecordRules;
import dev.millrace.contract.check.ContractCheck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example's own sources, compiled with the processor; {@code .ci/run} builds it with Maven as a user does. */
class ExampleTest {
    private static final Path EXAMPLE = Path.of("examples/orders");

    @Test
    void contract_ofExample_isTheCommittedOne(@TempDir Path folder) throws IOException {
        Compiled compiled = compile(folder);
        assertEquals(
                Files.readString(EXAMPLE.resolve("contracts/orders.odcs.yaml")),
                compiled.text("META-INF/millrace/orders/orders.odcs.yaml"));
    }

    @Test
    void contract_ofExample_passesTheStrictCheck() {
        assertEquals(
                List.of(),
                ContractCheck.check(
                                List.of(EXAMPLE.resolve("contracts/orders.odcs.yaml")),
                                RecordRules::faults,
                                mesh -> List.of())
                        .faults());
    }

    @Test
    void main_ofExample_readsWhatItWrote(@TempDir Path folder) throws Exception {
        Compiled compiled = compile(folder);
        try (var classes = compiled.classes()) {
            classes.loadClass("com.acme.orders.Main")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        }
    }

    private static Compiled compile(Path folder) throws IOException {
        Compiled compiled = Compiled.of(
                folder, sources(EXAMPLE.resolve("src/main/java")), "-Amillrace.contracts=" + EXAMPLE + "/contracts");
        assertEquals("[]", compiled.diagnostics().toString());
        return compiled;
    }

    private static Map<String, String> sources(Path root) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sources.put(root.relativize(file).toString(), Files.readString(file));
            }
        }
        return sources;
    }
}
