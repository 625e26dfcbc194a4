package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceTest {
    @TempDir
    private Path folder;

    @Test
    void of_aNewFolder_makesASecretThatOthersCannotRead() throws IOException {
        Instance made = Instance.of(folder);
        assertEquals("rw-------", permissions());
        Instance again = Instance.of(folder);
        assertEquals(made.id(), again.id());
        assertArrayEquals(made.secret(), again.secret());
    }

    @Test
    void of_aSecretThatOthersCanRead_hidesIt() throws IOException {
        Instance.of(folder);
        Files.setPosixFilePermissions(folder.resolve("instance"), PosixFilePermissions.fromString("rw-r--r--"));
        Instance.of(folder);
        assertEquals("rw-------", permissions());
    }

    @Test
    void of_aBrokenFile_isToldWithItsName() throws IOException {
        Path file = folder.resolve("instance");
        for (String broken : new String[] {"", "00ff", "not hexadecimal", "\u00e9"}) {
            Files.writeString(file, broken);
            assertTold(file, broken);
        }
        Files.delete(file);
        Files.createDirectory(file);
        assertTold(file, "a folder");
    }

    private void assertTold(Path file, String broken) {
        var refused = assertThrows(ProblemException.class, () -> Instance.of(folder), broken);
        assertInstanceOf(Problem.CannotStart.class, refused.problem());
        assertTrue(
                refused.problem().detail().contains(file.toString()),
                refused.problem().detail());
    }

    private String permissions() throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("instance")));
    }
}
