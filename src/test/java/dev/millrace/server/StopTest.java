package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD, unit = TimeUnit.SECONDS)
class StopTest {
    @Test
    void close_afterAWrongConfiguration_doesNotWait(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("millrace.yaml"), "http:\n  prot: 1\n");
        var err = new ByteArrayOutputStream();
        try (var stop = new Stop()) {
            ExitCode code = Main.untilTold(
                    new PrintStream(err, true, StandardCharsets.UTF_8),
                    stop,
                    told -> new ServeRun(
                                    new Command.Serve(file), new PrintStream(OutputStream.nullOutputStream()), told)
                            .run());
            assertEquals(ExitCode.CANNOT_START, code);
        }
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("http.port"), err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void actions_givenBeforeAndAfterTheWord_runOnce() {
        var done = new ArrayList<String>();
        var stop = new Stop();
        stop.whenSaid(() -> done.add("before"));
        assertFalse(stop.isSaid());
        assertEquals(List.of(), done);
        stop.say();
        stop.say();
        stop.whenSaid(() -> done.add("after"));
        assertTrue(stop.isSaid());
        assertTrue(stop.await(Long.MAX_VALUE));
        assertEquals(List.of("before", "after"), done);
    }
}
