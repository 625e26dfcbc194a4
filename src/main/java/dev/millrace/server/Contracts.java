package dev.millrace.server;

import dev.millrace.contract.AcceptedContract;
import dev.millrace.contract.KeptContract;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.ContractChange;
import dev.millrace.domain.ContractChange.State;
import dev.millrace.domain.ProductRegistry.Unserved;
import dev.millrace.problem.Fault;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.StoreFolder;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says under which contract each product is opened: that of the mesh folder, or, where that is broken or would break
 * somebody, the last one it was served under, which is kept with its data. Blocks on the disk; used by the thread that
 * starts the server, then by that of the {@link MeshWatch}.
 */
record Contracts(Path meshFolder, Path dataFolder) {
    private static final Logger LOG = LoggerFactory.getLogger(Contracts.class);

    /** A product to open; {@code change} says why it is not opened under the contract of the mesh folder. */
    record Choice(ProductDefinition definition, Optional<ContractChange> change) {}

    /** What the mesh folder and the data folder together say. */
    record Chosen(List<Choice> served, List<Unserved> unserved) {
        Chosen {
            served = List.copyOf(served);
            unserved = List.copyOf(unserved);
        }
    }

    private record Kept(String domain, String name, KeptContract contract) {
        String qualifiedName() {
            return domain + "." + name;
        }
    }

    /** Where a product's data are. */
    Path folder(String domain, String name) {
        return dataFolder.resolve("domains").resolve(domain).resolve(name);
    }

    private Path folder(ProductDefinition product) {
        return folder(product.domain(), product.name());
    }

    /** What a start opens of a mesh; what is taken up newly is kept when this returns. */
    Chosen choose(Mesh mesh) {
        return choose(mesh, List.of());
    }

    /** The same of a mesh some of whose products are {@code open} already, which are left out. */
    Chosen choose(Mesh mesh, List<ProductDefinition> open) {
        List<Choice> served = new ArrayList<>();
        List<Unserved> unserved = new ArrayList<>();
        Map<String, Kept> kept = kept();
        Set<String> explained = new HashSet<>();
        for (ProductDefinition product : open) {
            kept.remove(product.qualifiedName());
            explained.add(product.qualifiedName());
            if (mesh.product(product.domain(), product.name()).isEmpty()) {
                fileNames(product).forEach(file -> explained.add(product.domain() + "." + file));
            }
        }
        for (Kept last : kept.values()) {
            if (mesh.product(last.domain(), last.name()).isEmpty()) {
                List<String> files =
                        List.of(last.name(), last.contract().contract().name());
                List<Fault> faults = mesh.faults(last.domain(), files);
                if (!faults.isEmpty()) {
                    files.forEach(file -> explained.add(last.domain() + "." + file));
                    under(last, new ContractChange(State.REFUSED, "", texts(faults)), served, unserved);
                }
            }
        }
        for (ProductDefinition product : mesh.products()) {
            String name = product.qualifiedName();
            // A contract that a product with a broken descriptor was served under is no product of its own.
            if (explained.add(name) || kept.containsKey(name)) {
                choose(product, Optional.ofNullable(kept.get(name)), served, unserved);
            }
        }
        mesh.broken().stream()
                .filter(file -> !file.name().isEmpty() && !explained.contains(file.domain() + "." + file.name()))
                .map(file -> new Unserved(file.domain(), file.name(), texts(file.faults())))
                .forEach(unserved::add);
        return new Chosen(served, unserved);
    }

    /** The names of the files that a product is made of. */
    static List<String> fileNames(ProductDefinition product) {
        return List.of(
                product.name(),
                KeptContract.of(product, Instant.EPOCH).contract().name());
    }

    /** Whether a contract was accepted for a product, be it the one of the mesh folder or not. */
    boolean hasAccepted(ProductDefinition product) {
        return AcceptedContract.exists(folder(product));
    }

    /** Whether the contract of the mesh folder, which is refused, was accepted and is to be taken. */
    boolean isAccepted(ProductDefinition refused) {
        try {
            return Succession.faults(refused).isEmpty() && AcceptedContract.is(folder(refused), refused);
        } catch (IOException unreadable) {
            LOG.warn("{}: whether its contract was accepted cannot be read", refused.qualifiedName(), unreadable);
            return false;
        }
    }

    private static List<String> texts(List<Fault> faults) {
        return faults.stream().map(Fault::toString).toList();
    }

