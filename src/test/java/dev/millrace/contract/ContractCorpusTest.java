package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Problem.InvalidContract;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Reads every contract that a folder beside the repository holds: each is read or refused with its faults. */
class ContractCorpusTest {
    private static final Path FOLDER = Path.of(System.getProperty("millrace.contracts", "../shared/contracts"));

    @Test
    void read_everyRealContract_givesAContractOrItsFaults() throws IOException {
        Assumptions.assumeTrue(
                Files.isDirectory(FOLDER.resolve("odcs")),
                "Skipped: there is no folder " + FOLDER
                        + " with real contracts; -Dmillrace.contracts=FOLDER names one.");
        List<String> lines = Files.readAllLines(FOLDER.resolve("manifest.tsv"));
        int valid = 0;
        int read = 0;
        for (String line : lines.subList(1, lines.size())) {
            List<String> cells = List.of(line.split("\t", -1));
            Optional<List<Fault>> refused = faults(FOLDER.resolve(cells.get(0)));
            boolean isValid = cells.get(6).equals("valid");
            valid += isValid ? 1 : 0;
            read += isValid && refused.isEmpty() ? 1 : 0;
            if (Boolean.getBoolean("millrace.print") && refused.isPresent()) {
                refused.get().stream()
                        .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                        .forEach(fault -> System.out.println((isValid ? "VALID " : "") + fault));
            }
        }
        assertTrue(
                valid > 100 && read * 10 >= valid * 9, "of " + valid + " valid contracts " + read + " can be served");
    }

    private static Optional<List<Fault>> faults(Path file) {
        try {
            Contract contract = ContractReader.read(file);
            assertEquals(file.toString(), contract.file());
            return Optional.empty();
        } catch (ProblemException e) {
            Problem problem = e.problem();
            List<Fault> faults = ((InvalidContract) problem).faults();
            assertTrue(
                    faults.stream().anyMatch(fault -> fault.severity() == Fault.Severity.ERROR),
                    file + " is refused without an error");
            return Optional.of(faults);
        }
    }
}
