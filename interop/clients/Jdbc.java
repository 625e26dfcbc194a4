import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Arrow's JDBC driver for Flight SQL at the demo: what DBeaver and its like ask. Prints a line for each thing that is tried, and
 * ends with 1 when one of them is not as it should be.
 *
 * <pre>java --add-opens=java.base/java.nio=ALL-UNNAMED -cp flight-sql-jdbc-driver-18.3.0.jar interop/clients/Jdbc.java 8815</pre>
 */
class Jdbc {
    private interface Work {
        Object run() throws SQLException;
    }

    private static boolean failed;

    private static void expect(String what, Object expected, Work work) {
        Object got;
        try {
            got = work.run();
        } catch (SQLException | RuntimeException failure) {
            got = "failed: " + failure.getMessage();
        }
        boolean good = String.valueOf(got).equals(String.valueOf(expected));
        failed |= !good;
        System.out.println("JDBC | " + what + " | " + (good ? "yes" : "NO: " + got + " for " + expected));
    }

    private static List<List<Object>> rows(ResultSet result, int columns) throws SQLException {
        var rows = new ArrayList<List<Object>>();
        try (result) {
            while (result.next()) {
                var row = new ArrayList<Object>();
                for (int i = 1; i <= columns; i++) {
                    row.add(result.getObject(i));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    public static void main(String[] arguments) throws SQLException {
        String url = "jdbc:arrow-flight-sql://localhost:" + arguments[0] + "/?useEncryption=false";
        try (Connection connection = DriverManager.getConnection(url, new Properties());
                Statement statement = connection.createStatement()) {
            var data = connection.getMetaData();
            expect("connect", true, () -> connection.isValid(10));
            expect("product", "Millrace", data::getDatabaseProductName);
            expect("catalogs", "[[demo]]", () -> rows(data.getCatalogs(), 1));
            expect("schemas", "[[aviation, demo], [seismology, demo]]", () -> rows(data.getSchemas(), 2).stream()
                    .filter(row -> !String.valueOf(row.get(0)).equals("derived"))
                    .toList());
            expect("tables", "[[demo, aviation, flights]]", () -> rows(data.getTables(null, "aviation", "flights", null), 3));
            expect("table types", "[[TABLE]]", () -> rows(data.getTableTypes(), 1));
            expect("columns", 6, () -> rows(data.getColumns(null, "aviation", "flights", "%"), 4).size());
            expect("primary keys", "[[demo, aviation, airports, iata]]", () -> rows(data.getPrimaryKeys(null, "aviation", "airports"), 4));
            expect("SELECT 1", "[[1]]", () -> rows(statement.executeQuery("SELECT 1"), 1));
            expect("count", "[[6]]", () -> rows(
                    statement.executeQuery("SELECT count(DISTINCT column_name) FROM information_schema.columns"
                            + " WHERE table_schema = 'aviation' AND table_name = 'flights'"),
                    1));
            expect("execute", true, () -> statement.execute("SELECT * FROM aviation.airports LIMIT 1"));
            expect("result's columns", "iata VARCHAR", () -> {
                try (ResultSet result = statement.executeQuery("SELECT iata FROM aviation.airports LIMIT 1")) {
                    ResultSetMetaData columns = result.getMetaData();
                    return columns.getColumnName(1) + " " + columns.getColumnTypeName(1);
                }
            });
            expect("parameters", "[[SFO]]", () -> {
                try (PreparedStatement prepared = connection.prepareStatement(
                        "SELECT DISTINCT origin FROM aviation.flights WHERE delay >= ? AND origin = ?")) {
                    prepared.setInt(1, 60);
                    prepared.setString(2, "SFO");
                    return rows(prepared.executeQuery(), 1);
                }
            });
            expect("parameters again", "[1, 2]", () -> {
                try (PreparedStatement prepared = connection.prepareStatement("SELECT ?::BIGINT")) {
                    var got = new ArrayList<Object>();
                    for (long value = 1; value <= 2; value++) {
                        prepared.setLong(1, value);
                        got.add(rows(prepared.executeQuery(), 1).getFirst().getFirst());
                    }
                    return got;
                }
            });
            expect("typed parameters", "[[2001-02-03, 1.25, true, 0.5, null]]", () -> {
                try (PreparedStatement prepared = connection.prepareStatement(
                        "SELECT ?::DATE, ?::DECIMAL(10,2), ?::BOOLEAN, ?::DOUBLE, ?::VARCHAR")) {
                    prepared.setDate(1, Date.valueOf("2001-02-03"));
                    prepared.setBigDecimal(2, new BigDecimal("1.25"));
                    prepared.setBoolean(3, true);
                    prepared.setDouble(4, 0.5);
                    prepared.setString(5, null);
                    return rows(prepared.executeQuery(), 5);
                }
            });
            expect("all rows", 200_000, () -> {
                int rows = 0;
                try (ResultSet result = statement.executeQuery("SELECT * FROM aviation.flights")) {
                    while (result.next()) {
                        rows++;
                    }
                }
                return rows;
            });
            expect("an error", true, () -> {
                try {
                    statement.executeQuery("SELECT nothing FROM aviation.flights");
                    return false;
                } catch (SQLException refused) {
                    return refused.getMessage().contains("nothing");
                }
            });
        }
        System.exit(failed ? 1 : 0);
    }
}
