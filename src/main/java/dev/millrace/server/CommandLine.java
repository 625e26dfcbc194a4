package dev.millrace.server;

import dev.millrace.contract.evolution.EvolutionReport;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads the command line: options as {@code --name value} or {@code --name=value}, each at most once, and all faults
 * together.
 */
final class CommandLine {
    static final String USAGE = """
            Usage: millrace COMMAND [OPTIONS]

              demo                   a Kafka broker, a small mesh of real data and the server, all on this machine
                --port N             HTTP port (8080; 0 picks a free one, as for the next two)
                --flight-port N      Flight port (8815)
                --management-port N  health and metrics port (8081)
                --data-dir FOLDER    where everything is kept (millrace-data)
                --records N          publish at most N flights (200000)
              check PATH...          contracts and products, or folders of them: all their faults
                --format FORMAT      text, json or sarif (text)
              serve                  a mesh on any Kafka
                --config FILE        its settings (millrace.yaml)
              diff OLD NEW           what changes from one contract to another, or between two folders of them, and whom
                                     it breaks
                --format FORMAT      text, json or markdown (text)
              contract infer FILE    drafts a contract from records: lines of JSON or an array; - is standard input
                --topic NAME         from a topic instead of a file
                --bootstrap-servers HOST:PORT  its brokers (localhost:9092)
                --records N          look at the first N (10000)
                --domain NAME, --name NAME     what the contract is for
                --output FILE        a new file (standard output)
              contract accept DOMAIN.PRODUCT  takes a contract that was refused since it breaks somebody; says what that does
                --config FILE        the server's settings (millrace.yaml)
                --yes                do it
              store verify|stat|compact DIR  a data folder or a part of it: are its files whole, what is in it, merge
                                     its files and leave out rows that nobody can see
              store rebuild DIR      forgets the rows in it, so that the next start reads them from Kafka
                --yes                it cannot be undone
              store backup DIR TO, store restore FROM DIR
                                     copies a data folder to a new or empty one; a server may run on DIR of a backup
              policy explain DOMAIN.PRODUCT  what somebody sees of a product, and by which grants
                --as FILE            who: {"name","roles","claims","purpose"}
                --config FILE        the server's settings (millrace.yaml)
              key new NAME           makes a key for who asks, and the line of it for the file of security.keys
                --role ROLE,ROLE     what it may be granted
                --purpose PURPOSE    what it reads for
              train                  keeps what a start loads, for quicker ones; this and the next only through ./millrace
              bench NAME             a benchmark
              prove NAME             a long proof: kill, crash, soak, fuzz, differential
                --seed N             again as it was then
              --help, --version

            Exit codes: 0 fine, 1 the answer is 'no', 2 wrong use, 3 cannot start.
            """;

    private static final Set<String> DEMO_OPTIONS =
            Set.of("--port", "--flight-port", "--management-port", "--data-dir", "--records");
    private static final Set<String> FORMAT_OPTION = Set.of("--format");
    private static final Set<String> SERVE_OPTIONS = Set.of("--config");

    private static final Set<String> INFER_OPTIONS =
            Set.of("--topic", "--bootstrap-servers", "--records", "--domain", "--name", "--output");

    private final Map<String, String> options = new HashMap<>();
    private final List<String> operands = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();

    private CommandLine() {}

    /** The command that the arguments ask for; {@link Command.WrongUse} when they are wrong. */
    static Command parse(List<String> arguments) {
        if (arguments.contains("--help") || arguments.contains("-h")) {
            return new Command.Help();
        }
        if (arguments.isEmpty()) {
            return new Command.WrongUse(List.of("a command is missing"));
        }
        List<String> rest = arguments.subList(1, arguments.size());
        return switch (arguments.getFirst()) {
            case "help" -> new Command.Help();
            case "version", "--version" -> new Command.Version();
            case "demo" -> new CommandLine().demo(rest);
            case "check" -> new CommandLine().check(rest);
            case "serve" -> new CommandLine().serve(rest);
            case "diff" -> new CommandLine().diff(rest);
            case "store" -> new CommandLine().store(rest);
            case "key" -> new CommandLine().key(rest);
            case "policy" -> new CommandLine().policy(rest);
            case "contract" -> new CommandLine().contract(rest);
            default -> new Command.WrongUse(List.of("there is no command '" + arguments.getFirst() + "'"));
        };
    }

