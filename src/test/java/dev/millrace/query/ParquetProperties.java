package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.Folders;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.RandomBatches;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Blob;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.jspecify.annotations.Nullable;

/** Parquet files of any types, read back by DuckDB's reader. */
class ParquetProperties {
    @Property(tries = 60)
    void parquet_ofAnyRows_hasTheirValues(@ForAll long seed) throws Exception {
        var random = new RandomBatches(seed);
        Layout layout = random.layout(8, 0);
        int rows = (int) Math.floorMod(seed, 3000L);
        Path folder = Files.createTempDirectory("parquet");
        try (var root = new RootAllocator();
                var engine = GroupedRowsProperties.engine(folder, 10)) {
            Batch batch = random.batch(layout, rows, root);
            var expected = new ArrayList<List<Object>>();
            for (int row = 0; row < rows; row++) {
                int at = row;
                expected.add(layout.top().stream()
                        .map(column -> value(batch.column(column.path()), at))
                        .toList());
            }
            Path file = engine.parquet(new OneBatch(batch, rows), layout.top(), Long.MAX_VALUE, () -> false)
                    .path();
            assertEquals(expected, read(file, layout.top()));
            assertEquals(true, DuckDbEngine.delete(file));
            batch.release();
        } finally {
            Folders.delete(folder);
        }
    }

    private static List<List<Object>> read(Path file, List<ColumnLayout> columns) throws SQLException, IOException {
        var rows = new ArrayList<List<Object>>();
        try (var connection = DriverManager.getConnection("jdbc:duckdb:");
                var statement = connection.createStatement();
                var found = statement.executeQuery("SELECT * FROM read_parquet('" + file + "')")) {
            while (found.next()) {
                var row = new ArrayList<>();
                for (int i = 0; i < columns.size(); i++) {
                    row.add(plain(found.getObject(i + 1)));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private static @Nullable Object plain(@Nullable Object value) throws SQLException {
        return switch (value) {
            case Byte number -> number.longValue();
            case Short number -> number.longValue();
            case Integer number -> number.longValue();
            case BigInteger number -> number.longValue();
            case OffsetDateTime time -> time.toInstant();
            case Blob blob -> text(blob.getBytes(1, (int) blob.length()));
            case null, default -> value;
        };
    }

    private static @Nullable Object value(Column column, int row) {
        if (column.isNull(row)) {
            return null;
        }
        return switch (column.layout().storage()) {
            case BIT -> column.bit(row);
            case BYTES, DICTIONARY ->
                column.layout().type() instanceof ArrowType.Binary
                        ? text(column.bytes(row))
                        : new String(column.bytes(row), UTF_8);
            case FIXED ->
                switch (column.layout().type()) {
                    case ArrowType.Decimal decimal -> {
                        BigDecimal value = column.decimal(row, decimal.getScale());
                        yield decimal.getBitWidth() == 256 ? value.toPlainString() : value;
                    }
                    case ArrowType.FloatingPoint _ ->
                        column.layout().width() == 8 ? (Object) column.float64(row) : column.float32(row);
                    case ArrowType.Timestamp _ -> Instant.EPOCH.plus(column.int64(row), ChronoUnit.MICROS);
                    default -> column.layout().width() == 8 ? column.int64(row) : column.ordered(row);
                };
            case STRUCT, LIST, VECTOR -> throw new IllegalStateException();
        };
    }

    private static String text(byte[] bytes) {
        return Arrays.toString(bytes);
    }

    /** All rows of a batch, in steps of any length. */
    private static final class OneBatch implements RowSource {
        private final Batch batch;
        private final int rows;
        private int at;
        private int[] selection = {};

        OneBatch(Batch batch, int rows) {
            this.batch = batch;
            this.rows = rows;
        }

        @Override
        public boolean next() {
            int to = Math.min(rows, at + 1 + at % 700 * 5);
            selection = IntStream.range(at, to).toArray();
            at = to;
            return selection.length > 0;
        }

        @Override
        public Batch batch() {
            return batch;
        }

        @Override
        public int[] selection() {
            return selection;
        }

        @Override
        public int count() {
            return selection.length;
        }

        @Override
        public long offset(int index) {
            return selection[index];
        }
    }
}
