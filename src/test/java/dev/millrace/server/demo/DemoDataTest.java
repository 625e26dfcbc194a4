package dev.millrace.server.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.problem.ProblemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDataTest {
    private static final Path DATA = Path.of("src/main/resources/demo/data");

    @TempDir
    Path folder;

    @Test
    void flights_all_areNumberedAndCounted() {
        try (DemoSource flights = DemoData.unpack(folder).flights(Long.MAX_VALUE)) {
            assertEquals(200_000, flights.total());
            long count = 0;
            SourceRecord last = null;
            while (flights.records().hasNext()) {
                last = flights.records().next();
                if (++count == 1) {
                    assertEquals("F0000001", new String(last.key(), UTF_8));
                    assertEquals(
                            "{\"flight_id\":\"F0000001\",\"date\":\"2001-01-01T00:01:00\",\"delay\":33,"
                                    + "\"distance\":2176,\"origin\":\"LAS\",\"destination\":\"PHL\"}",
                            new String(last.value(), UTF_8));
                }
            }
            assertEquals(200_000, count);
            assertEquals("F0200000", last == null ? "" : new String(last.key(), UTF_8));
        }
    }

    @Test
    void flights_limited_areAPrefix() {
        try (DemoSource few = DemoData.in(DATA).flights(3);
                DemoSource none = DemoData.in(DATA).flights(0)) {
            assertEquals(3, few.total());
            assertEquals(List.of("F0000001", "F0000002", "F0000003"), keys(few));
            assertFalse(none.records().hasNext());
        }
    }

    @Test
    void airports_keepTheFilesTextAndDigitsButNullForNa() {
        Map<String, String> values = new HashMap<>();
        try (DemoSource airports = DemoData.in(DATA).airports()) {
            assertEquals(3376, airports.total());
            airports.records()
                    .forEachRemaining(airport ->
                            values.put(new String(airport.key(), UTF_8), new String(airport.value(), UTF_8)));
        }
        assertEquals(3376, values.size());
        assertEquals(
                "{\"iata\":\"00M\",\"name\":\"Thigpen\",\"city\":\"Bay Springs\",\"state\":\"MS\","
                        + "\"country\":\"USA\",\"latitude\":31.95376472,\"longitude\":-89.23450472}",
                values.get("00M"));
        assertTrue(values.getOrDefault("35A", "").contains("\"name\":\"Union County, Troy Shelton\""));
        assertTrue(values.getOrDefault("CLD", "").contains("\"city\":null,\"state\":null"));
    }

    @Test
    void earthquakes_areTheFilesBytes() throws Exception {
        byte[] file = Files.readAllBytes(DATA.resolve("earthquakes.json"));
        JsonNode features = new ObjectMapper().readTree(file).required("features");
        Set<String> ids = new HashSet<>();
        int at = 0;
        try (DemoSource earthquakes = DemoData.in(DATA).earthquakes()) {
            assertEquals(features.size(), earthquakes.total());
            List<SourceRecord> records = new ArrayList<>();
            earthquakes.records().forEachRemaining(records::add);
            for (SourceRecord record : records) {
                JsonNode feature = features.get(at++);
                assertEquals(feature, new ObjectMapper().readTree(record.value()));
                assertEquals(feature.required("id").asText(), new String(record.key(), UTF_8));
                ids.add(new String(record.key(), UTF_8));
            }
            String text = new String(file, UTF_8);
            assertTrue(text.contains(new String(records.getFirst().value(), UTF_8)));
            assertTrue(text.contains(new String(records.getLast().value(), UTF_8)));
        }
        assertEquals(1707, at);
        assertEquals(1707, ids.size());
    }

    @Test
    void open_missingFile_isAProblemThatNamesIt() {
        ProblemException thrown = assertThrows(
                ProblemException.class,
                () -> DemoData.in(folder.resolve("none")).flights(1));
        assertTrue(thrown.problem().detail().contains("flights-200k.parquet"), thrown.getMessage());
    }

    private static List<String> keys(DemoSource source) {
        List<String> keys = new ArrayList<>();
        source.records().forEachRemaining(record -> keys.add(new String(record.key(), UTF_8)));
        return keys;
    }
}
