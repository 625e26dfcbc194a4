package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Holds the demo's contracts to the demo's data: every real record satisfies its contract, and no field is unknown. */
class DemoMeshTest {
    private static final Path DEMO = Path.of("src/main/resources/demo");
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private static final Mesh MESH = MeshReader.read(DEMO.resolve("mesh"));

    @Test
    void mesh_demo_hasThreeProductsWithoutWarning() {
        assertEquals(List.of(), MESH.warnings());
        assertEquals(
                List.of("aviation.airports", "aviation.flights", "seismology.earthquakes"),
                MESH.products().stream().map(ProductDefinition::qualifiedName).toList());
        assertEquals(Mode.APPEND, product("aviation", "flights").mode());
        assertEquals(Mode.UPSERT, product("aviation", "airports").mode());
        assertEquals(Mode.UPSERT, product("seismology", "earthquakes").mode());
        for (ProductDefinition product : MESH.products()) {
            assertEquals(product.qualifiedName() + ".v1", product.topic());
            assertEquals(1, product.key().size());
            assertTrue(product.descriptor().isPresent());
        }
    }

    @Test
    void flights_everyRow_satisfiesItsContract() throws SQLException {
        RecordCheck check = new RecordCheck(product("aviation", "flights").object());
        int rows = 0;
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(
                        "SELECT strftime(date, '%Y-%m-%dT%H:%M:%S'), delay, distance, origin, destination FROM '"
                                + DEMO.resolve("data/flights-200k.parquet") + "'")) {
            while (result.next()) {
                ObjectNode row = JSON.createObjectNode();
                row.put("flight_id", Integer.toString(rows++));
                row.put("date", result.getString(1));
                row.put("delay", result.getLong(2));
                row.put("distance", result.getLong(3));
                row.put("origin", result.getString(4));
                row.put("destination", result.getString(5));
                check.check(row);
            }
        }
        assertEquals(200_000, rows);
        assertEquals(List.of(), check.faults());
    }

    @Test
    void airports_everyRow_satisfiesItsContract() throws IOException {
        RecordCheck check = new RecordCheck(product("aviation", "airports").object());
        List<String> lines = Files.readAllLines(DEMO.resolve("data/airports.csv"));
        List<String> names = csv(lines.get(0));
        Set<String> keys = new HashSet<>();
        for (String line : lines.subList(1, lines.size())) {
            List<String> cells = csv(line);
            ObjectNode row = JSON.createObjectNode();
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                if (name.equals("latitude") || name.equals("longitude")) {
                    row.put(name, new java.math.BigDecimal(cells.get(i)));
                } else if (cells.get(i).equals("NA")) {
                    row.putNull(name);
                } else {
                    row.put(name, cells.get(i));
                }
            }
            keys.add(row.get("iata").textValue());
            check.check(row);
        }
        assertEquals(List.of(), check.faults());
        assertEquals(3376, keys.size());
    }

    @Test
    void airports_rowWithNaLeftIn_breaksTheContract() throws IOException {
        RecordCheck check = new RecordCheck(product("aviation", "airports").object());

        check.check(JSON.readTree("""
                {"iata":"HHH","name":"Hilton Head","city":"NA","state":"NA","country":"USA","latitude":1,"longitude":2}"""));

        assertEquals(2, check.faults().size(), check.faults()::toString);
    }

    @Test
    void earthquakes_everyFeature_satisfiesItsContract() throws IOException {
        RecordCheck check = new RecordCheck(product("seismology", "earthquakes").object());
        JsonNode features =
                JSON.readTree(DEMO.resolve("data/earthquakes.json").toFile()).get("features");
        Set<String> keys = new HashSet<>();
        for (JsonNode feature : features) {
            check.check(feature);
            keys.add(feature.get("id").textValue());
        }
        assertEquals(List.of(), check.faults());
        assertEquals(1707, keys.size());
    }

    private static ProductDefinition product(String domain, String name) {
        return MESH.product(domain, name).orElseThrow();
    }

    private static List<String> csv(String line) {
        List<String> cells = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (char sign : line.toCharArray()) {
            if (sign == '"') {
                quoted = !quoted;
            } else if (sign == ',' && !quoted) {
                cells.add(cell.toString());
                cell.setLength(0);
            } else {
                cell.append(sign);
            }
        }
        cells.add(cell.toString());
        return cells;
    }
}
