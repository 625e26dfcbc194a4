package dev.millrace.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchMainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void run_unknownName_saysHowToUseAndExits2() throws Exception {
        assertEquals(2, run("ingset"));
        assertTrue(err.toString(UTF_8).contains("no 'bench ingset'"), err.toString(UTF_8));
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
        assertEquals(2, run("ingest", "--records", "0", "--brokers", "127.0.0.1:1"));
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
        report.print("bench", new PrintStream(out, true, UTF_8));
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
        return BenchMain.run(
                "bench",
                BenchMain.BENCHES,
                0,
                arguments,
                new PrintStream(out, true, UTF_8),
                new PrintStream(err, true, UTF_8));
    }
}
