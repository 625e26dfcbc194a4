package dev.millrace.bench;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Starts a main of the class path in a JVM with the flags of this one, but not its heap and agents. */
public final class ChildJvm {
    private ChildJvm() {}

    /**
     * The running child; its standard error goes to its standard output.
     *
     * @param before libraries that come before this JVM's class path
     */
    public static Process start(List<String> flags, List<Path> before, Class<?> main, List<String> arguments)
            throws IOException {
        String classPath = Stream.concat(
                        before.stream().map(Path::toString), Stream.of(System.getProperty("java.class.path")))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("--")
                        || flag.startsWith("-Darrow")
                        || flag.startsWith("-XX:+Use")
                        || flag.startsWith("-XX:G1")
                        || flag.startsWith("-XX:MaxDirectMemorySize"))
                .forEach(command::add);
        command.addAll(flags);
        command.addAll(List.of("-cp", classPath, main.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
