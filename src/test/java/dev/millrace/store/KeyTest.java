package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Kind;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Single texts of keys; every type and form is in {@code KindProperties}. */
class KeyTest {
    private static final StoreSchema SCHEMA =
            schema(new Kind.Timestamp(Kind.Unit.MILLIS, true), new Kind.Int(8, false));

    @ParameterizedTest
    @CsvSource({
        "2026-01-01T00:00:00Z, 200, true",
        "2026-01-01, 200, true",
        "2026-01-01T01:00:00+01:00, +0200, true",
        "2026-01-01T00:00:00.000000Z, 200, true",
        "2026-01-01T00:00:00Z, -56, false",
        "2026-01-01T00:00:00Z, 456, false",
        "+12026-01-01T00:00:00Z, 200, false"
    })
    void key_ofTexts_isTheRowOfTheValues(String timestamp, String number, boolean found) {
        try (var root = new RootAllocator();
                var writer = new BatchWriter(SCHEMA.layout(), root)) {
            writer.open(8);
            writer.column(0).putInt64(1_767_225_600_000L);
            writer.column(1).putInt8((byte) 200);
            writer.column(2).putInt64(0);
            writer.column(3).putInt64(0);
            writer.column(4).putBit(false);
            writer.endRow();
            Key key = Key.parse(SCHEMA, List.of(timestamp, number)).orElseThrow();
            assertEquals(found, key.matches(writer.batch(), 0));
        }
    }

    @Test
    void parse_textFinerThanTheUnit_isRefusedWithTheUnit() {
        var texts = List.of("2026-01-01T00:00:00.000999Z", "1");
        assertTrue(Key.parse(SCHEMA, texts).isEmpty());
        String fault = Key.fault(SCHEMA, texts);
        assertTrue(fault.contains("'c0'") && fault.contains("finer") && fault.contains("milliseconds"), fault);
    }

    @ParameterizedTest
    @CsvSource({"today, 1", "2026-01-01, one", "2026-01-01, ''", "2026-01-01, 1.0"})
    void parse_textOfNoValue_isRefused(String timestamp, String number) {
        var texts = List.of(timestamp, number);
        assertTrue(Key.parse(SCHEMA, texts).isEmpty());
        assertTrue(Key.fault(SCHEMA, texts).contains("is no value"), Key.fault(SCHEMA, texts));
    }

    @Test
    void parse_otherNumberOfComponents_isRefused() {
        assertTrue(Key.parse(SCHEMA, List.of("2026-01-01")).isEmpty());
        assertTrue(Key.parse(SCHEMA, List.of("2026-01-01", "1", "1")).isEmpty());
        assertFalse(Key.fault(SCHEMA, List.of("2026-01-01")).isEmpty());
    }

    @Test
    void parse_halfASurrogatePair_isRefused() {
        StoreSchema text = schema(new Kind.Text());
        assertTrue(Key.parse(text, List.of("\ud800")).isEmpty());
        assertTrue(Key.parse(text, List.of("a\udc00")).isEmpty());
        assertTrue(Key.parse(text, List.of("😀")).isPresent());
    }

    private static StoreSchema schema(Kind... kinds) {
        List<Field> fields = new java.util.ArrayList<>();
        List<String> names = new java.util.ArrayList<>();
        for (Kind kind : kinds) {
            names.add("c" + names.size());
            fields.add(new Field(names.getLast(), FieldType.notNullable(kind.arrow()), List.of()));
        }
        return new StoreSchema(new Schema(fields), names, true);
    }
}
