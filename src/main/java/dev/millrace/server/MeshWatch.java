package dev.millrace.server;

import static java.util.function.Predicate.not;

import dev.millrace.codec.RecordRules;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Place;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.ProductDescriptor;
import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRules;
import dev.millrace.contract.evolution.Change;
import dev.millrace.contract.evolution.Evolution;
import dev.millrace.domain.ContractChange;
import dev.millrace.domain.ContractChange.State;
import dev.millrace.domain.Product;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes up changed contracts of the mesh folder while the server runs. A contract that breaks nobody and is stored in the
 * same columns is served at once; any other leaves the old one in place, and the product says why.
 *
 * <p>A change is looked at when the folder has been the same for two looks, so that no half-written file is read. A
 * thread of its own does all of it but {@link #close}.
 */
final class MeshWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MeshWatch.class);
    private static final long CLOSE_SECONDS = 30;

    private final Path folder;
    private final List<Product> products;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("mesh-watch").factory());
    private List<String> seen = List.of();
    private List<String> taken = List.of();
    private Set<String> others = Set.of();

    private MeshWatch(Path folder, List<Product> products) {
        this.folder = folder;
        this.products = products;
    }

    /** Looks at the folder from now on; the first look also takes what changed since the products were made. */
    static MeshWatch start(Path folder, Duration interval, List<Product> products) {
        var watch = new MeshWatch(folder, products);
        long nanos = interval.toNanos();
        watch.thread.scheduleWithFixedDelay(watch::look, nanos, nanos, TimeUnit.NANOSECONDS);
        return watch;
    }

    private void look() {
        try {
            List<String> now = fingerprint();
            if (now.equals(seen) && !now.equals(taken)) {
                taken = now;
                take();
            }
            seen = now;
        } catch (RuntimeException | Error failure) { // else there would be no next look
            LOG.error("The change in {} is not taken up", folder, failure);
        }
    }

    private List<String> fingerprint() {
        try (Stream<Path> files = Files.walk(folder.resolve("domains"), FileVisitOption.FOLLOW_LINKS)) {
            List<String> lines = new ArrayList<>();
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                lines.add(file + " " + Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
            return lines;
        } catch (IOException | UncheckedIOException unreadable) {
            return List.of(unreadable.toString()); // when it is so again, the mesh's reader will say what is wrong
        }
    }

    private void take() {
        Mesh mesh;
        try {
            mesh = MeshReader.read(folder);
        } catch (ProblemException broken) {
            if (broken.problem() instanceof Problem.InvalidContract(List<Fault> faults)) {
                refuse(faults);
                return;
            }
            throw broken;
        }
        for (Product product : products) {
            mesh.product(product.domain(), product.name()).ifPresent(next -> take(product, next));
        }
        sayOthers(mesh);
    }

    /** With a broken file in it the folder means nothing, so all of it waits; the broken file's product shows why. */
    private void refuse(List<Fault> faults) {
        List<Fault> errors = faults.stream()
                .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                .toList();
        LOG.warn(
                "{} has faults; what is served stays until they are mended:\n{}",
                folder,
                errors.stream().map(Fault::toString).collect(Collectors.joining("\n")));
        for (Product product : products) {
            ProductDefinition definition = product.definition();
            List<String> own = errors.stream()
                    .filter(fault -> fault.file().equals(definition.contract().file())
                            || definition
                                    .descriptor()
                                    .map(ProductDescriptor::file)
                                    .filter(fault.file()::equals)
                                    .isPresent())
                    .map(Fault::toString)
                    .toList();
            if (!own.isEmpty()) {
                product.contractChange(Optional.of(new ContractChange(State.REFUSED, "", own)));
            }
        }
    }

    private static void take(Product product, ProductDefinition next) {
        ProductDefinition now = product.definition();
        if (texts(now).equals(texts(next))) {
            product.contractChange(Optional.empty());
            return;
        }
        var evolution = Evolution.between(now.contract(), next.contract());
        Optional<ContractChange> change = obstacle(product, next, evolution);
        if (change.isEmpty()) {
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
        } else if (!change.equals(product.contractChange())) {
            product.contractChange(change);
            LOG.warn(
                    "{}: contract {} is not served, {} stays: {}",
                    product.qualifiedName(),
                    evolution.to(),
                    evolution.from(),
                    String.join(" ", change.get().reasons()));
        }
    }

    private static List<String> texts(ProductDefinition definition) {
        return List.of(
                definition.contract().text(),
                definition.descriptor().map(ProductDescriptor::text).orElse(""));
    }

    /** What keeps the new contract from being served now. */
    private static Optional<ContractChange> obstacle(Product product, ProductDefinition next, Evolution evolution) {
        List<String> reasons = new ArrayList<>();
        RecordRules.faults(next.object()).forEach(fault -> reasons.add(fault.toString()));
        evolution.changes().stream()
                .filter(Change::breaks)
                .forEach(change -> reasons.add(change.path() + ": " + change.message()));
        ProductDefinition now = product.definition();
        if (!topics(now).equals(topics(next))) {
            reasons.add("The topics change from " + topics(now) + " to " + topics(next) + ".");
        }
        StoreSchema stored = product.schema();
        StoreSchema wanted = MillraceServer.schema(next);
        if (!wanted.reads(stored)) {
            reasons.add("The stored rows cannot be read in its columns; read them again from the topic.");
        }
        if (!reasons.isEmpty()) {
            return Optional.of(new ContractChange(State.REFUSED, evolution.to(), reasons));
        }
        String other = !wanted.layout().isSame(stored.layout())
                ? "other columns than the stored rows"
                : measured(now).equals(measured(next)) ? "" : "other rules about the data as a whole";
        return other.isEmpty()
                ? Optional.empty()
                : Optional.of(new ContractChange(
                        State.WAITING,
                        evolution.to(),
                        List.of("It has " + other + ": it is served after the next start.")));
    }

    /** The rules that are measured over all rows, wherever they stand in the file. */
    private static List<QualityRule> measured(ProductDefinition definition) {
        return QualityRules.read(definition.contract(), definition.object(), new Faults()).stream()
                .map(rule -> new QualityRule(
                        Place.of(""),
                        rule.key(),
                        rule.description(),
                        rule.dimension(),
                        rule.severity(),
                        rule.check(),
                        rule.thresholds(),
                        rule.percent(),
                        rule.stops(),
                        rule.minimumRows()))
                .toList();
    }

    private static List<String> topics(ProductDefinition definition) {
        return List.of(definition.topic(), definition.deadLetterTopic());
    }

    private void sayOthers(Mesh mesh) {
        Set<String> served = products.stream().map(Product::qualifiedName).collect(Collectors.toSet());
        Set<String> named =
                mesh.products().stream().map(ProductDefinition::qualifiedName).collect(Collectors.toSet());
        Set<String> now = Stream.concat(
                        named.stream().filter(not(served::contains)).map(name -> name + " is new"),
                        served.stream().filter(not(named::contains)).map(name -> name + " is gone"))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!now.isEmpty() && !Objects.equals(now, others)) {
            LOG.warn("The mesh folder has other products, which is taken up at the next start: {}", now);
        }
        others = now;
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
