package dev.millrace.server.demo;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * Earthquakes from a GeoJSON feature collection: a record's value is its feature's bytes as they stand in the file, its
 * key the feature's id.
 */
record EarthquakeSource(List<SourceRecord> read) implements DemoSource {
    EarthquakeSource {
        read = List.copyOf(read);
    }

    static EarthquakeSource open(Path geoJson) {
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
                    read.add(new SourceRecord(
                            feature.required("id").asText().getBytes(StandardCharsets.UTF_8),
                            Arrays.copyOfRange(file, from, to)));
                }
            }
        } catch (IOException e) {
            throw new ProblemException(
                    new Problem.CannotStart("The file " + geoJson + " cannot be read: " + e.getMessage()));
        }
        return new EarthquakeSource(read);
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
