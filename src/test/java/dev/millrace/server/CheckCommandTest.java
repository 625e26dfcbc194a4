package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.problem.Rule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {
    private static final String FINE = "src/test/resources/contracts/orders-v3.1.odcs.yaml";
    private static final String BROKEN = "src/test/resources/contracts/quality-multiple-operators-v3.2.odcs.yaml";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private ExitCode run(String... arguments) {
        return Main.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    @Test
    void check_files_endsWithTheAnswer() {
        assertEquals(ExitCode.FINE, run("check", FINE));
        assertEquals(ExitCode.ANSWER_IS_NO, run("check", FINE, BROKEN));
        assertEquals(ExitCode.ANSWER_IS_NO, run("check", "no such file"));
        assertEquals(ExitCode.WRONG_USE, run("check"));
        assertEquals(ExitCode.WRONG_USE, run("check", FINE, "--format", "xml"));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("text, json, sarif"));
    }

    @Test
    void check_text_givesALineEachAndTheCounts() {
        run("check", BROKEN);
        assertEquals(
                BROKEN + ":17:13: error: schema[0].properties[0].quality[0]: The keys mustBe and mustNotBe exclude each"
                        + " other. Keep one of them. [schema]\n1 files, 1 errors, 0 warnings\n",
                out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void check_controlCharacters_doNotReachTheTerminal(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("a.odcs.yaml"), "\"\\e[2J\": 1\n");
        run("check", file.toString());
        assertTrue(out.toString(StandardCharsets.UTF_8).chars().noneMatch(c -> c == 27));
    }

    @Test
    void check_json_givesEveryFault() throws IOException {
        run("check", BROKEN, "--format=json");
        JsonNode report = new ObjectMapper().readTree(out.toByteArray());
        assertEquals(1, report.get("errors").intValue());
        assertEquals(17, report.at("/faults/0/line").intValue());
        assertEquals("schema", report.at("/faults/0/rule").textValue());
    }

    @Test
    void check_sarif_isWhatCodeScanningTakes() throws IOException {
        run("check", BROKEN, "--format", "sarif");
        JsonNode report = new ObjectMapper().readTree(out.toByteArray());
        assertEquals("2.1.0", report.get("version").textValue());
        JsonNode run = report.at("/runs/0");
        JsonNode result = run.at("/results/0");
        assertEquals(Rule.values().length, run.at("/tool/driver/rules").size());
        assertEquals(
                result.get("ruleId"),
                run.at("/tool/driver/rules/" + result.get("ruleIndex").intValue() + "/id"));
        assertEquals("error", result.get("level").textValue());
        assertEquals(
                BROKEN,
                result.at("/locations/0/physicalLocation/artifactLocation/uri").textValue());
        assertEquals(
                17, result.at("/locations/0/physicalLocation/region/startLine").intValue());
    }
}
