package dev.millrace.config.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.yaml.Node.Kind;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.problem.Fault;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class YamlReaderTest {
    @TempDir
    Path folder;

    @Test
    void parse_scalars_haveTheirKindAndPlace() {
        Mapping root = (Mapping) root("""
                text: a
                quoted: "5"
                whole: 5
                hex: 0x1F
                real: 1.50
                flag: true
                yes: yes
                none: ~
                tagged: !!str 5
                """);

        assertEquals(new Scalar(new Place("f.yaml", 1, 7), "a", Kind.STRING), value(root, "text"));
        assertEquals(Kind.STRING, value(root, "quoted").kind());
        assertEquals(Kind.INTEGER, value(root, "whole").kind());
        assertEquals(Kind.INTEGER, value(root, "hex").kind());
        assertEquals(Kind.NUMBER, value(root, "real").kind());
        assertEquals("1.50", value(root, "real").text());
        assertEquals(Kind.BOOLEAN, value(root, "flag").kind());
        assertEquals(Kind.STRING, value(root, "yes").kind());
        assertEquals(Kind.NULL, value(root, "none").kind());
        assertEquals(Kind.STRING, value(root, "tagged").kind());
        assertEquals(new Place("f.yaml", 9, 9), value(root, "tagged").place());
    }

    @Test
    void parse_json_isRead() {
        Cursor root = Cursor.at(root("{\"a\": [1, {\"b\": null, \"c\": \"\\u00e9\"}]}"), new Faults());

        Cursor inner = root.field("a").orElseThrow().items().get(1);
        assertEquals("a[1]", inner.path());
        assertEquals("é", inner.text("c"));
        assertEquals(Optional.empty(), inner.field("b"));
    }

    @Test
    void parse_duplicateKeys_areAllReported() {
        List<Fault> faults = faults("a: 1\nb: {c: 1, c: 2}\na: 2\n");

        assertEquals(2, faults.size());
        assertEquals(2, faults.get(0).line());
        assertEquals(11, faults.get(0).column());
        assertEquals(3, faults.get(1).line());
        assertTrue(faults.get(1).message().contains("the first is in line 1"), faults::toString);
    }

    @Test
    void parse_whatIsNoSingleDocument_isAFaultWithItsPlace() {
        for (String text : List.of(
                "",
                "# only a comment\n",
                "a: 1\n---\nb: 2\n",
                "a: [1,\n",
                "a: *nowhere",
                "a: &x [*x]",
                "? [1]\n: 2",
                "a: \u0000",
                "\"\\ud800\\q\"",
                "a: 'b",
                "\t- a")) {
            assertEquals(1, faults(text).size(), text);
        }
    }

    @Test
    void parse_aliasBomb_isRefusedSoon() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 30; i++) {
            bomb.append("a%d: &a%d [".formatted(i, i))
                    .append("*a%d, ".formatted(i - 1).repeat(10))
                    .append("]\n");
        }

        assertTrue(faults(bomb.toString()).get(0).message().contains("aliases"));
    }

    @Test
    void parse_depth_holdsAtItsLimit() {
        int most = Composer.MAX_DEPTH;

        root("[".repeat(most) + "]".repeat(most));
        assertTrue(faults("[".repeat(100_000)).get(0).message().contains("deeper"));
        assertTrue(faults("[".repeat(most + 2) + "]".repeat(most + 2))
                .get(0)
                .message()
                .contains("deeper"));
    }

    @Test
    void read_tooLargeOrNotUtf8_isAFault() throws IOException {
        Path large = Files.write(folder.resolve("large.yaml"), new byte[YamlReader.MAX_BYTES + 1]);
        Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe9});
        Faults faults = new Faults();

        assertEquals(Optional.empty(), YamlReader.read(large, faults));
        assertEquals(Optional.empty(), YamlReader.read(latin, faults));
        assertTrue(faults.all().get(0).message().contains("larger"));
        assertTrue(faults.all().get(1).message().contains("UTF-8"));
    }

    @Test
    void parse_mutatedText_givesFaultsAndNeverAnException() {
        String text =
                "a: &x {b: [1, 'two', \"th\\u00e9\"], c: |\n    block\n  , d: *x}\ne: !!int 5 # end\n? f\n: - g\n";
        String signs = "{}[]&*!|>'\"%@`:,-?#\n\t \\u0001\u0000\ufeff\ud800é9";
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder mutated = new StringBuilder(text);
            for (int change = random.nextInt(4); change >= 0; change--) {
                int at = random.nextInt(mutated.length());
                mutated.setCharAt(at, signs.charAt(random.nextInt(signs.length())));
            }
            Faults faults = new Faults();
            boolean read =
                    YamlReader.parse("f.yaml", mutated.toString(), faults).isPresent();
            assertEquals(read, faults.errors() == 0, mutated::toString);
        }
    }

    @Test
    void number_everyForm_keepsItsDigits() {
        assertEquals(Optional.of(new BigDecimal("1.50")), number("1.50"));
        assertEquals(Optional.of(new BigDecimal(31)), number("0x1F"));
        assertEquals(Optional.of(new BigDecimal("12345678901234567890123")), number("12345678901234567890123"));
        assertEquals(Optional.empty(), number(".nan"));
        assertEquals(Optional.empty(), number("1e999999999"));
        assertEquals(Optional.empty(), number("x"));
    }

    private static Optional<BigDecimal> number(String text) {
        return Cursor.at(root(text), new Faults()).number();
    }

    private static Scalar value(Mapping mapping, String name) {
        return (Scalar) mapping.value(name).orElseThrow();
    }

    private static Node root(String text) {
        Faults faults = new Faults();
        return YamlReader.parse("f.yaml", text, faults)
                .orElseThrow(() -> new AssertionError(faults.all()))
                .root();
    }

    private static List<Fault> faults(String text) {
        Faults faults = new Faults();
        boolean isRead = YamlReader.parse("f.yaml", text, faults).isPresent();
        assertTrue(!isRead || faults.hasErrors("f.yaml"), text);
        return faults.all();
    }
}
