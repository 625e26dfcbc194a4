package dev.millrace.contract.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;

/** A draft taken up as the server would, and the records that it was drafted from decoded by it. */
record Served(String text, ProductDefinition product) {
    static final ContractDraft.Origin ORIGIN = new ContractDraft.Origin("a \"test\"\n#", "things", "lab", "", "");

    /** The draft's product; any fault or warning of the mesh fails the test. */
    static Served of(Path folder, List<byte[]> records) {
        Sample sample = new Sample();
        records.forEach(sample::add);
        String text = ContractDraft.of(sample, ORIGIN).orElseThrow();
        return new Served(text, product(folder, text));
    }

    static ProductDefinition product(Path folder, String text) {
        try {
            Path domain = Files.createDirectories(folder.resolve("domains/lab"));
            Files.writeString(domain.resolve("things.odcs.yaml"), text);
            Mesh mesh = MeshReader.read(folder);
            assertEquals(List.of(), mesh.warnings());
            return mesh.product("lab", "things").orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a server would refuse of the records, each with its violation, but for those that a sample refuses. */
    List<String> deadLetters(List<byte[]> records) {
        List<String> refused = new ArrayList<>();
        try (var root = new RootAllocator();
                var writer = new BatchWriter(Layout.of(ArrowSchemas.of(product.object())), root)) {
            JsonDecoder decoder = JsonDecoder.of(product, writer, JsonLimits.DEFAULT);
            writer.open(1);
            for (byte[] json : records) {
                Sample alone = new Sample();
                alone.add(json);
                writer.truncate(0);
                if (decoder.decode(json, 0, json.length)) {
                    writer.endRow();
                } else if (alone.refused() == 0) {
                    refused.add(decoder.violation() + " " + new String(json, 0, Math.min(200, json.length), UTF_8));
                }
            }
        }
        return refused;
    }

    static List<byte[]> bytes(String... records) {
        return Arrays.stream(records).map(record -> record.getBytes(UTF_8)).toList();
    }
}
