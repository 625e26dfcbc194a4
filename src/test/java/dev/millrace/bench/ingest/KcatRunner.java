package dev.millrace.bench.ingest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** librdkafka by way of kcat: every record to {@code /dev/null}; its time is what the shell says of its child. */
final class KcatRunner implements Runner {
    /** A line of the shell's {@code times}: user and system time. */
    private static final Pattern TIMES = Pattern.compile("(\\d+)m([\\d.]+)s (\\d+)m([\\d.]+)s");

    private final Source source;

    KcatRunner(Source source) {
        this.source = source;
    }

    @Override
    public Pass pass() throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "kcat -C -q -e -o beginning -b \"$1\" -t \"$2\" -c \"$3\" >/dev/null && times",
                        "sh",
                        source.bootstrapServers(),
                        source.topic(),
                        Integer.toString(source.records()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("kcat failed");
        }
        long wallNanos = System.nanoTime() - begun;
        return new Pass(childNanos(said), wallNanos, source.records());
    }

    /** The second line is of the shell's children. */
    private static long childNanos(String times) {
        List<MatchResult> lines = TIMES.matcher(times).results().toList();
        if (lines.size() != 2) {
            throw new IllegalStateException("the shell's times are not understood: " + times);
        }
        MatchResult line = lines.getLast();
        double seconds = 60 * Double.parseDouble(line.group(1))
                + Double.parseDouble(line.group(2))
                + 60 * Double.parseDouble(line.group(3))
                + Double.parseDouble(line.group(4));
        return (long) (seconds * 1e9);
    }
}
