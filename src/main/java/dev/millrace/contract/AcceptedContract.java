package dev.millrace.contract;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The word of an operator that a product's contract is to be taken though it breaks somebody: its digest, in the file
 * {@value #FILE} of the product's folder until the contract is taken. Another contract is not meant by it.
 */
public final class AcceptedContract {
    static final String FILE = "contract.accepted";

    private AcceptedContract() {}

    /** Whether any contract was accepted and not taken yet. */
    public static boolean exists(Path folder) {
        return Files.exists(folder.resolve(FILE));
    }

    /** Whether just this contract was accepted and not taken yet. */
    public static boolean is(Path folder, ProductDefinition product) throws IOException {
        Path file = folder.resolve(FILE);
        return Files.exists(file) && Files.readString(file).strip().equals(KeptContract.digest(product));
    }

    /** Accepts a contract; durable when this returns. */
    public static void write(Path folder, ProductDefinition product) throws IOException {
        KeptContract.write(folder, FILE, KeptContract.digest(product) + "\n");
    }

    /** The contract is taken: the word has done its work. */
    public static void delete(Path folder) throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
    }
}
