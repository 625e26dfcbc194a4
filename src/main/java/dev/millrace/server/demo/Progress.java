package dev.millrace.server.demo;

import java.io.PrintStream;
import java.util.function.LongSupplier;

/**
 * Shows how far a long piece of work is: a bar that redraws itself on a terminal, plain lines elsewhere, of which there
 * is at most one a second and, in a second, none before a tenth of the work is done.
 *
 * <p>Used by one thread at a time; {@link #show} is cheap enough for every thousandth record.
 */
public final class Progress {
    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 1_000_000_000L;

    private final String what;
    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanos;
    private long shownAt;
    private long shownTenth;
    private boolean finished;

    Progress(String what, PrintStream out, boolean terminal, LongSupplier nanos) {
        this.what = what;
        this.out = out;
        this.terminal = terminal;
        this.nanos = nanos;
        this.shownAt = nanos.getAsLong();
    }

    /** The progress of {@code what} ("publishing flights") on standard output. */
    public static Progress onStandardOutput(String what) {
        @SuppressWarnings("SystemConsoleNull") // since JDK 22 isTerminal tells, and null still means no console at all
        boolean terminal = System.console() != null && System.console().isTerminal();
        return new Progress(what, System.out, terminal, System::nanoTime);
    }

    /** Shows {@code done} of {@code total} when it is time to; always when done equals total, and then only once. */
    public void show(long done, long total) {
        if (finished) {
            return;
        }
        finished = done >= total;
        long now = nanos.getAsLong();
        long tenth = total == 0 ? 10 : done * 10 / total;
        boolean due = terminal ? now - shownAt >= REDRAW_NANOS : now - shownAt >= LINE_NANOS && tenth > shownTenth;
        if (!due && !finished) {
            return;
        }
        shownAt = now;
        shownTenth = tenth;
        out.print(terminal ? bar(done, total) : "%s: %,d of %,d%n".formatted(what, done, total));
        out.flush();
    }

    private String bar(long done, long total) {
        int filled = total == 0 ? WIDTH : (int) (done * WIDTH / total);
        return "\r%s [%s%s] %,d of %,d%s"
                .formatted(
                        what,
                        "#".repeat(filled),
                        "-".repeat(WIDTH - filled),
                        done,
                        total,
                        finished ? System.lineSeparator() : "");
    }
}
