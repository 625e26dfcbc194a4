package dev.millrace.server;

import dev.millrace.contract.Contract;
import dev.millrace.contract.ContractReader;
import dev.millrace.contract.evolution.Evolution;
import dev.millrace.contract.evolution.EvolutionReport;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Compares two contracts, or the contracts of two folders by their relative paths. */
record DiffRun(Command.Diff diff, PrintStream out, PrintStream err) {
    private static final String CONTRACT = ".*\\.odcs\\.(yaml|yml|json)";

    /** Prints the report; {@link ExitCode#ANSWER_IS_NO} when a change breaks somebody, or a contract cannot be read. */
    ExitCode run() {
        for (Path path : List.of(diff.before(), diff.after())) {
            if (!Files.exists(path)) {
                err.println("millrace: there is no file or folder '" + path + "'");
                return ExitCode.WRONG_USE;
            }
        }
        if (Files.isDirectory(diff.before()) != Files.isDirectory(diff.after())) {
            err.println("millrace: expected two contract files or two folders");
            return ExitCode.WRONG_USE;
        }
        try {
            return Files.isDirectory(diff.before()) ? folders() : report(List.of(pair(diff.before(), diff.after())), 0);
        } catch (ProblemException unreadable) {
            unreadable.problem().detail().lines().forEach(err::println);
            return ExitCode.ANSWER_IS_NO;
        } catch (IOException failure) {
            err.println("millrace: " + failure);
            return ExitCode.WRONG_USE;
        }
    }

    private ExitCode folders() throws IOException {
        Map<String, Path> old = contracts(diff.before());
        Map<String, Path> now = contracts(diff.after());
        List<Evolution> evolutions = new ArrayList<>();
        int removed = 0;
        for (Map.Entry<String, Path> entry : old.entrySet()) {
            Path after = now.get(entry.getKey());
            if (after == null) {
                err.println("millrace: " + entry.getKey() + " is removed, which breaks producers and consumers");
                removed++;
            } else {
                evolutions.add(pair(entry.getValue(), after));
            }
        }
        now.keySet().stream()
                .filter(name -> !old.containsKey(name))
                .forEach(name -> err.println("millrace: " + name + " is new"));
        return report(evolutions, removed);
    }

    private ExitCode report(List<Evolution> evolutions, int removed) {
        out.print(EvolutionReport.of(evolutions, diff.format()));
        return removed > 0 || evolutions.stream().anyMatch(Evolution::breaks) ? ExitCode.ANSWER_IS_NO : ExitCode.FINE;
    }

    private static Evolution pair(Path before, Path after) {
        Contract old = ContractReader.read(before);
        return Evolution.between(old, ContractReader.read(after));
    }

    private static Map<String, Path> contracts(Path folder) throws IOException {
        Map<String, Path> contracts = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(file -> file.getFileName().toString().matches(CONTRACT))
                    .forEach(file -> contracts.put(folder.relativize(file).toString(), file));
        }
        return contracts;
    }
}
