package dev.millrace.server;

import dev.millrace.config.Settling;
import dev.millrace.contract.KeptContract;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.evolution.Change;
import dev.millrace.contract.evolution.Evolution;
import dev.millrace.domain.ContractChange;
import dev.millrace.domain.ContractChange.State;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.ProductRegistry.Unserved;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes up changed contracts of the mesh folder while the server runs. A contract that breaks nobody and is stored in the
 * same columns is served at once; any other leaves the old one in place, and the product says why. A new file opens a
 * product, a removed one closes it.
 *
 * <p>A change is looked at when the folder has been the same for two looks, so that no half-written file is read. A
 * thread of its own does all of it but {@link #close}.
 */
final class MeshWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MeshWatch.class);
    private static final long CLOSE_SECONDS = 30;

    private final Path folder;
    private final ProductRegistry registry;
    private final Contracts contracts;
    private final Serving serving;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("mesh-watch").factory());
    private final Settling<List<String>> prints = new Settling<>(List.of());

    /** Opens and closes products while others are served; blocks. */
    interface Serving {
        /** Puts the policies of the folder in force. */
        void govern(Mesh mesh);

        void open(Contracts.Choice choice);

        /** The product's data stay; who reads it goes on with what it has. */
        void close(Product product);
    }

    private MeshWatch(Path folder, ProductRegistry registry, Contracts contracts, Serving serving) {
        this.serving = serving;
        this.folder = folder;
        this.registry = registry;
        this.contracts = contracts;
    }

    /** Looks at the folder from now on; the first look also takes what changed since the products were made. */
    static MeshWatch start(
            Path folder, Duration interval, ProductRegistry registry, Contracts contracts, Serving serving) {
        var watch = new MeshWatch(folder, registry, contracts, serving);
        long nanos = interval.toNanos();
        watch.thread.scheduleWithFixedDelay(watch::look, nanos, nanos, TimeUnit.NANOSECONDS);
        return watch;
    }

    private void look() {
        try {
            if (prints.changed(fingerprint())) {
                take();
            }
        } catch (RuntimeException failure) {
            prints.again(); // the next look tries again
            LOG.error("The change in {} is not taken up", folder, failure);
        }
    }

    private List<String> fingerprint() {
        try (Stream<Path> files = Files.walk(folder.resolve("domains"), FileVisitOption.FOLLOW_LINKS)) {
            List<String> lines = new ArrayList<>();
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                lines.add(file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
            registry.all().stream()
                    .filter(product -> contracts.hasAccepted(product.definition()))
                    .forEach(product -> lines.add(product.qualifiedName() + " has an accepted contract"));
            return lines;
        } catch (IOException | UncheckedIOException unreadable) {
            return List.of(unreadable.toString()); // when it is so again, the mesh's reader will say what is wrong
        }
    }

    private void take() {
        Mesh mesh = MeshReader.readSound(folder);
        String broken = mesh.broken().stream()
                .flatMap(file -> file.faults().stream())
                .map(Fault::toString)
                .collect(Collectors.joining("\n"));
        if (!broken.isEmpty()) {
            LOG.warn("{} has faults; what is served of it stays until they are mended:\n{}", folder, broken);
        }
        if (mesh.broken().stream().anyMatch(file -> file.domain().isEmpty())) {
            return; // nobody knows what is in it
        }
        serving.govern(mesh);
        for (Product product : registry.all()) {
            mesh.product(product.domain(), product.name())
                    .ifPresentOrElse(next -> take(product, next), () -> missing(product, mesh));
        }
        Contracts.Chosen chosen = contracts.choose(
                mesh, registry.all().stream().map(Product::definition).toList());
        List<Unserved> unserved = new ArrayList<>(chosen.unserved());
        chosen.served().forEach(choice -> open(choice).ifPresent(unserved::add));
        registry.unserved(unserved);
        serving.govern(mesh); // new products may be of them
    }

    /** Its file is broken, and it stays, or gone, and so is the product. */
    private void missing(Product product, Mesh mesh) {
        List<String> faults = mesh.faults(product.domain(), Contracts.fileNames(product.definition())).stream()
                .map(Fault::toString)
                .toList();
        if (faults.isEmpty()) {
            close(product, "its files are gone; its data stay on the disk");
        } else {
            product.contractChange(Optional.of(new ContractChange(State.REFUSED, "", faults)));
        }
    }

    private void close(Product product, String why) {
        LOG.warn("{} is not served any more: {}", product.qualifiedName(), why);
        serving.close(product);
    }

    private Optional<Unserved> open(Contracts.Choice choice) {
        ProductDefinition product = choice.definition();
        try {
            serving.open(choice);
            LOG.info(
                    "{} is served, under contract {}",
                    product.qualifiedName(),
                    product.contract().version());
            return Optional.empty();
        } catch (ProblemException failure) {
            LOG.error(
                    "{} is not served: {}",
                    product.qualifiedName(),
                    failure.problem().detail());
            return Optional.of(new Unserved(
                    product.domain(), product.name(), List.of(failure.problem().detail())));
        }
    }

    private void take(Product product, ProductDefinition next) {
        ProductDefinition now = product.definition();
        if (KeptContract.digest(now).equals(KeptContract.digest(next))) {
            product.contractChange(Optional.empty());
            return;
        }
        var succession = Succession.of(now, next, Optional.of(product.schema()));
        Evolution evolution = succession.evolution();
        Optional<ContractChange> change = succession.obstacle();
        if (change.isEmpty()) {
            change = adopt(product, next, evolution);
        }
        if (change.isPresent() && change.get().state() == State.REFUSED && contracts.isAccepted(next)) {
            String why = "it is opened again under contract " + evolution.to() + ", which was accepted";
            // Until it is, it is unavailable, and not unknown.
            List<Unserved> meanwhile = new ArrayList<>(registry.unserved());
            meanwhile.add(new Unserved(product.domain(), product.name(), List.of(why + ".")));
            registry.unserved(meanwhile);
            close(product, why);
            return;
        }
        if (change.isPresent() && !change.equals(product.contractChange())) {
            LOG.warn(
                    "{}: contract {} is not served, {} stays: {}",
                    product.qualifiedName(),
                    evolution.to(),
                    evolution.from(),
                    String.join(" ", change.get().reasons()));
        }
        product.contractChange(change);
    }

    /** Serves by the next contract, once it is kept; says why when it cannot be kept. */
    private Optional<ContractChange> adopt(Product product, ProductDefinition next, Evolution evolution) {
        try {
            contracts.keep(next);
        } catch (IOException failure) {
            prints.again(); // the next look tries again
            return Optional.of(new ContractChange(
                    State.WAITING, evolution.to(), List.of("It cannot be kept with the data: " + failure)));
        }
        product.adopt(next);
        LOG.info(
                "{}: contract {} is served instead of {}: {}",
                product.qualifiedName(),
                evolution.to(),
                evolution.from(),
                evolution.changes().stream().map(Change::message).collect(Collectors.joining(" ")));
        if (!evolution.versionIsEnough()) {
            LOG.warn(
                    "{}: these changes ask for version {}",
                    product.qualifiedName(),
                    evolution.askedVersion().orElse(""));
        }
        return Optional.empty();
    }

    /** Ends the looking; waits for a look under way. */
    @Override
    public void close() throws InterruptedException {
        thread.shutdown();
        if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
            throw new Problem.TimedOut("the look at " + folder, CLOSE_SECONDS * 1000).exception();
        }
    }
}
