package dev.millrace.contract.infer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever the records are, the draft is a contract without a warning, and none of them is a dead letter under it. */
class ContractDraftProperties {
    private static final Path FOLDER = Path.of("target/drafts");

    @Property(tries = 300)
    void draft_anyRecords_servesThem(@ForAll("records") List<String> json) {
        List<byte[]> records = json.stream().map(text -> text.getBytes(UTF_8)).toList();
        Sample sample = new Sample();
        records.forEach(sample::add);
        ContractDraft.of(sample, Served.ORIGIN)
                .map(text -> new Served(text, Served.product(FOLDER, text)))
                .ifPresent(served -> assertEquals(List.of(), served.deadLetters(records), served::text));
    }

    @Provide
    Arbitrary<List<String>> records() {
        return object(value(3)).list().ofMinSize(1).ofMaxSize(30);
    }

    private static Arbitrary<String> value(int depth) {
        Arbitrary<String> scalar = Arbitraries.oneOf(
                Arbitraries.of(
                        "null",
                        "true",
                        "1",
                        "-7",
                        "1.5",
                        "1e3",
                        "1E-5",
                        "-0",
                        "0.10",
                        "123456789012345678901",
                        "1e400",
                        "0e-500",
                        "1517966773840",
                        "\"2024-02-29\"",
                        "\"2024-02-29T01:02:03Z\"",
                        "\"a@b.cd\"",
                        "\"1.2.3.4\"",
                        "\"http://a/b\"",
                        "\"\"",
                        "\"0b9ef0a2-2a4c-4b6e-8d53-6f9d3a0c1e2f\"",
                        "{}",
                        "[]"),
                Arbitraries.bigDecimals().map(Object::toString),
                Arbitraries.longs().map(Object::toString),
                Arbitraries.strings().ofMaxLength(8).map(ContractDraftProperties::quoted));
        return depth == 0
                ? scalar
                : Arbitraries.frequencyOf(
                        net.jqwik.api.Tuple.of(4, scalar),
                        net.jqwik.api.Tuple.of(1, object(Arbitraries.lazy(() -> value(depth - 1)))),
                        net.jqwik.api.Tuple.of(
                                1,
                                Arbitraries.lazy(() -> value(depth - 1))
                                        .list()
                                        .ofMaxSize(3)
                                        .map(items -> "[" + String.join(",", items) + "]")));
    }

    private static Arbitrary<String> object(Arbitrary<String> value) {
        Arbitrary<String> name = Arbitraries.oneOf(
                Arbitraries.of("id", "ts", "price", "Id", "a b", "null", "x"),
                Arbitraries.strings().ofMinLength(1).ofMaxLength(4));
        return Arbitraries.maps(name, value)
                .ofMaxSize(6)
                .map(fields -> fields.entrySet().stream()
                        .map(field -> quoted(field.getKey()) + ":" + field.getValue())
                        .collect(Collectors.joining(",", "{", "}")));
    }

    private static String quoted(String text) {
        return text.chars()
                .mapToObj(c -> c < 0x7F && c >= ' ' && c != '"' && c != '\\' ? "" + (char) c : "\\u%04x".formatted(c))
                .collect(Collectors.joining("", "\"", "\""));
    }

    @BeforeContainer
    static void make() throws IOException {
        Files.createDirectories(FOLDER);
    }

    @AfterContainer
    static void remove() throws IOException {
        Folders.delete(FOLDER);
    }
}
