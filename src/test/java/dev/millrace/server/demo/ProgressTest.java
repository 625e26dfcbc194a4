package dev.millrace.server.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final AtomicLong clock = new AtomicLong(42);

    @Test
    void show_elsewhere_writesALineASecondAndATenthAndTheEndOnce() {
        Progress progress = progress(false);
        progress.show(0, 1000);
        progress.show(500, 1000); // too soon
        clock.addAndGet(SECOND);
        progress.show(99, 1000); // too little
        progress.show(100, 1000);
        progress.show(900, 1000); // too soon again
        progress.show(1000, 1000);
        progress.show(1000, 1000);
        assertEquals("load: 100 of 1,000\nload: 1,000 of 1,000\n", text());
    }

    @Test
    void show_onATerminal_redrawsOneLine() {
        Progress progress = progress(true);
        progress.show(1, 4);
        clock.addAndGet(SECOND / 10);
        progress.show(2, 4);
        progress.show(4, 4);
        assertEquals(
                "\rload [" + "#".repeat(15) + "-".repeat(15) + "] 2 of 4\rload [" + "#".repeat(30) + "] 4 of 4\n",
                text());
    }

    @Test
    void show_nothingToDo_isDoneAtOnce() {
        progress(false).show(0, 0);
        assertEquals("load: 0 of 0\n", text());
    }

    private Progress progress(boolean terminal) {
        return new Progress("load", new PrintStream(written, true, StandardCharsets.UTF_8), terminal, clock::get);
    }

    private String text() {
        return written.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }
}
