package dev.millrace.bench.ingest;

import dev.millrace.bench.ChildJvm;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A case in a JVM of its own; between passes it waits. */
final class CaseProcess implements Runner {
    private static final int HEAP_MEGABYTES = 512;

    /** Room for what the cases that keep objects keep, with as much again for the collector to work in. */
    private static final int OBJECT_BYTES = 800;

    private final String name;
    private final Process process;
    private final BufferedReader output;
    private final BufferedWriter input;

    CaseProcess(String name, Source source) throws IOException {
        this.name = name;
        boolean keepsObjects = !IngestBench.COLUMNS.contains(name);
        long heapMegabytes = HEAP_MEGABYTES + (keepsObjects ? ((long) source.records() * OBJECT_BYTES) >> 20 : 0);
        process = ChildJvm.start(
                List.of("-Xmx" + heapMegabytes + "m"),
                name.equals(IngestBench.STREAMS) ? List.of(StreamsCase.clients()) : List.of(),
                CaseMain.class,
                List.of(
                        name,
                        source.bootstrapServers(),
                        source.topic(),
                        Integer.toString(source.records()),
                        source.data(),
                        Integer.toString(source.ingestThreads())));
        output = process.inputReader(StandardCharsets.UTF_8);
        input = process.outputWriter(StandardCharsets.UTF_8);
    }

    @Override
    public Pass pass() throws IOException {
        input.write("pass\n");
        input.flush();
        @Nullable Pass pass = null;
        List<String> said = new ArrayList<>();
        for (@Nullable String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith("PASS ")) {
                String[] words = line.split(" ", -1);
                pass = new Pass(Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
            } else if (pass != null && line.equals("DONE")) {
                return pass;
            } else {
                said.add(line);
            }
        }
        throw new IllegalStateException("the case '" + name + "' ended: " + String.join("\n", said));
    }

    @Override
    public void close() {
        try {
            input.close();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException ended) {
            process.destroyForcibly();
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