    private Command demo(List<String> arguments) {
        read(arguments, DEMO_OPTIONS, 0, 0);
        Command demo = new Command.Demo(
                (int) number("--port", 8080, 65_535),
                (int) number("--flight-port", 8815, 65_535),
                (int) number("--management-port", 8081, 65_535),
                path("--data-dir", "millrace-data"),
                number("--records", 200_000, Long.MAX_VALUE));
        return faults.isEmpty() ? demo : new Command.WrongUse(faults);
    }

    private Command check(List<String> arguments) {
        read(arguments, FORMAT_OPTION, 1, Integer.MAX_VALUE);
        FaultReport report = choice("--format", FaultReport.values());
        List<Path> paths = operands.stream()
                .flatMap(operand -> asPath("a path", operand).stream())
                .toList();
        return faults.isEmpty() ? new Command.Check(paths, report) : new Command.WrongUse(faults);
    }

    private Command serve(List<String> arguments) {
        read(arguments, SERVE_OPTIONS, 0, 0);
        Command serve = new Command.Serve(path("--config", "millrace.yaml"));
        return faults.isEmpty() ? serve : new Command.WrongUse(faults);
    }

    private Command diff(List<String> arguments) {
        read(arguments, FORMAT_OPTION, 2, 2);
        EvolutionReport.Format format = choice("--format", EvolutionReport.Format.values());
        List<Path> paths =
                operands.stream().map(operand -> path("a path", operand)).toList();
        return faults.isEmpty()
                ? new Command.Diff(paths.getFirst(), paths.getLast(), format)
                : new Command.WrongUse(faults);
    }

    private Command contract(List<String> arguments) {
        if (!arguments.isEmpty() && arguments.getFirst().equals("accept")) {
            return accept(new ArrayList<>(arguments.subList(1, arguments.size())));
        }
        if (arguments.isEmpty() || !arguments.getFirst().equals("infer")) {
            return new Command.WrongUse(List.of("after 'contract' comes 'infer' or 'accept'"));
        }
        read(arguments.subList(1, arguments.size()), INFER_OPTIONS, 0, 1);
        if (operands.size() <= 1 && operands.isEmpty() != options.containsKey("--topic")) {
            faults.add("expected either a file or --topic");
        }
        Command infer = new Command.Infer(
                operands.isEmpty() ? "" : operands.getFirst(),
                options.getOrDefault("--topic", ""),
                options.getOrDefault("--bootstrap-servers", ""),
                number("--records", 10_000, Long.MAX_VALUE),
                options.getOrDefault("--domain", ""),
                options.getOrDefault("--name", ""),
                options.getOrDefault("--output", ""));
        return faults.isEmpty() ? infer : new Command.WrongUse(faults);
    }

    private Command accept(List<String> arguments) {
        boolean yes = arguments.remove("--yes");
        read(arguments, SERVE_OPTIONS, 1, 1);
        if (operands.size() == 1 && operands.getFirst().split("\\.", -1).length != 2) {
            faults.add("expected DOMAIN.PRODUCT, found '" + operands.getFirst() + "'");
        }
        return faults.isEmpty()
                ? new Command.Accept(path("--config", "millrace.yaml"), operands.getFirst(), yes)
                : new Command.WrongUse(faults);
    }

    private Command policy(List<String> arguments) {
        if (arguments.isEmpty() || !arguments.getFirst().equals("explain")) {
            return new Command.WrongUse(List.of("after 'policy' comes 'explain'"));
        }
        read(arguments.subList(1, arguments.size()), Set.of("--config", "--as"), 1, 1);
        if (operands.size() == 1 && operands.getFirst().split("\\.", -1).length != 2) {
            faults.add("expected DOMAIN.PRODUCT, found '" + operands.getFirst() + "'");
        }
        if (!options.containsKey("--as")) {
            faults.add("--as is missing: a file such as {\"name\":\"ada\",\"roles\":[\"analyst\"],\"claims\":{}}");
        }
        return faults.isEmpty()
                ? new Command.Explain(path("--config", "millrace.yaml"), path("--as", ""), operands.getFirst())
                : new Command.WrongUse(faults);
    }

