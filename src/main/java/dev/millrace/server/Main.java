package dev.millrace.server;

import dev.millrace.codec.RecordRules;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.check.ContractCheck;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.ProblemException;
import dev.millrace.security.NewKey;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

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
            case Command.Check(List<Path> paths, FaultReport report) -> {
                ContractCheck.Result result = ContractCheck.check(paths, RecordRules::faults, Main::policyFaults);
                out.print(report.write(result, version()));
                yield result.count(Severity.ERROR) == 0 ? ExitCode.FINE : ExitCode.ANSWER_IS_NO;
            }
            case Command.Diff diff -> new DiffRun(diff, out, err).run();
            case Command.Infer infer -> new InferRun(infer, System.in, out, err).run();
            case Command.Accept accept -> new AcceptRun(accept, out, err).run();
            case Command.MakeKey(String name, List<String> roles, String purpose) -> {
                NewKey made = NewKey.of(name, roles, Optional.of(purpose).filter(text -> !text.isEmpty()));
                out.println("The key, which is shown this once:\n\n" + made.key());
                out.println("\nIts line for the file of security.keys:\n\n" + made.line());
                yield ExitCode.FINE;
            }
            case Command.Explain explain -> new ExplainRun(explain, out, err).run();
            case Command.Store store -> new StoreRun(store, out, err).run();
            case Command.Demo demo -> untilTold(err, new Stop(), stop -> new DemoRun(demo, out, stop).run());
            case Command.Serve serve -> untilTold(err, new Stop(), stop -> new ServeRun(serve, out, stop).run());
        };
    }

    private static List<Fault> policyFaults(Mesh mesh) {
        return mesh.products().stream()
                .flatMap(product ->
                        ProductRegistry.faults(product, MillraceServer.schema(product), mesh.policies(product.domain()))
                                .stream())
                .toList();
    }

    /** Runs until the process is told to end: the shutdown hook then says so, and waits until the run has ended. */
    static ExitCode untilTold(PrintStream err, Stop stop, Consumer<Stop> run) {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(stop::close));
        try {
            run.accept(stop);
            return ExitCode.FINE;
        } catch (ProblemException | CompletionException failure) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (!(cause instanceof ProblemException expected)) {
                throw failure;
            }
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
            return ExitCode.CANNOT_START;
        } finally {
            stop.ended(); // whatever failed: the shutdown hook waits for it
        }
    }

    /** The jar's version; classes outside a jar have none. */
    private static String version() {
        return Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                .orElse("(not from a jar)");
    }
}
