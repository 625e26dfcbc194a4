package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Status;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ServeRunTest {
    @Test
    @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD, unit = TimeUnit.SECONDS)
    void close_afterAWrongConfiguration_doesNotWait(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("millrace.yaml"), "http:\n  prot: 1\n");
        try (var run = new ServeRun(new Command.Serve(file), new PrintStream(OutputStream.nullOutputStream()))) {
            var failure = assertThrows(ProblemException.class, run::run);
            assertEquals(Status.INVALID_CONFIGURATION, failure.problem().status());
        }
    }
}
