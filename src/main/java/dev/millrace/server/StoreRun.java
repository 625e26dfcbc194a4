package dev.millrace.server;

import dev.millrace.contract.KeptContract;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import dev.millrace.store.StoreFolder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Looks at a data folder or changes it, product by product. Blocks its caller until it is done. */
final class StoreRun {
    /** What is done. */
    enum Action {
        VERIFY,
        STAT,
        COMPACT,
        REBUILD,
        BACKUP,
        RESTORE;

        /** Whether it takes a target. */
        boolean copies() {
            return this == BACKUP || this == RESTORE;
        }
    }

    private final Command.Store store;
    private final PrintStream out;
    private final PrintStream err;
    private final Path root;

    StoreRun(Command.Store store, PrintStream out, PrintStream err) {
        this.store = store;
        this.out = out;
        this.err = err;
        this.root = store.paths().getFirst();
    }

    /** {@link ExitCode#ANSWER_IS_NO} when something is broken, or the folder is in use. */
    ExitCode run() {
        try {
            List<StoreFolder> products = StoreFolder.in(root);
            if (products.isEmpty()) {
                err.println("millrace: there is no product's data in '" + root + "'");
                return ExitCode.WRONG_USE;
            }
            return switch (store.action()) {
                case VERIFY -> verify(products, true);
                case STAT -> stat(products);
                case COMPACT -> compact(products);
                case REBUILD -> rebuild(products);
                case BACKUP -> copy(products);
                case RESTORE -> verify(products, false) == ExitCode.FINE ? copy(products) : ExitCode.ANSWER_IS_NO;
            };
        } catch (ProblemException expected) {
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
        } catch (IOException failure) {
            // The JDK's own failures say what they are by their class only.
            err.println("millrace: " + (failure.getClass() == IOException.class ? failure.getMessage() : failure));
        }
        return ExitCode.ANSWER_IS_NO;
    }

    private ExitCode verify(List<StoreFolder> products, boolean all) throws IOException {
        long files = 0;
        long broken = 0;
        long unnamed = 0;
        for (StoreFolder product : products) {
            for (StoreFolder.Checked checked : product.verify()) {
                files++;
                broken += checked.fault().isPresent() ? 1 : 0;
                if (all || checked.fault().isPresent()) {
                    out.println(checked.fault().map(fault -> "BROKEN  ").orElse("whole   ")
                            + checked.file()
                            + checked.fault().map(fault -> ": " + fault).orElse(""));
                }
            }
            for (Path file : all ? product.unnamed() : List.<Path>of()) {
                unnamed++;
                out.println("unnamed " + file);
            }
        }
        out.println(files + " files, " + broken + " broken" + (unnamed == 0 ? "" : ", " + unnamed + " beside them"));
        return broken == 0 ? ExitCode.FINE : ExitCode.ANSWER_IS_NO;
    }

    private ExitCode stat(List<StoreFolder> products) throws IOException {
        for (StoreFolder product : products) {
            StoreFolder.Summary summary = product.summary();
            out.printf(
                    Locale.ROOT,
                    "%s%n  %,d partitions, %,d segments, %,d rows stored, %,d bytes%n  position %s, readable from %s%n",
                    name(product),
                    summary.partitions(),
                    summary.segments(),
                    summary.rows(),
                    summary.sizeBytes(),
                    summary.position(),
                    summary.oldest());
        }
        return ExitCode.FINE;
    }

    private ExitCode compact(List<StoreFolder> products) throws IOException {
        for (StoreFolder product : products) {
            product.compact();
        }
        return stat(products);
    }

    private ExitCode rebuild(List<StoreFolder> products) throws IOException {
        if (!store.yes()) {
            err.println("millrace: this forgets the rows of " + products.size() + " products in '" + root
                    + "'; what Kafka no longer has is lost. Say --yes to do it.");
            return ExitCode.WRONG_USE;
        }
        for (StoreFolder product : products) {
            product.clear();
            out.println(name(product) + " is empty; the next start reads it from Kafka");
        }
        return ExitCode.FINE;
    }

    private ExitCode copy(List<StoreFolder> products) throws IOException {
        Path target = store.paths().getLast();
        if (isWithin(target, root) || isWithin(root, target)) {
            err.println("millrace: '" + target + "' and '" + root + "' lie in one another");
            return ExitCode.WRONG_USE;
        }
        if (Files.exists(target)) {
            try (Stream<Path> inside = Files.list(target)) {
                if (inside.findAny().isPresent()) {
                    err.println("millrace: '" + target + "' is not empty");
                    return ExitCode.WRONG_USE;
                }
            }
        }
        for (StoreFolder product : products) {
            Path copy = target.resolve(root.relativize(product.folder()));
            Position position = product.copyTo(copy);
            Path contract = product.folder().resolve(KeptContract.FILE);
            if (Files.exists(contract)) {
                Files.copy(contract, copy.resolve(KeptContract.FILE));
            }
            out.println(name(product) + " at " + position);
        }
        Path instance = root.resolve(Instance.FILE);
        if (Files.exists(instance)) {
            Files.copy(instance, target.resolve(Instance.FILE), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
        }
        return ExitCode.FINE;
    }

    private static boolean isWithin(Path inner, Path outer) {
        return inner.toAbsolutePath()
                .normalize()
                .startsWith(outer.toAbsolutePath().normalize());
    }

    private String name(StoreFolder product) {
        String name = root.relativize(product.folder()).toString();
        return name.isEmpty() ? root.toString() : name;
    }
}