    private Command key(List<String> arguments) {
        if (arguments.isEmpty() || !arguments.getFirst().equals("new")) {
            return new Command.WrongUse(List.of("after 'key' comes 'new'"));
        }
        read(arguments.subList(1, arguments.size()), Set.of("--role", "--purpose"), 1, 1);
        List<String> roles = Arrays.stream(options.getOrDefault("--role", "").split(","))
                .map(String::strip)
                .filter(role -> !role.isEmpty())
                .toList();
        return faults.isEmpty()
                ? new Command.MakeKey(operands.getFirst(), roles, options.getOrDefault("--purpose", ""))
                : new Command.WrongUse(faults);
    }

    private Command store(List<String> arguments) {
        Optional<StoreRun.Action> action = Arrays.stream(StoreRun.Action.values())
                .filter(each -> !arguments.isEmpty() && word(each).equals(arguments.getFirst()))
                .findFirst();
        if (action.isEmpty()) {
            return new Command.WrongUse(
                    List.of("after 'store' comes verify, stat, compact, rebuild, backup or restore"));
        }
        List<String> rest = new ArrayList<>(arguments.subList(1, arguments.size()));
        boolean yes = action.get() == StoreRun.Action.REBUILD && rest.remove("--yes");
        int paths = action.get().copies() ? 2 : 1;
        read(rest, Set.of(), paths, paths);
        List<Path> found = operands.stream()
                .flatMap(operand -> asPath("a path", operand).stream())
                .toList();
        return faults.isEmpty() ? new Command.Store(action.get(), found, yes) : new Command.WrongUse(faults);
    }

    /** Reads the options and, where the command takes any, at least {@code least} and at most {@code most} operands. */
    private void read(List<String> arguments, Set<String> known, int least, int most) {
        Deque<String> left = new ArrayDeque<>(arguments);
        while (!left.isEmpty()) {
            String argument = left.pop();
            if (most > 0 && !argument.startsWith("--")) {
                operands.add(argument);
                continue;
            }
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            if (!known.contains(name)) {
                faults.add("there is no option '" + name + "'; known: " + String.join(", ", new TreeSet<>(known)));
                if (name.startsWith("--")
                        && equals < 0
                        && !left.isEmpty()
                        && !left.peek().startsWith("--")) {
                    left.pop(); // its value
                }
            } else if (equals < 0 && left.isEmpty()) {
                faults.add(name + " needs a value");
            } else if (options.put(name, equals < 0 ? left.pop() : argument.substring(equals + 1)) != null) {
                faults.add(name + " is given twice");
            }
        }
        if (operands.size() < least || operands.size() > most) {
            faults.add("expected "
                    + (least == most
                            ? "" + least
                            : most == Integer.MAX_VALUE ? "at least " + least : least + " to " + most)
                    + (most == 1 ? " path" : " paths") + ", found " + operands.size());
        }
    }

    private long number(String name, long otherwise, long max) {
        String text = options.getOrDefault(name, Long.toString(otherwise));
        Optional<Long> number = digits(text).filter(value -> value <= max);
        if (number.isEmpty()) {
            faults.add(name + " must be a whole number" + (max == Long.MAX_VALUE ? "" : " from 0 to " + max) + ", not '"
                    + text + "'");
        }
        return number.orElse(otherwise);
    }

    private static Optional<Long> digits(String text) {
        try {
            return text.chars().allMatch(c -> c >= '0' && c <= '9')
                    ? Optional.of(Long.parseLong(text))
                    : Optional.empty();
        } catch (NumberFormatException e) { // empty, or beyond a long
            return Optional.empty();
        }
    }

    /** One of the values in lower case; the first where the option is not given. */
    private <T extends Enum<T>> T choice(String name, T[] values) {
        String text = options.getOrDefault(name, word(values[0]));
        for (T value : values) {
            if (word(value).equals(text)) {
                return value;
            }
        }
        faults.add(name + " must be one of "
                + Arrays.stream(values).map(CommandLine::word).collect(Collectors.joining(", ")) + ", not '" + text
                + "'");
        return values[0];
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private Path path(String name, String otherwise) {
        return asPath(name, options.getOrDefault(name, otherwise)).orElseGet(() -> Path.of(otherwise));
    }

    private Optional<Path> asPath(String name, String text) {
        try {
            if (!text.isBlank()) {
                return Optional.of(Path.of(text));
            }
            faults.add(name + " must not be empty");
        } catch (InvalidPathException e) {
            faults.add(name + " is not a path: " + e.getReason());
        }
        return Optional.empty();
    }
}
