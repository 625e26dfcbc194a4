package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The {@code millrace} script over a copy of its files, with a JDK and a Maven that only say how they were called. */
class LauncherTest {
    private static final String PATH = "/usr/bin:/bin";

    @TempDir
    Path folder;

    private Path root;
    private Path jdk;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void copyTheScriptAndFakeTheRest() throws IOException {
        root = folder.resolve("a clone");
        for (String file : List.of("millrace", ".mvn/jdk.sh", "src/main/launch/jvm.args")) {
            Files.createDirectories(root.resolve(file).getParent());
            Files.copy(Path.of(file), root.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createDirectories(root.resolve("src/main/java"));
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        Shell.script(root.resolve("mvnw"), """
                echo "noise"; echo "WARNING: noise" >&2
                echo "$*" >>"$(dirname "$0")/target/calls"
                [ ! -e "$(dirname "$0")/broken" ] || exit 1
                mkdir -p "$(dirname "$0")/target/lib"
                : >"$(dirname "$0")/target/millrace.jar"
                echo some.jar >"$(dirname "$0")/target/test-classpath.txt"
                """);
        jdk = jdk("jdk 25", "25.0.1");
        environment.putAll(Map.of("PATH", PATH, "HOME", folder.toString(), "JAVA_HOME", jdk.toString()));
    }

    @Test
    void run_withoutAJar_buildsOnceWithOneLineAndPassesTheArguments() throws Exception {
        Shell.Result first = launch("demo", "--data-dir", "a b", "");
        assertEquals(0, first.exitCode(), first.err());
        assertEquals(1, first.err().lines().count(), first.err());
        assertTrue(first.err().startsWith("building ..."), first.err());
        assertEquals(
                List.of(
                        "@" + root + "/src/main/launch/jvm.args",
                        "-jar",
                        root + "/target/millrace.jar",
                        "demo",
                        "--data-dir",
                        "a b",
                        ""),
                Arrays.asList(first.out().split("\n", -1)).subList(0, 7));

        Shell.Result second = launch("demo");
        assertEquals("", second.err());
        assertEquals(List.of("-q -B package -Dmaven.test.skip=true"), Files.readAllLines(root.resolve("target/calls")));
    }

    @Test
    void run_withANewerSource_buildsAgain() throws Exception {
        launch("--version");
        Path source = Files.writeString(root.resolve("src/main/java/A.java"), "class A {}");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
        assertEquals("building ...\n", launch("--version").err());
        assertEquals(2, Files.readAllLines(root.resolve("target/calls")).size());
    }

    @Test
    void run_whenTheBuildFails_showsItAndCannotStart() throws Exception {
        Files.writeString(root.resolve("broken"), "");
        Shell.Result result = launch("demo");
        assertEquals(3, result.exitCode());
        assertTrue(result.err().contains("WARNING: noise"), result.err());
        assertEquals("", result.out());
        Files.delete(root.resolve("broken"));
        assertEquals(0, launch("demo").exitCode());
    }

    @Test
    void run_throughLinksFromElsewhere_findsItsRoot() throws Exception {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("one"), Path.of("../a clone/millrace"));
        Files.createSymbolicLink(bin.resolve("two"), bin.resolve("one"));
        Shell.Result result =
                Shell.run(Path.of("/"), environment, List.of(bin.resolve("two").toString(), "x"));
        assertEquals(0, result.exitCode(), result.err());
        assertTrue(result.out().contains(root + "/target/millrace.jar"), result.out());
    }

    @Test
    void run_withJavaOptions_addsThemAfterItsOwn() throws Exception {
        environment.put("MILLRACE_JAVA_OPTS", "-Xmx2g -Da=b");
        List<String> said = launch("demo").out().lines().toList();
        assertEquals(List.of("-Xmx2g", "-Da=b", "-jar"), said.subList(1, 4));
    }

    @Test
    void run_withACacheOfThisBuild_startsFromIt_withAnOlderOne_doesNot() throws Exception {
        launch("serve");
        Path cache = Files.writeString(root.resolve("target/millrace.aot"), "cache");
        assertEquals(
                List.of("-XX:AOTCache=" + cache, "-jar", root + "/target/millrace.jar", "serve"),
                launch("serve").out().lines().skip(1).toList());
        Files.setLastModifiedTime(cache, FileTime.from(Instant.now().minusSeconds(60)));
        assertEquals("-jar", launch("serve").out().lines().toList().get(1));
    }

    @ParameterizedTest
    @CsvSource({"bench, BenchMain", "prove, ProveMain"})
    void benchAndProve_runTheirMainsOnTheTestClassPath(String word, String main) throws Exception {
        List<String> said = launch(word, "http").out().lines().toList();
        assertEquals(
                List.of(
                        "-Dmillrace.test.log=" + root + "/target/" + word + ".log",
                        "-cp",
                        root + "/target/test-classes:" + root + "/target/classes:some.jar",
                        "dev.millrace.bench." + main,
                        "http"),
                said.subList(1, said.size()));
    }

    @Test
    void jdk_javaHomeTooOld_isPassedOver() throws Exception {
        environment.put("JAVA_HOME", jdk("jdk17", "17.0.15").toString());
        environment.put("PATH", jdk.resolve("bin") + ":" + PATH);
        assertEquals(jdk.toString(), found());
    }

    @Test
    void jdk_aRuntimeWithoutCompiler_isPassedOver() throws Exception {
        Path runtime = jdk("jre", "25");
        Files.delete(runtime.resolve("bin/javac"));
        environment.put("JAVA_HOME", runtime.toString());
        environment.put("PATH", jdk.resolve("bin") + ":" + PATH);
        assertEquals(jdk.toString(), found());
    }

    @Test
    void jdk_nowhereSet_isFoundInTheUsualFoldersOrNamedInOneLine() throws Exception {
        environment.remove("JAVA_HOME");
        Shell.Result result = Shell.run(
                root,
                environment,
                List.of("/bin/sh", "-c", ". .mvn/jdk.sh; grep JAVA_VERSION= \"$JAVA_HOME/release\""));
        if (result.exitCode() == 0) {
            String release = result.out().replaceAll("\\D*(\\d+).*\\s*", "$1");
            assertTrue(Integer.parseInt(release) >= 25, result.out());
        } else {
            assertEquals(3, result.exitCode());
            assertEquals(1, result.err().lines().count(), result.err());
        }
    }

    @Test
    void flags_ofPomAndScript_areTheSame() throws Exception {
        String pom = Files.readString(Path.of("pom.xml"));
        String flags = pom.substring(pom.indexOf("<jvm.flags>") + 11, pom.indexOf("</jvm.flags>"));
        List<String> script = Files.readAllLines(Path.of("src/main/launch/jvm.args"));
        assertFalse(flags.isBlank());
        assertTrue(script.containsAll(List.of(flags.split(" "))), flags);
    }

    private Shell.Result launch(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("./millrace"));
        command.addAll(List.of(arguments));
        return Shell.run(root, environment, command);
    }

    private String found() throws Exception {
        Shell.Result result =
                Shell.run(root, environment, List.of("/bin/sh", "-c", ". .mvn/jdk.sh; printf %s \"$JAVA_HOME\""));
        assertEquals(0, result.exitCode(), result.err());
        return result.out();
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        Shell.script(home.resolve("bin/javac"), "exit 0\n");
        Shell.script(home.resolve("bin/java"), "printf '%s\\n' \"$@\"\n");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
        return home;
    }
}
