package dev.millrace.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A server in a process of its own, to be killed; standard output goes on being read until it ends. */
public record ChildServer(Process process, int httpPort, int managementPort, int flightPort) implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("^(HTTP|management|Flight) +\\S+:(\\d+)$");

    /** Starts {@code serve} with a configuration file and waits until it listens; log lines go to {@code log}. */
    public static ChildServer start(Path configuration, Path log) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        try (Stream<String> flags = Files.lines(root().resolve("src/main/launch/jvm.args"))) {
            flags.filter(flag -> !flag.isBlank()).forEach(command::add);
        }
        command.addAll(List.of(
                "-Dlogback.configurationFile=logback.xml", // not the tests' own, which is quieter
                "-cp",
                System.getProperty("java.class.path"),
                "dev.millrace.server.Main",
                "serve",
                "--config",
                configuration.toString()));
        return start(new ProcessBuilder(command), log);
    }

    /** The same as a user does, by the launcher. */
    public static ChildServer launch(Path configuration, Path log, String javaOptions) throws IOException {
        var builder = new ProcessBuilder(
                root().resolve("millrace").toString(), "serve", "--config", configuration.toString());
        builder.environment().put("MILLRACE_JAVA_OPTS", javaOptions);
        return start(builder, log);
    }

    private static ChildServer start(ProcessBuilder builder, Path log) throws IOException {
        Process process = builder.redirectErrorStream(true).start();
        int http = 0;
        int management = 0;
        int flight = 0;
        var output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var seen = new StringBuilder();
        while (management == 0) {
            String line = output.readLine();
            if (line == null) {
                throw new AssertionError("the server ended: " + seen);
            }
            seen.append(line).append('\n');
            Matcher port = PORT.matcher(line);
            if (port.matches()) {
                int number = Integer.parseInt(port.group(2));
                switch (port.group(1)) {
                    case "HTTP" -> http = number;
                    case "Flight" -> flight = number;
                    default -> management = number;
                }
            }
        }
        Thread.ofPlatform().daemon().name("child-output").start(() -> {
            try (output;
                    var file = Files.newBufferedWriter(
                            log, java.nio.file.StandardOpenOption.CREATE, java.nio.file.StandardOpenOption.APPEND)) {
                file.write(seen.toString());
                String line;
                while ((line = output.readLine()) != null) {
                    file.write(line + "\n");
                    file.flush();
                }
            } catch (IOException ended) {
                // The process was killed: there is nothing more to copy.
            }
        });
        return new ChildServer(process, http, management, flight);
    }

    /** The checkout that the tests' classes were compiled in, whatever the current folder. */
    public static Path root() {
        Path classes = Path.of(URI.create(ChildServer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
        return java.util.Objects.requireNonNull(
                classes.toAbsolutePath().resolve("../..").normalize());
    }

    /** Ends it as {@code kill -9} does. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends it as Ctrl-C or a container does. */
    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}
