package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Dockerfile's steps as far as they run cheaply without Docker. */
class DockerStepsTest {
    private static final Path STEPS = Path.of("docker/steps.sh").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void dockerfile_callsOnlyStepsThatExist() throws Exception {
        String steps = Files.readString(STEPS);
        Matcher called = Pattern.compile("steps\\.sh\"?,? \"?(\\w+)")
                .matcher(Files.readString(Path.of("Dockerfile")).replaceAll("(?m)^#.*", ""));
        List<String> names = new ArrayList<>();
        while (called.find()) {
            names.add(called.group(1));
            assertTrue(steps.contains("\n" + called.group(1) + "() {"), called.group(1));
        }
        assertEquals(List.of("build", "layout", "train", "health", "run"), names);
    }

    @Test
    void layoutAndRun_makeAFolderThatStartsTheProgram() throws Exception {
        Path source = folder.resolve("source");
        for (String file : List.of("target/millrace.jar", "target/lib/a.jar")) {
            Files.createDirectories(source.resolve(file).getParent());
            Files.writeString(source.resolve(file), "jar");
        }
        for (String file : List.of("src/main/launch/jvm.args", "docker/steps.sh")) {
            Files.createDirectories(source.resolve(file).getParent());
            Files.copy(Path.of(file), source.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Path app = folder.resolve("app");
        assertEquals(0, steps("layout", source.toString(), app.toString()).exitCode());
        assertTrue(Files.exists(app.resolve("lib/a.jar")));

        Shell.script(folder.resolve("jdk/bin/java"), "printf '%s\\n' \"$@\"\n");
        List<String> command = List.of(app.resolve("steps.sh").toString(), "run", app.toString(), "serve", "a b");
        Map<String, String> environment = Map.of(
                "PATH", "/usr/bin:/bin", "JAVA_HOME", folder.resolve("jdk").toString());
        List<String> expected = List.of("@" + app + "/jvm.args", "-jar", app + "/millrace.jar", "serve", "a b");
        assertEquals(
                expected, Shell.run(folder, environment, command).out().lines().toList());

        Files.writeString(app.resolve("millrace.aot"), "cache");
        List<String> cached =
                Shell.run(folder, environment, command).out().lines().toList();
        assertEquals("-XX:AOTCache=" + app + "/millrace.aot", cached.getFirst());
        assertEquals(expected, cached.subList(1, cached.size()));
    }

    @Test
    void health_followsTheAnswerOfTheManagementPort() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        String port = Integer.toString(server.getAddress().getPort());
        int[] status = {200};
        server.createContext("/health/live", exchange -> {
            exchange.sendResponseHeaders(status[0], -1);
            exchange.close();
        });
        server.start();
        try {
            assertEquals(0, steps("health", port).exitCode());
            status[0] = 503;
            assertNotEquals(0, steps("health", port).exitCode());
        } finally {
            server.stop(0);
        }
        assertNotEquals(0, steps("health", port).exitCode());
    }

    @Test
    void unknownStep_isWrongUse() throws Exception {
        Shell.Result result = steps("bild");
        assertEquals(2, result.exitCode());
        assertFalse(result.err().isBlank());
    }

    private Shell.Result steps(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(STEPS.toString()));
        command.addAll(List.of(arguments));
        return Shell.run(folder, Map.of("PATH", "/usr/bin:/bin"), command);
    }
}
