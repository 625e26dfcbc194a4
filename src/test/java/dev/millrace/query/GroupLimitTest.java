package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupLimitTest {
    private static final int ROWS = 9_000;
    private final RuntimeException refusal = new IllegalArgumentException("too many groups");

    @TempDir
    private Path folder;

    private SampleRows sample;

    @BeforeEach
    void write() {
        sample = new SampleRows(folder);
        sample.writeUsual(0, ROWS);
    }

    @AfterEach
    void close() {
        sample.close();
    }

    /** How many rows were read before the end, or the refusal. */
    private int read(int limit, String bucket, String... columns) {
        var shape = new Shape(sample.store().schema());
        var grouping = new Grouping(
                Stream.of(columns)
                        .map(name -> new Grouping.By(shape.find(name).orElseThrow(), bucket))
                        .toList(),
                List.of(new Grouping.Aggregate("count", Grouping.Function.COUNT, List.of(), 0)));
        int rows = 0;
        try (Reading reading = new StoredView("d.p", sample.store()).open();
                var limited = new GroupLimit(
                        reading.scan(
                                QueryParser.where(shape, java.util.Map.of()).whole()),
                        grouping,
                        limit,
                        refusal)) {
            while (limited.next()) {
                rows += limited.count();
            }
        }
        return rows;
    }

    @Test
    void next_withMoreValuesThanGroups_refusesBeforeTheRestIsRead() {
        assertSame(refusal, assertThrows(RuntimeException.class, () -> read(ROWS - 1, "", "id")));
        assertSame(refusal, assertThrows(RuntimeException.class, () -> read(1, "", "id")));
        assertEquals(ROWS, read(ROWS, "", "id"));
    }

    @Test
    void next_withMissingValues_countsThemAsOne() {
        assertEquals(ROWS, read(4, "", "origin"));
        assertSame(refusal, assertThrows(RuntimeException.class, () -> read(3, "", "origin")));
        assertSame(refusal, assertThrows(RuntimeException.class, () -> read(19, "", "origin", "limit")));
    }

    @Test
    void next_whereOneGroupHasManyValues_countsNothing() {
        assertEquals(ROWS, read(1, "1 hours", "at"));
        assertEquals(ROWS, read(1, "", "speed"), "two zeros are one group");
    }
}
