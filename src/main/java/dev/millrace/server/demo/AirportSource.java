package dev.millrace.server.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.query.FileRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Airports from the CSV file with columns iata, name, city, state, country, latitude, longitude. Text stays as the file
 * has it, but for its {@code NA}, which becomes null; the two coordinates become JSON numbers with the file's digits.
 */
record AirportSource(List<SourceRecord> read) implements DemoSource {
    private static final List<String> TEXTS = List.of("iata", "name", "city", "state", "country");

    /** What the file writes for an unknown city or state. */
    private static final String UNKNOWN = "NA";

    private static final List<String> NUMBERS = List.of("latitude", "longitude");

    AirportSource {
        read = List.copyOf(read);
    }

    static AirportSource open(Path csv) {
        JsonFactory json = new JsonFactory();
        List<SourceRecord> read = new ArrayList<>();
        try (FileRows rows = FileRows.csv(csv)) {
            while (rows.next()) {
                String key = rows.text(0).orElseThrow();
                read.add(new SourceRecord(key.getBytes(StandardCharsets.UTF_8), value(json, rows)));
            }
        }
        return new AirportSource(read);
    }

    private static byte[] value(JsonFactory json, FileRows rows) {
        ByteArrayOutputStream value = new ByteArrayOutputStream(160);
        try (JsonGenerator out = json.createGenerator(value)) {
            out.writeStartObject();
            for (int i = 0; i < TEXTS.size(); i++) {
                String text = rows.text(i).orElse(UNKNOWN);
                if (text.equals(UNKNOWN)) {
                    out.writeNullField(TEXTS.get(i));
                } else {
                    out.writeStringField(TEXTS.get(i), text);
                }
            }
            for (int i = 0; i < NUMBERS.size(); i++) {
                out.writeFieldName(NUMBERS.get(i));
                out.writeNumber(rows.text(TEXTS.size() + i).orElseThrow());
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // an array does not fail
        }
        return value.toByteArray();
    }

    @Override
    public long total() {
        return read.size();
    }

    @Override
    public Iterator<SourceRecord> records() {
        return read.iterator();
    }

    @Override
    public void close() {}
}
