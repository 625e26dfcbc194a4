package dev.millrace.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A benchmark from its command line to both of its reports, on a real broker. */
class BenchMainIT {
    @TempDir
    private Path folder;

    @Test
    void ingest_twoCases_printsAndWritesBothWithTheirRatio() throws Exception {
        Path json = folder.resolve("ingest.json");
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        String[] arguments = {
            "ingest",
            "--records",
            "2000",
            "--rounds",
            "1",
            "--warmup",
            "1",
            "--cases",
            "raw poll;Millrace by key",
            "--brokers",
            TestKafka.bootstrapServers(),
            "--json",
            json.toString()
        };
        int code = BenchMain.run(
                "bench",
                BenchMain.BENCHES,
                0,
                arguments,
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8));
        assertEquals(0, code, err.toString(UTF_8));
        String printed = out.toString(UTF_8);
        assertTrue(printed.contains(" cores: 2,000 JSON orders of 118 bytes"), printed);
        assertTrue(printed.contains("Millrace by key / raw poll, CPU per record"), printed);

        JsonNode report = new ObjectMapper().readTree(Files.readString(json));
        assertEquals("ingest", report.get("bench").asText());
        assertEquals(
                Runtime.getRuntime().availableProcessors(), report.get("cores").asInt());
        assertEquals(
                List.of("raw poll", "Millrace by key", "raw poll", "Millrace by key"),
                StreamSupport.stream(report.get("results").spliterator(), false)
                        .map(result -> result.get("case").asText())
                        .toList());
        report.get("results").forEach(result -> {
            assertEquals("ns", result.get("unit").asText());
            assertTrue(result.get("value").isNumber());
            assertFalse(result.get("metric").asText().isEmpty());
        });
        JsonNode ratio = report.get("ratios").get(0);
        assertEquals(1, report.get("ratios").size());
        assertEquals(1.5, ratio.get("goal").asDouble());
        assertEquals("lower", ratio.get("better").asText());
        assertTrue(ratio.get("value").asDouble() > 0);
    }
}
