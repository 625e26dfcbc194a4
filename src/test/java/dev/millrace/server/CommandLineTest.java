package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    @Test
    void parse_demoAlone_hasTheDefaults() {
        assertEquals(new Command.Demo(8080, 8815, 8081, Path.of("millrace-data"), 200_000), parse("demo"));
    }

    @Test
    void parse_demoWithEveryOption_takesEach() {
        assertEquals(
                new Command.Demo(0, 65_535, 1, Path.of("/tmp/x y"), 7),
                parse(
                        "demo",
                        "--port=0",
                        "--flight-port",
                        "65535",
                        "--management-port",
                        "1",
                        "--data-dir",
                        "/tmp/x y",
                        "--records=7"));
    }

    @Test
    void parse_serve_takesItsFile() {
        assertEquals(new Command.Serve(Path.of("millrace.yaml")), parse("serve"));
        assertEquals(new Command.Serve(Path.of("a/b.yaml")), parse("serve", "--config", "a/b.yaml"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--port 65536",
                "--port -1",
                "--port x",
                "--port=",
                "--records 9223372036854775808",
                "--records 1e3",
                "--port",
                "--data-dir=",
                "--prot 1",
                "--port 1 --port 2",
                "extra"
            })
    void parse_wrongOption_isOneFaultThatNamesIt(String options) {
        String[] words = ("demo " + options).split(" ");
        Command.WrongUse wrong = assertInstanceOf(Command.WrongUse.class, parse(words));
        assertEquals(1, wrong.faults().size(), wrong.faults().toString());
        assertTrue(
                wrong.faults().getFirst().contains(words[1].replaceAll("=.*", "")),
                wrong.faults().toString());
    }

    @Test
    void parse_severalFaults_reportsAll() {
        Command.WrongUse wrong =
                assertInstanceOf(Command.WrongUse.class, parse("demo", "--port", "x", "--colour", "--records", "-1"));
        assertEquals(3, wrong.faults().size(), wrong.faults().toString());
    }

    @Test
    void run_helpVersionAndWrongUse_haveTheirExitCodes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertEquals(ExitCode.FINE, run(out, err, "--help"));
        assertEquals(CommandLine.USAGE, out.toString(StandardCharsets.UTF_8));
        assertEquals(ExitCode.FINE, run(out, err, "demo", "--help"));
        assertEquals(ExitCode.FINE, run(out, err, "--version"));
        assertEquals("", err.toString(StandardCharsets.UTF_8));
        assertEquals(ExitCode.WRONG_USE, run(out, err, "dmo"));
        assertTrue(err.toString(StandardCharsets.UTF_8).startsWith("millrace: there is no command 'dmo'"));
        assertEquals(ExitCode.WRONG_USE, run(out, err));
        assertEquals(ExitCode.WRONG_USE, run(out, err, "demo", "--port", "x"));
    }

    private static Command parse(String... arguments) {
        return CommandLine.parse(List.of(arguments));
    }

    private static ExitCode run(ByteArrayOutputStream out, ByteArrayOutputStream err, String... arguments) {
        return Main.run(
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }
}
