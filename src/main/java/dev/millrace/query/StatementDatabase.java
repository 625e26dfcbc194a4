package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.Layout;
import java.nio.file.Path;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkReader;
import org.duckdb.DuckDBPreparedStatement;
import org.duckdb.DuckDBReadableVector;
import org.jspecify.annotations.Nullable;

/**
 * A DuckDB in memory for one statement of somebody else: its tables are rows that it is given, and there is nothing else in
 * it. It opens no file, loads nothing and keeps its settings. It does not judge the statement: who uses it does. One thread
 * at a time, but for {@link #cancel}.
 */
public final class StatementDatabase implements AutoCloseable {
    private static final int BATCH_ROWS = 4 << 10;
    private static final int BATCH_BYTES = 1 << 20;
    private static final Pattern DECIMAL = Pattern.compile("DECIMAL\\((\\d+),(\\d+)\\)");

    /** What reads rows of some plain columns of a table, at least those asked for. */
    public interface Opening {
        RowSource open(List<ColumnLayout> leaves);
    }

    /** What takes a result's rows, which are valid until it returns. */
    public interface Taking {
        void take(Batch batch, int rows);
    }

    /** What DuckDB says of a statement that it does not take, or that fails. */
    public static final class Failed extends RuntimeException {
        private static final long serialVersionUID = 1;

        private Failed(SQLException failure) {
            super(String.valueOf(failure.getMessage()), failure);
        }

        /** DuckDB's words, which may quote values of rows. */
        public String reason() {
            return String.valueOf(getMessage());
        }
    }

    private interface Work<T> {
        T run() throws SQLException;
    }

    private static <T> T told(Work<T> work) {
        try {
            return work.run();
        } catch (SQLException failure) {
            throw new Failed(failure);
        }
    }

    private final DuckDBConnection connection;
    private final DuckDbRows functions = new DuckDbRows();
    private final List<DuckDbRows.Question> questions = new ArrayList<>();
    private final BooleanSupplier stop;
    private volatile @Nullable Statement running;
    private Layout layout = Layout.of(new Schema(List.of()));
    private String prepared = "";

    /**
     * Opens it.
     *
     * @param catalog the name that tables may have before their schema
     * @param stop whether nobody waits any more
     */
    public StatementDatabase(
            String catalog, Path spill, long memoryBytes, long spillBytes, int threads, BooleanSupplier stop) {
        this.stop = stop;
        connection = told(() -> DuckDbDatabase.connect(memoryBytes, threads, spill, spillBytes));
        told(() -> {
            functions.register(connection);
            return true;
        });
        execute("ATTACH ':memory:' AS " + DuckDbEngine.quoted(catalog));
        execute("USE " + DuckDbEngine.quoted(catalog));
        execute("SET TimeZone = 'UTC'");
        told(() -> {
            DuckDbDatabase.lock(connection);
            return true;
        });
    }

