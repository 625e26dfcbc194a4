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
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * Flights from the Parquet file with columns date, delay, distance, origin, destination. The file has no key: a
 * flight's id is {@code F} and its row number in seven digits, from 1.
 */
final class FlightSource implements DemoSource, Iterator<SourceRecord> {
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss");

    private final JsonFactory json = new JsonFactory();
    private final FileRows rows;
    private final long total;
    private long read;

    private FlightSource(FileRows rows, long total) {
        this.rows = rows;
        this.total = total;
    }

    static FlightSource open(Path parquet, long limit) {
        long total = Math.min(limit, FileRows.parquetCount(parquet));
        return new FlightSource(FileRows.parquet(parquet), total);
    }

    @Override
    public long total() {
        return total;
    }

    @Override
    public Iterator<SourceRecord> records() {
        return this;
    }

    @Override
    public boolean hasNext() {
        return read < total;
    }

    @Override
    public SourceRecord next() {
        if (!hasNext() || !rows.next()) {
            throw new NoSuchElementException();
        }
        String id = "F%07d".formatted(++read);
        LocalDateTime date = rows.timestamp(0).orElseThrow();
        ByteArrayOutputStream value = new ByteArrayOutputStream(128);
        try (JsonGenerator out = json.createGenerator(value)) {
            out.writeStartObject();
            out.writeStringField("flight_id", id);
            out.writeStringField("date", DATE.format(date));
            out.writeNumberField("delay", rows.integer(1));
            out.writeNumberField("distance", rows.integer(2));
            out.writeStringField("origin", rows.text(3).orElseThrow());
            out.writeStringField("destination", rows.text(4).orElseThrow());
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // an array does not fail
        }
        return new SourceRecord(id.getBytes(StandardCharsets.US_ASCII), value.toByteArray());
    }

    @Override
    public void close() {
        rows.close();
    }
}
