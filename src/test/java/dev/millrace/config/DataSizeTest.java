package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class DataSizeTest {
    @Test
    void parse_everyForm_givesBytes() {
        assertEquals(512L << 20, DataSize.parse("512MiB").bytes());
        assertEquals(64L << 10, DataSize.parse(" 64 kib ").bytes());
        assertEquals(1_000_000_000L, DataSize.parse("1GB").bytes());
        assertEquals(7, DataSize.parse("7").bytes());
        assertEquals(7, DataSize.parse("7B").bytes());
    }

    @Test
    void parse_whatIsNoSize_isRefused() {
        for (String text : List.of("", "MiB", "-1", "1.5GiB", "1XB", "9999999999999999999", "99999999TiB")) {
            assertThrows(IllegalArgumentException.class, () -> DataSize.parse(text), text);
        }
    }

    @Test
    void toString_ofAnySize_isReadBackTheSame() {
        assertEquals("512MiB", new DataSize(512L << 20).toString());
        assertEquals("0B", new DataSize(0).toString());
        for (long bytes : new long[] {0, 1, 1023, 1024, 1025, 1 << 20, 3L << 40, Long.MAX_VALUE / 16}) {
            assertEquals(bytes, DataSize.parse(new DataSize(bytes).toString()).bytes());
        }
    }
}
