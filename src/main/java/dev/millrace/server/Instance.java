package dev.millrace.server;

import dev.millrace.problem.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What makes a data folder itself: an id, so that its consumers are members of their own, and a secret that signs
 * cursors and tickets, so that those of before a restart hold after it. Kept in the folder's file {@code instance}.
 */
@SuppressWarnings("ArrayRecordComponent") // the secret is handed to signers and compared by nobody
record Instance(String id, byte[] secret) {
    static final String FILE = "instance";

    private static final Logger LOG = LoggerFactory.getLogger(Instance.class);

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
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
            hideOlder(file);
            byte[] bytes = HexFormat.of()
                    .parseHex(Files.readString(file, StandardCharsets.US_ASCII).strip());
            if (bytes.length != ID_BYTES + SECRET_BYTES) {
                throw new IllegalArgumentException(bytes.length + " bytes");
            }
            byte[] secret = new byte[SECRET_BYTES];
            System.arraycopy(bytes, ID_BYTES, secret, 0, SECRET_BYTES);
            return new Instance(HexFormat.of().formatHex(bytes, 0, ID_BYTES), secret);
        } catch (IOException failure) {
            throw new Problem.CannotStart("The file " + file + " cannot be read or made: " + failure).exception();
        } catch (IllegalArgumentException broken) {
            throw new Problem.CannotStart("The file " + file + " is broken (" + broken.getMessage()
                            + "); delete it to have a new one made (open cursors and" + " tickets end then).")
                    .exception();
        }
    }

    private static void make(Path file) throws IOException {
        byte[] bytes = new byte[ID_BYTES + SECRET_BYTES];
        new SecureRandom().nextBytes(bytes);
        Path made = file.resolveSibling("instance.new");
        Files.deleteIfExists(made);
        Files.createFile(made);
        hide(made);
        Files.writeString(
                made,
                HexFormat.of().formatHex(bytes) + "\n",
                StandardCharsets.US_ASCII,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.move(made, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    }

    /** Earlier versions let others read it; that of another user cannot be changed. */
    private static void hideOlder(Path file) {
        try {
            hide(file);
        } catch (IOException failure) {
            LOG.warn("{} holds a secret, and others than the server can read it: {}", file, failure.toString());
        }
    }

    /** Lets the server's own user alone read the file, where the file system knows users. */
    private static void hide(Path file) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view != null && !view.readAttributes().permissions().equals(OWNER_ONLY)) {
            view.setPermissions(OWNER_ONLY);
        }
    }
}
