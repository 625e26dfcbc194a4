package dev.millrace.server;

import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * What makes a data folder itself: an id, so that its consumers are members of their own, and a secret that signs
 * cursors and tickets, so that those of before a restart hold after it. Kept in the folder's file {@code instance}.
 */
@SuppressWarnings("ArrayRecordComponent") // the secret is handed to signers and compared by nobody
record Instance(String id, byte[] secret) {
    static final String FILE = "instance";

    private static final int ID_BYTES = 8;
    private static final int SECRET_BYTES = 32;

    /** The folder's instance, made when it has none; {@code CannotStart} when it cannot be read or written. */
    static Instance of(Path dataFolder) {
        Path file = dataFolder.resolve(FILE);
        try {
            Files.createDirectories(dataFolder);
            if (!Files.exists(file)) {
                make(file);
            }
            byte[] bytes = HexFormat.of()
                    .parseHex(Files.readString(file, StandardCharsets.US_ASCII).strip());
            if (bytes.length != ID_BYTES + SECRET_BYTES) {
                throw new IllegalArgumentException(bytes.length + " bytes");
            }
            byte[] secret = new byte[SECRET_BYTES];
            System.arraycopy(bytes, ID_BYTES, secret, 0, SECRET_BYTES);
            return new Instance(HexFormat.of().formatHex(bytes, 0, ID_BYTES), secret);
        } catch (IOException failure) {
            throw new Problem.CannotStart("The data folder cannot be used: " + failure).exception();
        } catch (IllegalArgumentException broken) {
            throw new Problem.CannotStart(file + " is broken; delete it to have a new one made (open cursors and"
                            + " tickets end then).")
                    .exception();
        }
    }

    private static void make(Path file) throws IOException {
        byte[] bytes = new byte[ID_BYTES + SECRET_BYTES];
        new SecureRandom().nextBytes(bytes);
        Path made = file.resolveSibling("instance.new");
        Files.writeString(
                made,
                HexFormat.of().formatHex(bytes) + "\n",
                StandardCharsets.US_ASCII,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.move(made, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }
}
