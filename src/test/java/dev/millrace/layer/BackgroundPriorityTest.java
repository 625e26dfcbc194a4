package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class BackgroundPriorityTest {
    @Test
    void take_inAThread_givesThatThreadAloneALowerOne() throws Exception {
        Path self = Path.of("/proc/thread-self/stat");
        assumeTrue(Files.exists(self), "threads have a nice value of their own on Linux only");
        int before = nice(self);
        var there = new AtomicReference<Integer>();

        Thread.ofPlatform()
                .start(() -> {
                    BackgroundPriority.take();
                    there.set(nice(self));
                })
                .join();

        assertEquals(Math.max(before, 10), there.get());
        assertEquals(before, nice(self));
    }

    /** The nineteenth field; the second may hold blanks, within brackets. */
    private static int nice(Path stat) {
        try {
            String fields = Files.readString(stat);
            return Integer.parseInt(
                    fields.substring(fields.lastIndexOf(')') + 2).split(" ")[16]);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