    private void choose(ProductDefinition product, Optional<Kept> kept, List<Choice> served, List<Unserved> unserved) {
        Path folder = folder(product);
        try {
            Optional<StoreSchema> stored = StoreFolder.schema(folder);
            if (kept.isPresent() && kept.get().contract().digest().equals(KeptContract.digest(product))) {
                AcceptedContract.delete(folder);
                served.add(new Choice(product, Optional.empty()));
                return;
            }
            Optional<ProductDefinition> last = kept.flatMap(known -> definition(known));
            List<String> refusals = last.map(
                            now -> Succession.of(now, product, stored).refusals())
                    .orElseGet(() -> Succession.obstacles(product, stored));
            boolean accepted =
                    !refusals.isEmpty() && Succession.faults(product).isEmpty() && AcceptedContract.is(folder, product);
            if (refusals.isEmpty() || accepted) {
                if (accepted) {
                    accept(product, last, stored);
                }
                keep(product);
                AcceptedContract.delete(folder);
                served.add(new Choice(product, Optional.empty()));
            } else if (kept.isPresent() && last.isPresent()) {
                under(
                        kept.get(),
                        new ContractChange(State.REFUSED, product.contract().version(), refusals),
                        served,
                        unserved);
            } else {
                unserved.add(new Unserved(product.domain(), product.name(), refusals));
            }
        } catch (IOException failure) {
            unserved.add(new Unserved(
                    product.domain(), product.name(), List.of("Its data cannot be read or written: " + failure)));
        }
    }

    /** A break that somebody wants: what the new contract cannot have of the rows is forgotten. */
    private void accept(ProductDefinition product, Optional<ProductDefinition> last, Optional<StoreSchema> stored)
            throws IOException {
        boolean rebuilds =
                last.map(now -> Succession.of(now, product, stored).rebuilds()).orElse(true);
        LOG.warn(
                "{}: contract {} is taken, as was accepted; the rows are {}",
                product.qualifiedName(),
                product.contract().version(),
                rebuilds ? "read again from the topic" : "kept");
        if (rebuilds) {
            for (StoreFolder rows : StoreFolder.in(folder(product))) {
                rows.clear();
            }
            if (last.isPresent() && !last.get().deadLetterTopic().equals(product.deadLetterTopic())) {
                for (StoreFolder letters : StoreFolder.in(folder(product.deadLetters()))) {
                    letters.clear();
                }
            }
        }
    }

    /** Keeps what a product is served under from now on; durable when it returns. */
    void keep(ProductDefinition product) throws IOException {
        KeptContract.of(product, Instant.now()).write(folder(product));
    }

    private void under(Kept kept, ContractChange change, List<Choice> served, List<Unserved> unserved) {
        definition(kept)
                .ifPresentOrElse(
                        definition -> {
                            served.add(new Choice(definition, Optional.of(change)));
                            LOG.warn(
                                    "{}: contract {} is not served, {} stays: {}",
                                    kept.qualifiedName(),
                                    change.version(),
                                    kept.contract().version(),
                                    String.join(" ", change.reasons()));
                        },
                        () -> unserved.add(new Unserved(kept.domain(), kept.name(), change.reasons())));
    }

    private Optional<ProductDefinition> definition(Kept kept) {
        try {
            return Optional.of(kept.contract()
                    .definition(
                            kept.domain(),
                            kept.name(),
                            meshFolder.resolve("domains").resolve(kept.domain())));
        } catch (ProblemException unreadable) {
            LOG.warn(
                    "{}: the contract kept with its data is not readable any more: {}",
                    kept.qualifiedName(),
                    unreadable.problem().detail());
            return Optional.empty();
        }
    }

    /** What a product was served under last; empty for none, or when it cannot be read. */
    Optional<ProductDefinition> last(String domain, String name) {
        return Optional.ofNullable(kept().get(domain + "." + name)).flatMap(this::definition);
    }

    private Map<String, Kept> kept() {
        Map<String, Kept> found = new TreeMap<>();
        for (Path domain : list(dataFolder.resolve("domains"))) {
            for (Path product : list(domain)) {
                try {
                    KeptContract.read(product).ifPresent(contract -> {
                        var kept = new Kept(name(domain), name(product), contract);
                        found.put(kept.qualifiedName(), kept);
                    });
                } catch (IOException broken) {
                    LOG.warn("The contract kept with the data of {} is left out", name(product), broken);
                }
            }
        }
        return found;
    }

    private static String name(Path folder) {
        return String.valueOf(folder.getFileName());
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory).sorted().collect(Collectors.toList());
        } catch (IOException unreadable) {
            LOG.warn("{} cannot be read", folder, unreadable);
            return List.of();
        }
    }
}
