package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.contract.AcceptedContract;
import dev.millrace.contract.KeptContract;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.evolution.EvolutionReport;
import dev.millrace.problem.Fault;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.StoreFolder;
import dev.millrace.store.StoreSchema;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Takes a contract on purpose that was refused, after saying what that does. A server may run meanwhile. */
record AcceptRun(Command.Accept accept, PrintStream out, PrintStream err) {
    /** {@link ExitCode#ANSWER_IS_NO} when nothing was accepted, since the contract is broken or nobody said yes. */
    ExitCode run() {
        try {
            Configuration configuration = ConfigurationReader.ofDefaults()
                    .withFile(accept.config())
                    .withEnvironment(System.getenv(), warning -> err.println("millrace: " + warning))
                    .read();
            return run(configuration.mesh().folder(), configuration.data().folder());
        } catch (ProblemException expected) {
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
            return ExitCode.WRONG_USE;
        } catch (IOException failure) {
            err.println("millrace: " + failure);
            return ExitCode.ANSWER_IS_NO;
        }
    }

    private ExitCode run(Path meshFolder, Path dataFolder) throws IOException {
        String[] names = accept.product().split("\\.", 2);
        Mesh mesh = MeshReader.readSound(meshFolder);
        var contracts = new Contracts(meshFolder, dataFolder);
        Optional<ProductDefinition> found = mesh.product(names[0], names[1]);
        if (found.isEmpty()) {
            List<Fault> faults = mesh.faults(names[0], List.of(names[1]));
            faults.forEach(fault -> err.println("millrace: " + fault));
            if (faults.isEmpty()) {
                err.println("millrace: there is no product '" + accept.product() + "' in '" + meshFolder + "'");
            }
            return faults.isEmpty() ? ExitCode.WRONG_USE : ExitCode.ANSWER_IS_NO;
        }
        ProductDefinition next = found.get();
        List<String> broken = Succession.faults(next);
        if (!broken.isEmpty()) {
            broken.forEach(fault -> err.println("millrace: " + fault));
            return ExitCode.ANSWER_IS_NO;
        }
        Path folder = contracts.folder(names[0], names[1]);
        Optional<StoreSchema> stored = StoreFolder.schema(folder);
        Optional<ProductDefinition> last = contracts.last(names[0], names[1]);
        if (last.isPresent() && KeptContract.digest(last.get()).equals(KeptContract.digest(next))) {
            out.println(accept.product() + " is served under this contract already.");
            return ExitCode.FINE;
        }
        Optional<Succession> succession = last.map(now -> Succession.of(now, next, stored));
        List<String> refusals =
                succession.map(Succession::refusals).orElseGet(() -> Succession.obstacles(next, stored));
        if (refusals.isEmpty()) {
            out.println("Nothing keeps " + accept.product() + " from this contract: a start takes it by itself.");
            return ExitCode.FINE;
        }
        succession.ifPresent(
                changes -> out.print(EvolutionReport.of(List.of(changes.evolution()), EvolutionReport.Format.TEXT)));
        refusals.forEach(reason -> out.println("  refused: " + reason));
        rows(folder, succession.map(Succession::rebuilds).orElse(true));
        if (!accept.yes()) {
            out.println("Nothing is changed. Say --yes to accept it.");
            return ExitCode.ANSWER_IS_NO;
        }
        AcceptedContract.write(folder, next);
        out.println(
                "Accepted: a running server takes it within some seconds, else the next start does. If the file changes"
                        + " before, that one is not meant.");
        return ExitCode.FINE;
    }

    /** What becomes of the rows that are there. */
    private void rows(Path folder, boolean rebuilds) throws IOException {
        long rows = 0;
        for (StoreFolder product : StoreFolder.in(folder)) {
            rows += product.summary().rows();
        }
        out.printf(
                Locale.ROOT,
                rebuilds
                        ? "The %,d rows on the disk are forgotten, and the topic is read again; what Kafka no longer has is"
                                + " lost.%n"
                        : "The %,d rows on the disk stay as they are, checked by the old contract; only records that come are"
                                + " checked by the new one.%n",
                rows);
    }
}
