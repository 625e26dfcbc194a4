package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Cases after the JSONTestSuite (Seriot, "Parsing JSON is a minefield"), written down anew: every value stands once where
 * no column wants it and once in a column of each type. Of the cases that RFC 8259 leaves open, numbers of any size are
 * taken where no column wants them; lone surrogates, a byte order mark and duplicate names are refused.
 */
class JsonSuiteTest {
    private static final Pattern BYTE = Pattern.compile("\\\\x([0-9A-F]{2})");
    private static final List<FieldType> TYPES = List.of(
            Records.TEXT,
            Records.INT64,
            Records.DOUBLE,
            new FieldType.Bool(),
            new FieldType.Decimal(38, 10),
            new FieldType.Int(64, false),
            new FieldType.Date(),
            new FieldType.Binary(),
            new FieldType.Uuid(),
            Records.MICROS,
            Records.EPOCH);

    record Case(boolean good, byte[] value, String text) {
        @Override
        public String toString() {
            return (good ? "y " : "n ") + text;
        }
    }

    static Stream<Case> cases() {
        try {
            return Files.readAllLines(Path.of("src/test/resources/codec/json-suite.txt")).stream()
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .map(line -> new Case(line.charAt(0) == 'y', bytes(line.substring(2)), line.substring(2)));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    /** The line's text in UTF-8, with {@code \xFF} for any byte. */
    private static byte[] bytes(String text) {
        String latin = new String(text.getBytes(java.nio.charset.StandardCharsets.UTF_8), ISO_8859_1);
        Matcher hex = BYTE.matcher(latin);
        return hex.replaceAll(found ->
                        Matcher.quoteReplacement(new String(HexFormat.of().parseHex(found.group(1)), ISO_8859_1)))
                .getBytes(ISO_8859_1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void decode_valueThatNoColumnWants_isTakenExactlyWhenItIsJson(Case given) {
        assertEquals(given.good, decode(List.of(Records.optional("other", Records.TEXT)), record(given.value, "}")));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void decode_brokenValueInAColumn_isRefusedByEveryType(Case given) {
        for (FieldType type : TYPES) {
            boolean taken = decode(List.of(Records.optional("v", type)), record(given.value, "}"));
            assertEquals(taken && given.good, taken, type.toString());
        }
        Property list = Records.list("v", Records.optional("item", Records.DOUBLE));
        boolean taken = decode(List.of(list), record(given.value, "}"));
        assertEquals(taken && given.good, taken);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void decode_recordCutAfterTheValue_isRefused(Case given) {
        assertEquals(false, decode(List.of(Records.optional("v", Records.DOUBLE)), record(given.value, "")));
    }

    private static byte[] record(byte[] value, String end) {
        List<byte[]> parts = List.of("{\"v\":".getBytes(ISO_8859_1), value, end.getBytes(ISO_8859_1));
        var out = new java.io.ByteArrayOutputStream();
        new ArrayList<>(parts).forEach(out::writeBytes);
        return out.toByteArray();
    }

    private static boolean decode(List<Property> columns, byte[] json) {
        try (var root = new RootAllocator();
                var writer = new BatchWriter(Records.layout(columns), root)) {
            writer.open(8);
            return JsonDecoder.of(columns, List.of(), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT)
                    .decode(json, 0, json.length);
        }
    }
}
