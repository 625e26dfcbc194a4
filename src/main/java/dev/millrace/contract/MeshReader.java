package dev.millrace.contract;

import static java.util.function.Predicate.not;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import dev.millrace.contract.Mesh.Broken;
import dev.millrace.contract.ProductDescriptor.Port;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads a mesh folder: {@code domains/<domain>/<product>.odps.yaml} and {@code *.odcs.yaml} ({@code .yml} and
 * {@code .json} too), and {@code policies.yaml} beside them.
 *
 * <p>A product is a descriptor with the contract that its output ports name by id and version, or, where they name none,
 * the contract file of the descriptor's own name; or it is a contract file that no descriptor takes. Its name is its
 * file's. A contract of several schema objects is as many products ({@link NamedObject}). A product is made of whole files only; every fault of all others is reported together. The folder may lie in any
 * file system, a jar's too. Reads files, so never called on an event loop. No state.
 */
public final class MeshReader {
    private static final Pattern FILE = Pattern.compile("(.*)\\.(odps|odcs)\\.(yaml|yml|json)");
    static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]*");

    private final Faults faults = new Faults();
    private final Map<String, Policies> policies = new HashMap<>();

    private MeshReader() {}

    /** The mesh in that folder; throws a {@link Problem.InvalidContract} with every fault, warnings too. */
    public static Mesh read(Path meshFolder) {
        return readSound(meshFolder).orThrow();
    }

    /** What can be served of the mesh in that folder; the files that cannot are told, and hinder no other. */
    public static Mesh readSound(Path meshFolder) {
        return new MeshReader().mesh(meshFolder);
    }

    /**
     * The product of one contract without a descriptor; {@code file} is the name that faults bear. Throws a
     * {@link Problem.InvalidContract} with every fault, warnings too.
     */
    public static ProductDefinition product(String domain, String name, String file, String text) {
        MeshReader reader = new MeshReader();
        Optional<ProductDefinition> product = ContractReader.read(file, text, reader.faults)
                .flatMap(contract -> ProductAssembly.objects(name, contract, reader.faults).stream()
                        .flatMap(named ->
                                ProductAssembly.assemble(domain, named, contract, Optional.empty(), reader.faults)
                                        .stream())
                        .reduce((first, second) -> first));
        boolean named = reader.isName("domain", domain, Path.of(file)) & reader.isName("product", name, Path.of(file));
        return product.filter(any -> named)
                .orElseThrow(() -> new Problem.InvalidContract(reader.faults.all()).exception());
    }

    private Mesh mesh(Path meshFolder) {
        SortedMap<String, SortedMap<String, ProductDefinition>> domains = new TreeMap<>();
        Path folder = meshFolder.resolve("domains");
        List<Broken> broken = new ArrayList<>();
        for (Path domain : list(folder)) {
            String name = fileName(domain);
            if (!Files.isDirectory(domain)) {
                at(domain, "").warning("Not a domain's folder; ignored.");
            } else if (isName("domain", name, domain)) {
                domains.put(name, domain(name, domain));
                broken.addAll(broken(name, domain));
            }
        }
        if (faults.errors() == 0 && domains.isEmpty()) {
            at(folder, "").warning("There is no domain in this folder.");
        }
        Set<Fault> told =
                broken.stream().flatMap(file -> file.faults().stream()).collect(Collectors.toSet());
        List<Fault> others =
                faults.ofErrors().stream().filter(not(told::contains)).toList();
        if (!others.isEmpty()) {
            broken.add(new Broken("", "", others));
        }
        return new Mesh(domains, policies, faults.warnings(), broken);
    }

    /** The errors of a domain's folder, by what they are about. */
    private List<Broken> broken(String domain, Path folder) {
        SortedMap<String, List<Fault>> byName = new TreeMap<>();
        for (Fault fault : faults.ofErrors()) {
            Path file = folder.getFileSystem().getPath(fault.file());
            if (file.equals(folder)) {
                byName.computeIfAbsent("", name -> new ArrayList<>()).add(fault);
            } else if (folder.equals(file.getParent())) {
                Matcher matcher = FILE.matcher(fileName(file));
                byName.computeIfAbsent(matcher.matches() ? matcher.group(1) : fileName(file), name -> new ArrayList<>())
                        .add(fault);
            }
        }
        return byName.entrySet().stream()
                .map(entry -> new Broken(domain, entry.getKey(), entry.getValue()))
                .toList();
    }

    private SortedMap<String, ProductDefinition> domain(String domain, Path folder) {
        List<Named<Contract>> contracts = new ArrayList<>();
        List<Named<ProductDescriptor>> descriptors = new ArrayList<>();
        Set<String> broken = new HashSet<>();
        for (Path file : list(folder)) {
            Matcher matcher = FILE.matcher(fileName(file));
            if (fileName(file).equals(PolicyReader.FILE)) {
                continue;
            }
            if (!matcher.matches()) {
                at(file, "").warning("Ends neither in .odcs.yaml nor in .odps.yaml; ignored.");
            } else if (isName("product", matcher.group(1), file)) {
                String name = matcher.group(1);
                if (matcher.group(2).equals("odcs")) {
                    ContractReader.readSound(file, faults)
                            .ifPresentOrElse(
                                    contract -> contracts.add(new Named<>(name, file, contract)),
                                    () -> broken.add(name));
                } else {
                    ProductReader.read(file, faults)
                            .ifPresentOrElse(
                                    descriptor -> descriptors.add(new Named<>(name, file, descriptor)),
                                    () -> broken.add(name));
                }
            }
        }
        // Which contract a broken descriptor means is not known, nor what a broken contract is; what is wrong with the
        // other file of the same name is told, and no product made of it.
        contracts.stream()
                .filter(contract -> broken.contains(contract.name()))
                .forEach(contract -> ProductAssembly.objects(contract.name(), contract.value(), faults)
                        .forEach(named ->
                                ProductAssembly.assemble(domain, named, contract.value(), Optional.empty(), faults)));
        descriptors.removeIf(descriptor -> broken.contains(descriptor.name()));
        SortedMap<String, ProductDefinition> products = products(domain, contracts, descriptors, broken);
        Path file = folder.resolve(PolicyReader.FILE);
        if (Files.exists(file)) {
            Set<String> unread = new HashSet<>(broken);
            descriptors.forEach(descriptor -> unread.add(descriptor.name()));
            contracts.forEach(contract ->
                    NamedObject.of(contract.name(), contract.value()).forEach(named -> unread.add(named.name())));
            policies.put(domain, PolicyReader.read(file, products, unread, faults));
        }
        return products;
    }

    private SortedMap<String, ProductDefinition> products(
            String domain,
            List<Named<Contract>> contracts,
            List<Named<ProductDescriptor>> descriptors,
            Set<String> broken) {
        SortedMap<String, ProductDefinition> products = new TreeMap<>();
        Set<SchemaObject> taken = new HashSet<>();
        Set<String> refused = new HashSet<>(broken);
        for (Named<ProductDescriptor> descriptor : descriptors) {
            warnOfOtherDomain(domain, descriptor.value());
            contract(descriptor, contracts)
                    .ifPresentOrElse(
                            contract -> NamedObject.of(descriptor.name(), contract, descriptor.value())
                                    .forEach(named -> {
                                        taken.add(named.object());
                                        add(
                                                domain,
                                                descriptor.file(),
                                                named,
                                                contract,
                                                Optional.of(descriptor.value()),
                                                products);
                                    }),
                            () -> refused.add(descriptor.name()));
        }
        for (Named<Contract> contract : contracts) {
            if (refused.contains(contract.name())) {
                continue;
            }
            for (NamedObject named : ProductAssembly.objects(contract.name(), contract.value(), faults)) {
                if (!taken.contains(named.object()) && !refused.contains(named.name())) {
                    add(domain, contract.file(), named, contract.value(), Optional.empty(), products);
                }
            }
        }
        return products;
    }

    private void add(
            String domain,
            Path file,
            NamedObject named,
            Contract contract,
            Optional<ProductDescriptor> descriptor,
            SortedMap<String, ProductDefinition> products) {
        ProductAssembly.assemble(domain, named, contract, descriptor, faults)
                .map(product -> products.putIfAbsent(named.name(), product))
                .ifPresent(first -> at(file, "")
                        .error("The domain has a product '" + named.name() + "' already, of the contract "
                                + first.contract().file() + "."));
    }

    private void warnOfOtherDomain(String domain, ProductDescriptor descriptor) {
        if (!descriptor.domain().isEmpty() && !descriptor.domain().equals(domain)) {
            faults.warning(
                    Rule.PRODUCT,
                    descriptor.root().place(),
                    "domain",
                    "The descriptor names the domain '" + descriptor.domain() + "' and lies in the folder of '" + domain
                            + "'; the folder counts.");
        }
    }

    /** The one contract of a descriptor; empty with an error where there is none, or more. */
    private Optional<Contract> contract(Named<ProductDescriptor> descriptor, List<Named<Contract>> contracts) {
        int errors = faults.errors();
        Set<Contract> found = new HashSet<>();
        for (Port port : descriptor.value().outputPorts()) {
            if (!port.contractId().isEmpty()) {
                contract(port, contracts).ifPresent(found::add);
            }
        }
        if (found.isEmpty() && faults.errors() == errors) {
            contracts.stream()
                    .filter(contract -> contract.name().equals(descriptor.name()))
                    .map(Named::value)
                    .findFirst()
                    .ifPresent(found::add);
        }
        Cursor ports = at(descriptor.file(), "outputPorts");
        if (found.size() > 1) {
            ports.error("The output ports name " + found.size() + " contracts; a product has one.");
        } else if (found.isEmpty() && faults.errors() == errors) {
            ports.error("No output port names a contract by contractId, and there is no " + descriptor.name()
                    + ".odcs.yaml beside the descriptor.");
        }
        return found.size() == 1 ? found.stream().findFirst() : Optional.empty();
    }

    private Optional<Contract> contract(Port port, List<Named<Contract>> contracts) {
        List<Contract> found = contracts.stream()
                .map(Named::value)
                .filter(contract -> contract.id().equals(port.contractId()))
                .filter(contract ->
                        port.version().isEmpty() || contract.version().equals(port.version()))
                .toList();
        if (found.size() != 1) {
            faults.error(
                    Rule.DANGLING_REFERENCE,
                    port.place(),
                    "outputPorts",
                    "The port '" + port.name() + "' names the contract " + port.contractId() + " in version "
                            + port.version() + "; the domain's folder has "
                            + (found.isEmpty() ? "none such" : found.size() + " of them") + ".");
            return Optional.empty();
        }
        return Optional.of(found.get(0));
    }

    private boolean isName(String what, String name, Path path) {
        boolean fine = NAME.matcher(name).matches();
        if (!fine) {
            at(path, "")
                    .error("'" + name + "' cannot be the name of a " + what + ", since it stands in addresses. Expected"
                            + " [a-z][a-z0-9_-]*.");
        }
        return fine;
    }

    /** The folder's entries by name, hidden ones left out. */
    private List<Path> list(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> !fileName(entry).startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            at(folder, "").as(Rule.UNREADABLE).error("The folder cannot be read: " + e + ".");
            return List.of();
        }
    }

    /** The place of a whole file or folder. */
    private Cursor at(Path file, String path) {
        return new Cursor(new Node.Sequence(Place.of(file.toString()), List.of()), path, faults, Rule.PRODUCT);
    }

    private static String fileName(Path path) {
        Path name = path.getFileName();
        // a jar's file system ends the names of folders with a slash
        return name == null ? "" : name.toString().replace("/", "");
    }

    private record Named<T>(String name, Path file, T value) {}
}
