package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.codec.RecordRules;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.JsonTree;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.contract.check.ContractCheck;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Problem.InvalidContract;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every contract that a folder beside the repository holds: its verdict, its round trip, and whether it is served. */
class ContractCorpusTest {
    private static final Path FOLDER = Path.of(System.getProperty("millrace.contracts", "../shared/contracts"));
    private static final Path OURS = Path.of("src/test/resources/contracts/verdicts.tsv");

    private List<List<String>> manifest = List.of();

    @BeforeEach
    void readManifest() throws IOException {
        Assumptions.assumeTrue(
                Files.isDirectory(FOLDER.resolve("odcs")),
                "Skipped: there is no folder " + FOLDER
                        + " with real contracts; -Dmillrace.contracts=FOLDER names one.");
        manifest = table(FOLDER.resolve("manifest.tsv"));
    }

    private static List<List<String>> table(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .skip(1)
                .map(line -> List.of(line.split("\t", -1)))
                .toList();
    }

    @Test
    void check_everyRealContract_givesItsVerdictOrOneThatHasAReason() throws IOException {
        Map<String, String> ours =
                table(OURS).stream().collect(Collectors.toMap(cells -> cells.get(0), cells -> cells.get(1)));
        List<String> wrong = new ArrayList<>();
        Map<String, List<Fault>> errors = ContractCheck.check(
                        manifest.stream()
                                .map(cells -> FOLDER.resolve(cells.get(0)))
                                .toList(),
                        RecordRules::faults,
                        mesh -> List.of())
                .faults()
                .stream()
                .filter(fault -> fault.severity() == Severity.ERROR)
                .collect(Collectors.groupingBy(Fault::file));
        for (List<String> cells : manifest) {
            List<Fault> found = errors.getOrDefault(FOLDER.resolve(cells.get(0)).toString(), List.of());
            String verdict = cells.get(6).equals("valid") ? "valid" : "invalid";
            String expected = ours.getOrDefault(cells.get(0), verdict);
            String given = found.isEmpty() ? "valid" : "invalid";
            if (!given.equals(expected)) {
                wrong.add(cells.get(0) + ": expected " + expected + ", found " + found);
            }
        }
        assertEquals(List.of(), wrong);
    }

    /** Files with their verdict by the JSON Schema: those of the corpus, then those that were found later. */
    private List<List<String>> everyFile() throws IOException {
        return Stream.concat(
                        manifest.stream().map(cells -> List.of(cells.get(0), cells.get(6))),
                        table(FOLDER.resolve("more/manifest.tsv")).stream()
                                .map(cells -> List.of("more/" + cells.get(0), cells.get(5))))
                .toList();
    }

    @Test
    void serve_everyValidContract_givesItsProductsOrAReasonThatItsOwnerAccepts(@TempDir Path folder)
            throws IOException {
        Path file = Files.createDirectories(folder.resolve("domains/d")).resolve("c.odcs.yaml");
        List<String> wrong = new ArrayList<>();
        int products = 0;
        for (List<String> cells : everyFile()) {
            Files.copy(FOLDER.resolve(cells.get(0)), file, StandardCopyOption.REPLACE_EXISTING);
            Mesh mesh = MeshReader.readSound(folder);
            products += mesh.products().size();
            int objects = JsonTree.of(
                            YamlReader.read(file, new Faults()).orElseThrow().root())
                    .path("schema")
                    .size();
            if (mesh.broken().isEmpty() && mesh.products().size() != objects) {
                wrong.add(cells.get(0) + ": " + objects + " objects, products " + mesh.products());
            }
            mesh.broken().stream()
                    .flatMap(broken -> broken.faults().stream())
                    .filter(fault -> cells.get(1).equals("valid")
                            && ACCEPTABLE.stream()
                                    .noneMatch(reason -> fault.message().startsWith(reason)))
                    .forEach(fault -> wrong.add(cells.get(0) + ": " + fault));
            boolean silent = mesh.broken().isEmpty()
                    && mesh.warnings().stream()
                            .allMatch(warning -> warning.path().equals("domain"));
            List<Fault> said = ContractCheck.check(List.of(file), RecordRules::faults, whole -> List.of())
                    .faults();
            if (said.isEmpty() && !silent) {
                wrong.add(cells.get(0) + ": check passes, serving says " + mesh.warnings() + mesh.broken());
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(products > 250, "products: " + products);
    }

    /** The file says too little of what a column holds, or nothing that has columns. */
    private static final List<String> ACCEPTABLE = List.of(
            "An object needs properties",
            "An array needs items",
            "A map needs map",
            "A product needs at least one property",
            "A product has a schema object, this contract has none",
            "The name 'customers' stands here a second time",
            "The key 'id' is empty");

    @Test
    void json_ofEveryRealContract_readsBackTheSame() {
        for (List<String> cells : manifest) {
            Faults faults = new Faults();
            Path file = FOLDER.resolve(cells.get(0));
            JsonNode json =
                    JsonTree.of(YamlReader.read(file, faults).orElseThrow().root());
            JsonNode again = JsonTree.of(YamlReader.parse("again", json.toString(), faults)
                    .orElseThrow()
                    .root());
            assertEquals(json, again, file.toString());
            assertEquals(List.of(), faults.all());
        }
    }

    @Test
    void read_everyRealContract_givesAContractOrItsFaults() {
        int valid = 0;
        int readValid = 0;
        int invalid = 0;
        int readInvalid = 0;
        for (List<String> cells : manifest) {
            Optional<List<Fault>> refused = faults(FOLDER.resolve(cells.get(0)));
            boolean isValid = cells.get(6).equals("valid");
            valid += isValid ? 1 : 0;
            readValid += isValid && refused.isEmpty() ? 1 : 0;
            invalid += isValid ? 0 : 1;
            readInvalid += !isValid && refused.isEmpty() ? 1 : 0;
            if (Boolean.getBoolean("millrace.print") && refused.isPresent()) {
                refused.get().stream()
                        .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                        .forEach(fault -> System.out.println((isValid ? "VALID " : "") + fault));
            }
        }
        String figures =
                "read of the valid " + readValid + " of " + valid + ", of the others " + readInvalid + " of " + invalid;
        if (Boolean.getBoolean("millrace.print")) {
            System.out.println(figures);
        }
        assertTrue(valid > 100 && readValid * 10 >= valid * 9 && readInvalid * 2 >= invalid, figures);
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
