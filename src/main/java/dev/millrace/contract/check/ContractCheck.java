package dev.millrace.contract.check;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.config.yaml.YamlReader.Document;
import dev.millrace.contract.ContractReader;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductAssembly;
import dev.millrace.contract.ProductReader;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.check.SchemaCheck.Standard;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Rule;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checks contracts and product descriptors strictly: against the JSON Schema of the version that each names, and what no
 * schema can say. What a reader for serving finds is found by the same code; {@link Rule#weight} says what it means here.
 * A folder with {@code domains} in it is read as a mesh, too, and there what stops a server is an error. Reads files;
 * used by one thread.
 */
public final class ContractCheck {
    private static final Pattern FILE =
            Pattern.compile(".*\\.(odcs|odps)\\.(yaml|yml|json)", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern EXTENSION = Pattern.compile(
            "schema.*\\.(enum(\\[\\d+])?|map|logicalTypeOptions\\.(enum|precision|scale|(exclusiveM|m)(in|ax)imum))");
    private static final Pattern LATER_TYPE = Pattern.compile("found '(map|vector|time|timestamp)'\\.");
    private static final int DEEPEST_FOLDER = 100;
    private static final Comparator<Fault> BY_PLACE = Fault.BY_PLACE.thenComparing(Fault::path);

    private final SchemaCheck schemas = new SchemaCheck();
    private final Set<Path> seen = new HashSet<>();
    private final Set<String> brokenFiles = new HashSet<>();
    private final Map<Fault, Fault> faults = new LinkedHashMap<>();
    private final Set<String> contracts = new HashSet<>();
    private final List<Cursor> products = new ArrayList<>();

    private final Function<SchemaObject, List<Fault>> further;

    private ContractCheck(Function<SchemaObject, List<Fault>> further) {
        this.further = further;
    }

    /**
     * What a check found.
     *
     * @param faults by file and place
     * @param files how many were read
     */
    public record Result(List<Fault> faults, int files) {
        public Result {
            faults = List.copyOf(faults);
        }

        /** How many faults are of that severity. */
        public long count(Severity severity) {
            return faults.stream().filter(fault -> fault.severity() == severity).count();
        }
    }

    /**
     * All faults of those files, and of all contracts and products in those folders.
     *
     * @param further finds what only those see who run a contract's rules
     * @param ofMesh finds what only those see who run a mesh's policies
     */
    public static Result check(
            List<Path> paths, Function<SchemaObject, List<Fault>> further, Function<Mesh, List<Fault>> ofMesh) {
        ContractCheck check = new ContractCheck(further);
        paths.forEach(check::path);
        check.products.forEach(check::ports);
        paths.stream()
                .filter(path -> Files.isDirectory(path.resolve("domains")))
                .forEach(folder -> check.mesh(folder, ofMesh));
        return new Result(check.faults.values().stream().sorted(BY_PLACE).toList(), check.seen.size());
    }

    private void path(Path path) {
        if (!Files.isDirectory(path)) {
            file(path);
            return;
        }
        int before = seen.size();
        try {
            Files.walkFileTree(path, EnumSet.of(FileVisitOption.FOLLOW_LINKS), DEEPEST_FOLDER, new Visitor(path));
        } catch (IOException e) {
            unreadable(path, e);
        }
        if (seen.size() == before) {
            whole(Rule.OTHER, path, Severity.WARNING, "There is no *.odcs.yaml and no *.odps.yaml in this folder.");
        }
    }

    private final class Visitor extends SimpleFileVisitor<Path> {
        private final Path start;

        Visitor(Path start) {
            this.start = start;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean hidden = String.valueOf(folder.getFileName()).startsWith(".");
            return hidden && !folder.equals(start) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (FILE.matcher(String.valueOf(file.getFileName())).matches()) {
                file(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException failure) {
            unreadable(file, failure);
            return FileVisitResult.CONTINUE;
        }
    }

    private void unreadable(Path path, IOException failure) {
        whole(Rule.UNREADABLE, path, Severity.ERROR, "This cannot be read: " + failure + ".");
    }

    private void whole(Rule rule, Path path, Severity severity, String message) {
        add(new Fault(rule, path.toString(), 0, 0, "", severity, message));
    }

    private void file(Path path) {
        if (!seen.add(path.toAbsolutePath().normalize())) {
            return;
        }
        Faults read = new Faults();
        Faults strict = new Faults();
        YamlReader.read(path, read).ifPresent(document -> document(path.toString(), document, read, strict));
        List<Fault> said = strict.all().stream()
                .filter(fault -> !isReadInEveryVersion(fault, read))
                .toList();
        if (!said.isEmpty()) {
            brokenFiles.add(path.toString());
        }
        said.forEach(this::add);
        read.all().stream()
                .filter(fault -> said.stream().noneMatch(other -> isSame(other, fault)))
                .filter(fault -> fault.rule().weight() != Rule.Weight.SCHEMA || said.isEmpty())
                .forEach(this::addAsRead);
    }

    /**
     * Whether a schema refuses what is served as {@code docs/rules.md} and {@code docs/types.md} have it in a contract of
     * any version: a later version's types and lists of values, those lists in short, digits as options. The draft of 3.2
     * asks for a map where there is no type.
     */
    private static boolean isReadInEveryVersion(Fault fault, Faults read) {
        return fault.rule() == Rule.SCHEMA
                && (EXTENSION.matcher(fault.path()).matches()
                                && !fault.message().endsWith("is missing.")
                        || fault.path().endsWith("logicalType")
                                && LATER_TYPE.matcher(fault.message()).find()
                        || fault.message().equals("The key 'map' is missing.")
                                && read.all().stream().noneMatch(other -> isSame(fault, other)));
    }

    private static boolean isSame(Fault said, Fault fault) {
        return said.line() == fault.line()
                && said.column() == fault.column()
                && (said.path().equals(fault.path()) || said.rule() == fault.rule());
    }

    private void document(String file, Document document, Faults read, Faults strict) {
        Cursor root = Cursor.at(document.root(), read);
        String kind = root.quietly().text("kind");
        String name = file.toLowerCase(Locale.ROOT);
        if (kind.equals("DataProduct") || (!kind.equals("DataContract") && name.matches("(?s).*\\.odps\\.[a-z]*"))) {
            schemas.check(Standard.ODPS, document.root(), strict);
            ProductReader.descriptor(file, document, read);
            products.add(root);
            return;
        }
        schemas.check(Standard.ODCS, document.root(), strict);
        ContractReader.contract(file, document, read).ifPresent(contract -> {
            ProductAssembly.check(contract, read);
            contract.objects().forEach(object -> further.apply(object).forEach(this::add));
        });
        contracts.add(root.quietly().text("id"));
    }

    /** A contract that a port names and that is not among those checked; an input's may well lie elsewhere. */
    private void ports(Cursor product) {
        if (contracts.isEmpty()) {
            return;
        }
        Faults found = new Faults();
        Map.of("outputPorts", Rule.DANGLING_REFERENCE, "inputPorts", Rule.DOUBTFUL_REFERENCE)
                .forEach((ports, rule) -> Cursor.at(product.node(), found).field(ports).stream()
                        .flatMap(given -> given.itemsPresent().stream())
                        .flatMap(port -> port.field("contractId").stream())
                        .filter(id -> id.node() instanceof Node.Scalar scalar && !contracts.contains(scalar.text()))
                        .forEach(id -> id.as(rule)
                                .error("No contract among those checked has the id '"
                                        + id.text().orElse("") + "'.")));
        found.all().forEach(this::addAsRead);
    }

    private void mesh(Path folder, Function<Mesh, List<Fault>> ofMesh) {
        Mesh read = MeshReader.readSound(folder);
        List<Fault> found = Stream.of(
                        read.broken().stream().flatMap(file -> file.faults().stream()),
                        read.warnings().stream(),
                        ofMesh.apply(read).stream())
                .flatMap(all -> all)
                .toList();
        for (Fault fault : found) {
            boolean shape = fault.rule().weight() == Rule.Weight.SCHEMA;
            boolean said = shape && (fault.severity() == Severity.WARNING || brokenFiles.contains(fault.file()));
            if (!said && (fault.severity() == Severity.ERROR || fault.rule() == Rule.PRODUCT)) {
                add(fault);
            }
        }
    }

    /** Keeps a fault once, as an error where anybody says so. */
    private void add(Fault fault) {
        faults.merge(
                fault.as(Severity.ERROR),
                fault,
                (first, second) -> first.severity() == Severity.ERROR ? first : second);
    }

    private void addAsRead(Fault fault) {
        add(fault.as(fault.rule().severity(fault.severity())));
    }
}
