package dev.millrace.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.TestKafka;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchMainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    @Test
    void run_unknownName_saysHowToUseAndExits2() throws Exception {
        assertEquals(2, run("ingset"));
        assertTrue(err.toString(UTF_8).contains("no benchmark 'ingset'"), err.toString(UTF_8));
        assertTrue(err.toString(UTF_8).contains("usage:"));
        assertEquals("", out.toString(UTF_8));
    }

    @Test
    void run_noName_exits2() throws Exception {
        assertEquals(2, run());
    }

    @Test
    void run_unknownOption_exits2() throws Exception {
        assertEquals(2, run("ingest", "--rows", "5"));
        assertTrue(err.toString(UTF_8).contains("--rows"));
    }

    @Test
    void run_numberBelowOne_exits2() throws Exception {
        assertEquals(2, run("ingest", "--records", "0", "--brokers", TestKafka.bootstrapServers()));
    }

    @Test
    void ingest_twoCases_printsAndWritesBothWithTheirRatio() throws Exception {
        Path json = folder.resolve("ingest.json");
        int code = run(
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
                json.toString());
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

    @Test
    void print_goalsAndMissingPeers_areNamed() {
        var report = new Report(
                "http",
                "a setting",
                2,
                List.of(
                        new Series("a", "time", "ns", List.of(3.0, 1.0, 2.0)),
                        new Series("b", "time", "ns", List.of(4.0, 6.0))),
                List.of(
                        new Ratio("low", 1.5, 1.5, Ratio.Better.LOWER),
                        new Ratio("lower", 1.51, 1.5, Ratio.Better.LOWER),
                        new Ratio("high", 3, 3, Ratio.Better.HIGHER),
                        new Ratio("higher", 2.99, 3, Ratio.Better.HIGHER)),
                List.of("nginx is not installed"));
        report.print(new PrintStream(out, true, UTF_8));
        List<String> lines = out.toString(UTF_8).lines().toList();
        assertEquals("bench http on 2 cores: a setting", lines.getFirst());
        assertTrue(lines.get(3).contains(" 2.00 ") && lines.get(3).endsWith("1.00 - 3.00 of 3"), lines.get(3));
        assertTrue(lines.get(4).contains(" 5.00 ") && lines.get(4).endsWith("4.00 - 6.00 of 2"), lines.get(4));
        assertEquals(
                List.of("met", "MISSED", "met", "MISSED"),
                lines.subList(6, 10).stream()
                        .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                        .toList());
        assertEquals("missing: nginx is not installed", lines.getLast());
    }

    private int run(String... arguments) throws IOException, InterruptedException {
        return BenchMain.run(arguments, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }
}
