package dev.millrace.bench.ingest;

import dev.millrace.Folders;
import dev.millrace.bench.Tools;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** librdkafka, polled and counted by a small program in C, which is compiled here. */
final class RdkafkaRunner implements Runner {
    private static final Path HEADER = Path.of("/usr/include/librdkafka/rdkafka.h");

    private final Source source;
    private final Path folder;

    private RdkafkaRunner(Source source, Path folder) {
        this.source = source;
        this.folder = folder;
    }

    /** Why it cannot be measured here; empty when it can. */
    static Optional<String> missing() {
        return Tools.find("gcc").isPresent() && Files.exists(HEADER)
                ? Optional.empty()
                : Optional.of("librdkafka: gcc and librdkafka-dev are not both installed");
    }

    static RdkafkaRunner compile(Source source) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("millrace-rdkafka");
        var made = new RdkafkaRunner(source, folder);
        Path code = folder.resolve("count.c");
        try (InputStream resource =
                Objects.requireNonNull(RdkafkaRunner.class.getResourceAsStream("/bench/rdkafka_count.c"))) {
            Files.copy(resource, code);
        }
        run("gcc", "-O2", "-o", made.program(), code.toString(), "-lrdkafka");
        return made;
    }

    private String program() {
        return folder.resolve("count").toString();
    }

    @Override
    public Pass pass() throws IOException, InterruptedException {
        String said = run(
                program(),
                source.bootstrapServers(),
                source.topic(),
                Integer.toString(DataSet.PARTITIONS),
                Integer.toString(source.records()));
        String[] words = said.strip().split(" ", -1);
        return new Pass(Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command[0] + " failed");
        }
        return said;
    }

    @Override
    public void close() {
        try {
            Folders.delete(folder);
        } catch (IOException stays) {
            throw new java.io.UncheckedIOException(stays);
        }
    }
}
