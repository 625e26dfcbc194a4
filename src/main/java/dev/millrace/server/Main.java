package dev.millrace.server;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;

/** The program: reads the command line, runs the command and ends with its exit code. */
public final class Main {
    private Main() {}

    /** Runs the command that the arguments name. */
    @SuppressWarnings("SystemOut")
    public static void main(String[] arguments) {
        ExitCode code = run(List.of(arguments), System.out, System.err);
        if (code != ExitCode.FINE) {
            System.exit(code.code());
        }
    }

    static ExitCode run(List<String> arguments, PrintStream out, PrintStream err) {
        return switch (CommandLine.parse(arguments)) {
            case Command.Help _ -> {
                out.print(CommandLine.USAGE);
                yield ExitCode.FINE;
            }
            case Command.Version _ -> {
                out.println("millrace " + version());
                yield ExitCode.FINE;
            }
            case Command.WrongUse(List<String> faults) -> {
                faults.forEach(fault -> err.println("millrace: " + fault));
                err.print(CommandLine.USAGE);
                yield ExitCode.WRONG_USE;
            }
            case Command.Demo demo -> {
                err.println(
                        "millrace: the server is not part of this build, so there is no demo in " + demo.dataFolder());
                yield ExitCode.CANNOT_START;
            }
            case Command.Serve serve -> {
                err.println("millrace: the server is not part of this build, so " + serve.config() + " is not read");
                yield ExitCode.CANNOT_START;
            }
        };
    }

    /** The jar's version; classes outside a jar have none. */
    private static String version() {
        return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                .orElse("(not from a jar)");
    }
}
