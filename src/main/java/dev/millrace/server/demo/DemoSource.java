package dev.millrace.server.demo;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.problem.Problem;
import dev.millrace.query.FileRows;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * One of the demo's sources, read once.
 *
 * <p>The records come in the same order with the same keys in every run, as {@link
 * dev.millrace.ingest.publish.TopicPublisher} needs. Reading blocks on files. The caller owns and closes it.
 *
 * @param total how many records there are
 * @param records from the first to the last
 */
public record DemoSource(long total, Iterator<SourceRecord> records, Runnable closing) implements AutoCloseable {
    // The file has no key: a flight's id is its row number, from 1.
    private static final String FLIGHTS = """
        SELECT id, to_json({flight_id: id, date: strftime(date, '%Y-%m-%dT%H:%M:%S'), delay: delay,
            distance: distance, origin: origin, destination: destination})
        FROM (SELECT printf('F%07d', file_row_number + 1) AS id, * FROM read_parquet(?, file_row_number = true))\
        """;

    // Text stays as the file has it, but for its NA, which becomes null; coordinates become numbers with its digits.
    private static final String AIRPORTS = """
        SELECT iata, to_json({iata: iata, name: name, city: nullif(city, 'NA'), state: nullif(state, 'NA'),
            country: country, latitude: latitude::JSON, longitude: longitude::JSON})
        FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"',
            nullstr = '\\N')\
        """;

    /** The first flights of a Parquet file with the columns date, delay, distance, origin and destination. */
    static DemoSource flights(Path parquet, long limit) {
        try (var count = new FileRows(parquet, "SELECT count(*) FROM read_parquet(?)")) {
            count.next();
            long total = Math.min(limit, Long.parseLong(count.text(0)));
            var rows = new FileRows(parquet, FLIGHTS);
            return new DemoSource(
                    total, Stream.generate(() -> next(rows)).limit(total).iterator(), rows::close);
        }
    }

    /** The airports of a CSV file with the columns iata, name, city, state, country, latitude and longitude. */
    static DemoSource airports(Path csv) {
        List<SourceRecord> read = new ArrayList<>();
        try (var rows = new FileRows(csv, AIRPORTS)) {
            while (rows.next()) {
                read.add(record(rows));
            }
        }
        return of(read);
    }

    /** The features of a GeoJSON collection: a record is a feature's bytes as they stand in the file, by its id. */
    static DemoSource earthquakes(Path geoJson) {
        List<SourceRecord> read = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper();
        try {
            byte[] file = Files.readAllBytes(geoJson);
            try (JsonParser parser = mapper.createParser(file)) {
                toFeatures(parser);
                while (parser.nextToken() == JsonToken.START_OBJECT) {
                    int from = (int) parser.currentTokenLocation().getByteOffset();
                    JsonNode feature = mapper.readTree(parser);
                    int to = (int) parser.currentLocation().getByteOffset();
                    byte[] key = feature.required("id").asText().getBytes(UTF_8);
                    read.add(new SourceRecord(key, Arrays.copyOfRange(file, from, to)));
                }
            }
        } catch (IOException e) {
            throw new Problem.CannotStart("The file " + geoJson + " cannot be read: " + e.getMessage()).exception();
        }
        return of(read);
    }

    /** Stands on the start of the array named {@code features} of the outer object afterwards. */
    private static void toFeatures(JsonParser parser) throws IOException {
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean features = "features".equals(parser.currentName());
            parser.nextToken();
            if (features) {
                return;
            }
            parser.skipChildren();
        }
        throw new IOException("it has no features");
    }

    private static DemoSource of(List<SourceRecord> read) {
        return new DemoSource(read.size(), read.iterator(), () -> {});
    }

    private static SourceRecord next(FileRows rows) {
        if (!rows.next()) {
            throw new IllegalStateException("the file has changed");
        }
        return record(rows);
    }

    private static SourceRecord record(FileRows rows) {
        return new SourceRecord(rows.text(0).getBytes(UTF_8), rows.text(1).getBytes(UTF_8));
    }

    @Override
    public void close() {
        closing.run();
    }
}
