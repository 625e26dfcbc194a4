package dev.millrace.bench.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes a child's output into a file, and finds the ports that it names. */
final class ChildOutput {
    private static final long PATIENCE_SECONDS = 120;

    private ChildOutput() {}

    /** The ports named by lines {@code NAME host:port}, in the order of {@code names}. Blocks until all are named. */
    static List<Integer> ports(Process process, Path log, List<String> names) {
        List<CompletableFuture<Integer>> found =
                names.stream().map(name -> new CompletableFuture<Integer>()).toList();
        Thread.ofPlatform().daemon().name("child-output").start(() -> copy(process, log, names, found));
        return found.stream()
                .map(port -> port.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join())
                .toList();
    }

    private static void copy(Process process, Path log, List<String> names, List<CompletableFuture<Integer>> found) {
        List<Pattern> patterns = names.stream()
                .map(name -> Pattern.compile("^" + Pattern.quote(name) + " +\\S+:(\\d+)$"))
                .toList();
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
                var file = Files.newBufferedWriter(log)) {
            for (String line : (Iterable<String>) output.lines()::iterator) {
                file.write(line + "\n");
                file.flush();
                for (int i = 0; i < patterns.size(); i++) {
                    Matcher port = patterns.get(i).matcher(line);
                    if (port.matches()) {
                        found.get(i).complete(Integer.parseInt(port.group(1)));
                    }
                }
            }
        } catch (IOException | UncheckedIOException ended) {
            found.forEach(port -> port.completeExceptionally(ended));
        }
        found.forEach(port ->
                port.completeExceptionally(new IllegalStateException("the child ended; its output is in " + log)));
    }
}
