package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffRunTest {
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: orders
            version: 1.0.0
            status: active
            schema:
              - name: orders
                properties:
                  - {name: id, logicalType: integer, required: true}
            """;

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void diff_ofBreakingChange_endsWithOne() throws IOException {
        Path before = write("before.odcs.yaml", CONTRACT);
        Path after = write("after.odcs.yaml", CONTRACT.replace("integer", "string"));

        assertEquals(ExitCode.ANSWER_IS_NO, run(before.toString(), after.toString()));
        assertTrue(text(out).contains("Breaks producers and consumers. Asks for version 2.0.0"), text(out));
    }

    @Test
    void diff_ofAddition_endsWithZero() throws IOException {
        Path before = write("before.odcs.yaml", CONTRACT);
        Path after = write("after.odcs.yaml", CONTRACT + "      - {name: note, logicalType: string}\n");

        assertEquals(ExitCode.FINE, run(before.toString(), after.toString(), "--format", "markdown"));
        assertTrue(text(out).contains("| new | - | - | `orders.note` |"), text(out));
    }

    @Test
    void diff_ofFolders_pairsByPathAndMissesTheRemoved() throws IOException {
        Path before = folder.resolve("old");
        write("old/domains/a/x.odcs.yaml", CONTRACT);
        write("old/domains/a/y.odcs.yaml", CONTRACT);
        Path after = folder.resolve("new");
        write("new/domains/a/x.odcs.yaml", CONTRACT);
        write("new/domains/a/z.odcs.yaml", CONTRACT);

        assertEquals(ExitCode.ANSWER_IS_NO, run(before.toString(), after.toString()));
        assertTrue(text(out).contains("orders: 1.0.0 -> 1.0.0"), text(out));
        assertTrue(text(err).contains("y.odcs.yaml is removed"), text(err));
        assertTrue(text(err).contains("z.odcs.yaml is new"), text(err));
    }

    @Test
    void diff_withWhatIsNoContract_saysSo() throws IOException {
        Path before = write("before.odcs.yaml", CONTRACT);
        Path broken = write("broken.odcs.yaml", "a: [");

        assertEquals(ExitCode.ANSWER_IS_NO, run(before.toString(), broken.toString()));
        assertTrue(text(err).contains("broken.odcs.yaml:1:"), text(err));
        assertEquals(
                ExitCode.WRONG_USE,
                run(before.toString(), folder.resolve("none").toString()));
        assertEquals(ExitCode.WRONG_USE, run(before.toString(), folder.toString()));
        assertEquals(ExitCode.WRONG_USE, run(before.toString()));
        assertEquals(ExitCode.WRONG_USE, run(before.toString(), before.toString(), "--format", "xml"));
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling("."));
        return Files.writeString(file, text);
    }

    private ExitCode run(String... arguments) {
        List<String> line = new ArrayList<>(List.of("diff"));
        line.addAll(List.of(arguments));
        return Main.run(line, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(UTF_8);
    }
}
