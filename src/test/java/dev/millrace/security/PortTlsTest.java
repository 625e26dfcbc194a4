package dev.millrace.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.ProblemException;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortTlsTest {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() throws Exception {
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    /** By a rename, so that no look of the port sees half a file. */
    private static void put(Path from, Path to) throws Exception {
        Path whole = Files.copy(from, to.resolveSibling("whole"), StandardCopyOption.REPLACE_EXISTING);
        Files.move(whole, to, StandardCopyOption.ATOMIC_MOVE);
    }

    private PortTls tls(Path folder) {
        return PortTls.of(
                vertx,
                Told.settings(
                        "tls.certificate", folder.resolve("now.crt").toString(),
                        "tls.key", folder.resolve("now.key").toString()));
    }

    @Test
    void pair_thatHasChanged_isShown_andOneThatDoesNotBelongTogetherIsNot(@TempDir Path folder) throws Exception {
        Pem.selfSigned(folder, "rsa", "CN=a", "RSA");
        Pem.selfSigned(folder, "other", "CN=b", "RSA");
        Pem.selfSigned(folder, "ec", "CN=c", "EC");
        Path certificate = folder.resolve("now.crt");
        Path key = folder.resolve("now.key");
        put(folder.resolve("rsa.crt"), certificate);
        put(folder.resolve("rsa.key"), key);
        try (var tls = tls(folder)) {
            String first = tls.keys().chooseEngineServerAlias("RSA", null, null);
            assertEquals("RSA", tls.keys().getPrivateKey(first).getAlgorithm());
            for (String foreign : new String[] {"other", "ec"}) {
                put(folder.resolve(foreign + ".crt"), certificate);
                await(() -> !tls.broken().isEmpty());
                assertTrue(tls.broken().getFirst().contains("does not match"), tls.broken()::toString);
                assertEquals(first, tls.keys().chooseEngineServerAlias("RSA", null, null));
                put(folder.resolve("rsa.crt"), certificate);
                await(() -> tls.broken().isEmpty());
                first = tls.keys().chooseEngineServerAlias("RSA", null, null);
            }
            put(folder.resolve("ec.crt"), certificate);
            put(folder.resolve("ec.key"), key);
            await(() -> tls.keys().chooseEngineServerAlias("EC", null, null) != null);
            // A handshake that has begun with the pair before it ends with it.
            assertEquals("RSA", tls.keys().getPrivateKey(first).getAlgorithm());
            assertEquals(
                    "RSA",
                    tls.keys().getCertificateChain(first)[0].getPublicKey().getAlgorithm());
        }
    }

    @Test
    void files_thatAreMissing_stopTheStart(@TempDir Path folder) {
        assertTrue(assertThrows(ProblemException.class, () -> tls(folder))
                .problem()
                .detail()
                .contains("security.tls"));
    }

    private static void await(java.util.function.BooleanSupplier so) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!so.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "in time");
            Thread.onSpinWait();
        }
    }
}
