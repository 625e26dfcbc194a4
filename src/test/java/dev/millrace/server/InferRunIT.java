package dev.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.contract.ContractReader;
import dev.millrace.ingest.TestKafka;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.GroupListing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InferRunIT {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void run_file_writesADraftNamedLikeItAndKeepsWhatExists() throws IOException {
        Path file =
                Files.writeString(folder.resolve("My Orders.v1.ndjson"), "{\"a\":1}\nx\n{\"a\":2}\n{\"a\":\"b\"}\n");
        String output = folder.resolve("orders.odcs.yaml").toString();

        assertEquals(ExitCode.FINE, run("", file.toString(), "--records", "3", "--output", output));
        assertEquals(ExitCode.CANNOT_START, run("", file.toString(), "--records=3", "--output", output));

        assertEquals("", out.toString(UTF_8));
        assertTrue(
                err.toString(UTF_8).startsWith("millrace: drafted from 3 records, 1 of them refused"), err::toString);
        assertEquals("my-orders-v1", ContractReader.read(Path.of(output)).name());
    }

    @Test
    void run_standardInput_writesToStandardOutput() {
        assertEquals(ExitCode.FINE, run("[{\"a\":1}]", "-", "--domain=d", "--name=n"));
        assertEquals(
                "urn:millrace:d:n",
                ContractReader.read("out", out.toString(UTF_8)).id());
    }

    @Test
    void run_nothingReadable_saysWhy() {
        assertEquals(ExitCode.ANSWER_IS_NO, run("x\n[1]\n", "-"));
        assertEquals(ExitCode.ANSWER_IS_NO, run("", "-"));
        assertEquals(ExitCode.ANSWER_IS_NO, run("{\"a\":null}", "-"));
        assertEquals(ExitCode.CANNOT_START, run("", folder.resolve("none").toString()));
        List<String> lines = err.toString(UTF_8).lines().toList();
        assertEquals("millrace: no contract can be drafted: no record can be read: not a JSON object", lines.get(0));
        assertEquals("millrace: no contract can be drafted: there is no record", lines.get(1));
        assertEquals("millrace: no contract can be drafted: no field of the records can be a column", lines.get(2));
        assertTrue(lines.get(3).contains("none"), lines.get(3));
    }

    @Test
    void run_neitherOrBoth_isWrongUse() {
        assertEquals(ExitCode.WRONG_USE, run(""));
        assertEquals(ExitCode.WRONG_USE, run("", "file", "--topic", "t"));
        assertEquals(ExitCode.WRONG_USE, Main.run(List.of("contract"), print(out), print(err)));
        assertEquals(ExitCode.WRONG_USE, Main.run(List.of("contract", "draw"), print(out), print(err)));
    }

    @Test
    void run_topic_readsItsFirstRecordsAndLeavesNoGroup() throws Exception {
        String topic = TestKafka.topic(2);
        TestKafka.send(topic, 0, "k", null);
        TestKafka.sendAll(topic, 0, List.of("{\"a\":1}", "{\"a\":2}"));
        TestKafka.sendAll(topic, 1, List.of("{\"a\":3}"));
        Set<String> groups = groups();
        String servers = TestKafka.bootstrapServers();

        assertEquals(ExitCode.FINE, run("", "--topic", topic, "--bootstrap-servers", servers));
        assertTrue(out.toString(UTF_8).contains("in 3 of 3; from 1 to 3"), out::toString);
        assertTrue(out.toString(UTF_8).contains("refuse 1 of them, without a value"), out::toString);
        assertEquals(
                topic,
                ContractReader.read("out", out.toString(UTF_8))
                        .objects()
                        .getFirst()
                        .physicalName());
        assertEquals(groups, groups());

        assertEquals(ExitCode.CANNOT_START, run("", "--topic", topic + "x", "--bootstrap-servers", servers));
        assertTrue(err.toString(UTF_8).contains("There is no topic '" + topic + "x'."), err::toString);
    }

    private static Set<String> groups() throws Exception {
        return TestKafka.admin().listGroups().all().get().stream()
                .map(GroupListing::groupId)
                .collect(Collectors.toSet());
    }

    private ExitCode run(String in, String... arguments) {
        List<String> words = new java.util.ArrayList<>(List.of("contract", "infer"));
        words.addAll(List.of(arguments));
        return CommandLine.parse(words) instanceof Command.Infer infer
                ? new InferRun(infer, new ByteArrayInputStream(in.getBytes(UTF_8)), print(out), print(err)).run()
                : Main.run(words, print(out), print(err));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, UTF_8);
    }
}
