package dev.millrace.server;

import dev.millrace.contract.evolution.EvolutionReport;
import java.nio.file.Path;
import java.util.List;

/** What the command line asks for. */
sealed interface Command {
    /**
     * Run the demo.
     *
     * @param port HTTP port; 0 picks a free one, as for the other two
     * @param dataFolder where broker and store keep their data
     * @param records how many flights are published at most
     */
    record Demo(int port, int flightPort, int managementPort, Path dataFolder, long records) implements Command {}

    /** Check contracts and products, files or folders. */
    record Check(List<Path> paths, FaultReport report) implements Command {
        public Check {
            paths = List.copyOf(paths);
        }
    }

    /**
     * Say what somebody sees of a product.
     *
     * @param as a file that says who it is
     * @param product its qualified name
     */
    record Explain(Path config, Path as, String product) implements Command {}

    /** Serve as a configuration file says. */
    record Serve(Path config) implements Command {}

    /** Compare two contracts or two folders of them. */
    record Diff(Path before, Path after, EvolutionReport.Format format) implements Command {}

    /**
     * Draft a contract from records; empty texts for what was not given.
     *
     * @param file a path, or {@code -}; empty when {@code topic} is not
     * @param records how many are looked at
     */
    record Infer(
            String file, String topic, String bootstrapServers, long records, String domain, String name, String output)
            implements Command {}

    /**
     * Take a product's contract though it breaks somebody.
     *
     * @param product its qualified name
     * @param yes the word that it is to be done, not only said
     */
    record Accept(Path config, String product, boolean yes) implements Command {}

    /**
     * Look at a data folder or change it.
     *
     * @param paths the folder, and for the actions that copy it the target
     * @param yes the word that what cannot be undone needs
     */
    record Store(StoreRun.Action action, List<Path> paths, boolean yes) implements Command {
        public Store {
            paths = List.copyOf(paths);
        }
    }

    /**
     * Make a key for somebody.
     *
     * @param purpose empty when it says none
     */
    record MakeKey(String name, List<String> roles, String purpose) implements Command {
        public MakeKey {
            roles = List.copyOf(roles);
        }
    }

    /** Print the usage. */
    record Help() implements Command {}

    /** Print the version. */
    record Version() implements Command {}

    /** The command line is wrong; all that is wrong with it. */
    record WrongUse(List<String> faults) implements Command {
        public WrongUse {
            faults = List.copyOf(faults);
        }
    }
}
