package dev.millrace.server;

import dev.millrace.problem.ProblemException;
import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;

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
                var run = new DemoRun(demo, out);
                yield guarded(err, run, run::run);
            }
            case Command.Serve serve -> {
                var run = new ServeRun(serve, out);
                yield guarded(err, run, run::run);
            }
        };
    }

    /** Runs until the process is told to end; the shutdown hook then closes {@code run} and waits for it. */
    private static ExitCode guarded(PrintStream err, AutoCloseable run, Runnable body) {
        Thread hook = Thread.ofPlatform().name("shutdown").unstarted(() -> {
            try {
                run.close();
            } catch (Exception failure) {
                err.println("millrace: " + failure);
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            body.run();
            return ExitCode.FINE;
        } catch (ProblemException | CompletionException failure) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (!(cause instanceof ProblemException expected)) {
                throw failure;
            }
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
            return ExitCode.CANNOT_START;
        }
    }

    /** The jar's version; classes outside a jar have none. */
    private static String version() {
        return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                .orElse("(not from a jar)");
    }
}
