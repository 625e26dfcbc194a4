package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.domain.Warnings.Counted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WarningsTest {
    @TempDir
    private Path folder;

    private Warnings open() {
        return new Warnings(Optional.of(folder.resolve("derived/warnings")));
    }

    @Test
    void save_thenOpen_hasTheCountsOfEachPartition() {
        Warnings warnings = open();
        warnings.put(0, new Counted("topic", 7, Map.of("amount: minimum", 3L, "rule \"ö\"", 1L)));
        warnings.put(3, new Counted("topic", 1L << 40, Map.of("amount: minimum", 2L)));
        warnings.save();

        Warnings again = open();
        assertEquals(Map.of("amount: minimum", 5L, "rule \"ö\"", 1L), again.sums());
        assertEquals(1L << 40, again.of(3, "topic").next());
        assertEquals(0, again.of(3, "another").next());
        assertEquals(Map.of("amount: minimum", 2L), again.of(3, "another").byRule());
        assertEquals(Counted.NOTHING, again.of(1, "-"));
    }

    @Test
    void open_brokenFile_countsFromZero() throws Exception {
        Files.createDirectories(folder.resolve("derived"));
        Files.writeString(folder.resolve("derived/warnings"), "{\"0\":{\"topicId\":");
        assertEquals(Map.of(), open().sums());
    }
}
