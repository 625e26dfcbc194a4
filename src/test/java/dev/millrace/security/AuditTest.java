package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.Configuration;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-12-01T12:00:00Z"));
    private static final Audit.Entry ENTRY = new Audit.Entry(
            Audit.Kind.WRITE, "ada \"\n", "", "writeRecords", "d.p", "v7", new Audit.Served("t:1", 2, -1), "ok", "");

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private Audit audit(String file, int queue) {
        return new Audit(new Configuration.Audit(Path.of(file), "", false, queue), CLOCK, meters);
    }

    private double lost(String target) {
        return meters.get("millrace.audit.lost").tag("target", target).counter().count();
    }

    @Test
    void entry_isALineOfJson_inTheFile_andTheFileMayBeMovedAway(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("audit.jsonl");
        try (var audit = audit(file.toString(), 10)) {
            audit.add(ENTRY);
            await(() -> Files.exists(file) && Files.readString(file).endsWith("\n"));
            Files.move(file, folder.resolve("old"));
            audit.add(ENTRY);
        }
        String line =
                "{\"time\":\"2026-12-01T12:00:00Z\",\"kind\":\"write\",\"who\":\"ada \\\"\\n\",\"operation\":\"writeRecords\","
                        + "\"product\":\"d.p\",\"policy\":\"v7\",\"position\":\"t:1\",\"rows\":2,\"outcome\":\"ok\"}\n";
        assertEquals(line, Files.readString(folder.resolve("old")));
        assertEquals(line, Files.readString(file));
        assertEquals(0, lost("file"));
    }

    @Test
    void slowTarget_neverHoldsUpWhoAdds_andWhatFindsNoPlaceIsCounted() throws Exception {
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        List<byte[]> got = new ArrayList<>();
        try (var audit = audit("", 3)) {
            audit.add("slow", new Audit.Target() {
                @Override
                public void write(List<byte[]> lines) throws InterruptedException {
                    begun.countDown();
                    goOn.await();
                    got.addAll(lines);
                }

                @Override
                public void close() {}
            });
            audit.add(ENTRY);
            assertTrue(begun.await(10, TimeUnit.SECONDS));
            for (int i = 0; i < 3; i++) {
                audit.add(ENTRY);
            }
            assertEquals(0, lost("slow"));
            audit.add(ENTRY);
            assertEquals(1, lost("slow"));
            goOn.countDown();
        }
        assertEquals(4, got.size());
    }

    @Test
    void failingTarget_losesWhatItWasGiven_isTriedAgain_andHarmsNoOther() throws Exception {
        var full = new Audit.Target() {
            private volatile boolean fails = true;
            private volatile int taken;

            @Override
            public void write(List<byte[]> lines) throws IOException {
                if (fails) {
                    throw new IOException("No space left on device");
                }
                taken += lines.size();
            }

            @Override
            public void close() {}
        };
        List<String> other = new ArrayList<>();
        try (var audit = audit("", 100)) {
            audit.add("full", full);
            audit.add("other", new Audit.Target() {
                @Override
                public void write(List<byte[]> lines) {
                    lines.forEach(line -> other.add(new String(line, UTF_8)));
                }

                @Override
                public void close() {}
            });
            audit.add(ENTRY);
            await(() -> lost("full") == 1);
            full.fails = false;
            audit.add(ENTRY);
            await(() -> full.taken == 1);
        }
        assertEquals(2, other.size());
        assertEquals(0, lost("other"));
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(Condition so) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!so.holds()) {
            assertTrue(System.nanoTime() < end, "in time");
            Thread.onSpinWait();
        }
    }
}