    private void execute(String sql) {
        told(() -> {
            try (Statement statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    /** The parsed statements of a text as DuckDB's JSON, or what is wrong with it. */
    public String parse(String sql) {
        return told(() -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT json_serialize_sql(?::VARCHAR)")) {
                statement.setString(1, sql);
                try (ResultSet result = statement.executeQuery()) {
                    result.next();
                    return result.getString(1);
                }
            }
        });
    }

    /** Makes a table; columns of lists and maps are not among its columns, structs are made of the fields that can be. */
    public void table(String schema, String name, List<ColumnLayout> columns, Opening opening) {
        List<ColumnLayout> leaves = columns.stream()
                .flatMap(ColumnLayout::leaves)
                .filter(DuckDbVectors::takes)
                .toList();
        var question = new DuckDbRows.Question(
                projected -> opening.open(IntStream.of(projected)
                        .filter(column -> column < leaves.size())
                        .mapToObj(leaves::get)
                        .toList()),
                leaves,
                stop,
                () -> {});
        questions.add(question);
        String select = columns.stream()
                .flatMap(column -> expression(column, leaves).stream()
                        .map(value -> value + " AS " + DuckDbEngine.quoted(column.name())))
                .collect(Collectors.joining(", "));
        execute("CREATE SCHEMA IF NOT EXISTS " + DuckDbEngine.quoted(schema));
        execute("CREATE VIEW " + DuckDbEngine.quoted(schema) + "." + DuckDbEngine.quoted(name) + " AS SELECT "
                + (select.isEmpty() ? "NULL AS none" : select) + " FROM " + DuckDbRows.table(functions.add(question)));
    }

    private static Optional<String> expression(ColumnLayout column, List<ColumnLayout> leaves) {
        if (column.kind() instanceof Kind.Struct) {
            List<String> fields = column.children().stream()
                    .flatMap(child -> expression(child, leaves).stream()
                            .map(value -> DuckDbEngine.quoted(child.name()) + " := " + value))
                    .toList();
            return fields.isEmpty() ? Optional.empty() : Optional.of("struct_pack(" + String.join(", ", fields) + ")");
        }
        int number = leaves.indexOf(column);
        return number < 0 ? Optional.empty() : Optional.of(DuckDbVectors.typed("c" + number, column));
    }

    /**
     * Prepares one SELECT; no row is read.
     *
     * @param arguments what an {@code EXECUTE} has in its brackets, literals alone; empty for none
     * @return the result's columns
     */
    public Layout prepare(String sql, String arguments) {
        String call = arguments.isEmpty() ? "" : "(" + arguments + ")";
        execute("PREPARE millrace_given AS " + sql);
        List<Result> columns = told(() -> columns("EXECUTE millrace_given" + call));
        String values = columns.stream().map(Result::expression).collect(Collectors.joining(", "));
        String names = IntStream.range(0, columns.size()).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
        execute("PREPARE millrace_result AS SELECT " + values + " FROM (" + sql + "\n) AS given(" + names + ")");
        prepared = "EXECUTE millrace_result" + call;
        layout = layout(columns);
        return layout;
    }

    /** What a SELECT's parameters are to be, by number; texts where DuckDB cannot tell. */
    public Layout parameters(String sql) {
        return told(() -> {
            try (PreparedStatement given = connection.prepareStatement(sql)) {
                ParameterMetaData data = given.getParameterMetaData();
                var parameters = new ArrayList<Result>();
                for (int i = 1; i <= data.getParameterCount(); i++) {
                    parameters.add(Result.of(Integer.toString(i), data.getParameterTypeName(i), ""));
                }
                return layout(parameters);
            }
        });
    }

    private List<Result> columns(String statement) throws SQLException {
        var columns = new ArrayList<Result>();
        try (PreparedStatement given = connection.prepareStatement(statement)) {
            ResultSetMetaData data = given.getMetaData();
            Set<String> names = new HashSet<>();
            for (int i = 1; i <= data.getColumnCount(); i++) {
                String name = data.getColumnName(i);
                for (int again = 1; !names.add(name); again++) {
                    name = data.getColumnName(i) + "_" + again;
                }
                columns.add(Result.of(name, data.getColumnTypeName(i), "c" + (i - 1)));
            }
        }
        return columns;
    }

    /** Prepares what tells how a SELECT would be run. */
    public Layout explain(String sql) {
        prepared = "EXPLAIN " + sql;
        layout = layout(List.of(Result.of("explain_key", "VARCHAR", ""), Result.of("explain_value", "VARCHAR", "")));
        return layout;
    }

    private static Layout layout(List<Result> columns) {
        return Layout.of(new Schema(columns.stream()
                .map(column -> new Field(
                        column.name(), new FieldType(true, column.kind().arrow(), null), List.of()))
                .toList()));
    }

    /** Runs what was prepared. */
    public void run(BufferAllocator allocator, Taking taking) {
        try {
            told(() -> {
                read(allocator, taking);
                return true;
            });
        } finally {
            running = null;
            questions.forEach(DuckDbRows.Question::rethrow);
        }
    }

    private void read(BufferAllocator allocator, Taking taking) throws SQLException {
        try (var statement = (DuckDBPreparedStatement) connection.prepareStatement(prepared);
                var writer = new BatchWriter(layout, allocator)) {
            running = statement;
            try (DuckDBChunkedResult result = statement.query()) {
                while (!stop.getAsBoolean() && result.nextChunk()) {
                    DuckDBDataChunkReader chunk = result.chunk();
                    for (long row = 0; row < chunk.rowCount(); row++) {
                        if (!writer.isOpen()) {
                            writer.open(BATCH_ROWS);
                        }
                        for (int column = 0; column < layout.top().size(); column++) {
                            put(writer.column(column), chunk.vector(column), row);
                        }
                        writer.endRow();
                        if (writer.rows() == BATCH_ROWS
                                || (writer.rows() & 63) == 0 && writer.allocatedBytes() >= BATCH_BYTES) {
                            give(writer, taking);
                        }
                    }
                }
            }
            if (writer.isOpen() && writer.rows() > 0) {
                give(writer, taking);
            }
        }
    }

    private static void give(BatchWriter writer, Taking taking) {
        int rows = writer.rows();
        Batch batch = writer.seal();
        try {
            taking.take(batch, rows);
        } finally {
            batch.release();
        }
    }

    /** Ends a statement under way; any thread. */
    public void cancel() {
        Statement statement = running;
        if (statement != null) {
            try {
                statement.cancel();
            } catch (SQLException ended) {
                // it needs no end any more
            }
        }
    }

    @Override
    public void close() {
        told(() -> {
            connection.close();
            return true;
        });
    }

    /** A column of a result, and the expression that has it in a form that is read. */
    private record Result(String name, Kind kind, String expression) {
        static Result of(String name, String type, String value) {
            return switch (type) {
                case "BOOLEAN" -> new Result(name, new Kind.Bool(), value);
                case "TINYINT" -> integer(name, 8, true, value);
                case "SMALLINT" -> integer(name, 16, true, value);
                case "INTEGER" -> integer(name, 32, true, value);
                case "BIGINT" -> integer(name, 64, true, value);
                case "UTINYINT" -> integer(name, 8, false, value);
                case "USMALLINT" -> integer(name, 16, false, value);
                case "UINTEGER" -> integer(name, 32, false, value);
                case "UBIGINT" -> new Result(name, new Kind.Int(64, false), value);
                case "HUGEINT", "UHUGEINT" -> new Result(name, new Kind.Decimal(38, 0, 128), value + "::DECIMAL(38,0)");
                case "FLOAT" -> new Result(name, new Kind.Real(32), value + "::DOUBLE");
                case "DOUBLE" -> new Result(name, new Kind.Real(64), value);
                case "VARCHAR" -> new Result(name, new Kind.Text(), value);
                case "BLOB" -> new Result(name, new Kind.Binary(), "hex(" + value + ")");
                case "DATE" -> new Result(name, new Kind.Date(), "date_diff('day', DATE '1970-01-01', " + value + ")");
                case "TIME" -> new Result(name, new Kind.Time(Kind.Unit.MICROS), "epoch_us(" + value + ")");
                case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS" ->
                    new Result(name, new Kind.Timestamp(Kind.Unit.MICROS, false), "epoch_us(" + value + "::TIMESTAMP)");
                case "TIMESTAMP_NS" ->
                    new Result(name, new Kind.Timestamp(Kind.Unit.NANOS, false), "epoch_ns(" + value + ")");
                case "TIMESTAMP WITH TIME ZONE" ->
                    new Result(name, new Kind.Timestamp(Kind.Unit.MICROS, true), "epoch_us(" + value + ")");
                default -> other(name, type, value);
            };
        }

        private static Result integer(String name, int bits, boolean signed, String value) {
            return new Result(name, new Kind.Int(bits, signed), value + "::BIGINT");
        }

        /** Decimals; what is nested, as JSON; anything else as DuckDB writes it. */
        private static Result other(String name, String type, String value) {
            Matcher decimal = DECIMAL.matcher(type);
            if (decimal.matches()) {
                int precision = Integer.parseInt(decimal.group(1));
                return new Result(name, new Kind.Decimal(precision, Integer.parseInt(decimal.group(2)), 128), value);
            }
            boolean nested =
                    type.endsWith("]") || Stream.of("STRUCT", "MAP", "UNION").anyMatch(type::startsWith);
            return new Result(name, new Kind.Text(), (nested ? "to_json(" + value + ")" : value) + "::VARCHAR");
        }
    }

    static void put(ColumnWriter into, DuckDBReadableVector from, long row) {
        if (from.isNull(row)) {
            into.putNull();
            return;
        }
        switch (into.layout().kind()) {
            case Kind.Bool _ -> into.putBit(from.getBoolean(row));
            case Kind.Text _ -> {
                byte[] text = from.getString(row).getBytes(UTF_8);
                into.putBytes(text, 0, text.length);
            }
            case Kind.Binary _ -> {
                byte[] bytes = HexFormat.of().parseHex(from.getString(row));
                into.putBytes(bytes, 0, bytes.length);
            }
            case Kind.Real(int bits) -> {
                if (bits == 64) {
                    into.putFloat64(from.getDouble(row));
                } else {
                    into.putFloat32((float) from.getDouble(row));
                }
            }
            case Kind.Decimal _ -> into.putDecimal(from.getBigDecimal(row).unscaledValue());
            case Kind.Int(int bits, boolean signed) ->
                into.putFixed(bits == 64 && !signed ? from.getUint64(row).longValue() : from.getLong(row));
            default -> into.putFixed(from.getLong(row));
        }
    }
}
