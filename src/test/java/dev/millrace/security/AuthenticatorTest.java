package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthenticatorTest {
    private static final Instant NOW = Instant.parse("2026-12-01T12:00:00Z");

    private final Vertx vertx = Vertx.vertx();
    private final NewKey ada = NewKey.of("ada", List.of("analyst", "reader"), Optional.of("reporting"));
    private Path file;
    private Authenticator authenticator;

    @BeforeEach
    void open(@TempDir Path folder) throws Exception {
        file = folder.resolve("keys.yaml");
        Files.writeString(file, ada.line() + "\n");
        authenticator = authenticator("keys", file.toString(), "failures", "5");
    }

    @AfterEach
    void close() throws Exception {
        authenticator.close();
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    private Authenticator authenticator(String... settings) {
        return new Authenticator(
                vertx,
                Told.settings(settings),
                "0123456789abcdef".getBytes(UTF_8),
                Told.NO_AUDIT,
                InstantSource.fixed(NOW));
    }

    private Problem refusal(Credentials said) {
        Future<Identity> who = authenticator.identify(said);
        assertTrue(who.failed(), "it passed");
        return assertInstanceOf(ProblemException.class, who.cause()).problem();
    }

    private void assertUnknown(Credentials said) {
        assertInstanceOf(Problem.Unauthenticated.class, refusal(said));
    }

    @Test
    void key_ofTheFile_isItsPrincipal() {
        Principal principal =
                authenticator.identify(Told.bearer(ada.key())).result().principal();
        assertEquals(new Principal("ada", Set.of("analyst", "reader"), Map.of(), Optional.of("reporting")), principal);
        assertEquals(
                principal,
                authenticator
                        .identify(Told.of("bEARER  " + ada.key() + " "))
                        .result()
                        .principal());
    }

    @Test
    void key_withAnyOneCharacterChanged_isNobodys() {
        for (int i = 0; i < ada.key().length(); i++) {
            char other = ada.key().charAt(i) == 'a' ? 'b' : 'a';
            String wrong = ada.key().substring(0, i) + other + ada.key().substring(i + 1);
            Credentials said = new Credentials("10.0.1." + i, List.of("Bearer " + wrong), null);
            assertUnknown(said);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Bearer", "Bearer ", "Basic ", "Basic ?", "Digest x", "Bearer mk_", "Basic bm9jb2xvbg==", "é"
            })
    void header_thatSaysNothing_isRefused(String header) {
        assertUnknown(Told.of(header));
    }

    @Test
    void nothingSaid_isRefused_andIsNoFailedLogin() {
        for (int i = 0; i < 100; i++) {
            assertUnknown(Told.of());
        }
    }

    @Test
    void severalHeaders_areRefused_thoughEachIsRight() {
        assertUnknown(Told.of("Bearer " + ada.key(), "Bearer " + ada.key()));
    }

    @Test
    void basic_withNameAndKey_isItsPrincipal_andWithAnothersNameNobody() {
        assertEquals(
                "ada",
                authenticator
                        .identify(basic("ada", ada.key()))
                        .result()
                        .principal()
                        .name());
        assertUnknown(basic("bob", ada.key()));
        assertUnknown(basic("ada", "wrong"));
    }

    private static Credentials basic(String name, String password) {
        return Told.of("Basic " + Base64.getEncoder().encodeToString((name + ":" + password).getBytes(UTF_8)));
    }

    @Test
    void failedLogins_aboveTheShareOfTheirAddress_areToldToWait_andTheRightKeyStillPasses() {
        for (int i = 0; i < 5; i++) {
            assertUnknown(Told.bearer("wrong"));
        }
        var limited = assertInstanceOf(Problem.RateLimited.class, refusal(Told.bearer("wrong")));
        assertTrue(limited.retryAfterSeconds() > 0, limited::detail);
        assertTrue(authenticator.identify(Told.bearer(ada.key())).succeeded());
        assertUnknown(new Credentials("10.0.0.2", List.of("Bearer wrong"), null));
    }

    @Test
    void keys_ofOneName_areTwoAtATime_andEachEndsWithItsLine() throws Exception {
        NewKey next = NewKey.of("ada", List.of("analyst"), Optional.empty());
        Files.writeString(file, ada.line() + "\n" + next.line() + "\n");
        await(() -> authenticator.identify(Told.bearer(next.key())).succeeded());
        assertTrue(authenticator.identify(Told.bearer(ada.key())).succeeded());
        Files.writeString(file, next.line() + "\n");
        await(() -> authenticator.identify(Told.bearer(ada.key())).failed());
        assertTrue(authenticator.identify(Told.bearer(next.key())).succeeded());
    }

    @Test
    void file_thatIsBroken_isSaid_andItsKeysStayUntilItIsMended() throws Exception {
        Files.writeString(file, "- {id: 1}\n");
        await(() -> !authenticator.broken().isEmpty());
        assertTrue(authenticator.identify(Told.bearer(ada.key())).succeeded());
        Files.writeString(file, "[]\n");
        await(() -> authenticator.broken().isEmpty());
        assertUnknown(Told.bearer(ada.key()));
    }

    @Test
    void file_thatIsBrokenAtTheStart_isRefusedWithAllItsFaults() throws Exception {
        Files.writeString(file, """
                - {id: 1, name: ada, sha256: x}
                - {id: "0123456789ab", name: ada, rolls: [x], sha256: "%s"}
                - {id: "0123456789ab", name: ada, until: soon, sha256: "%s"}
                """.formatted("a".repeat(64), "b".repeat(64)));
        var fault = assertThrows(ProblemException.class, () -> authenticator("keys", file.toString()));
        String said = fault.problem().detail();
        for (String part : List.of("prints them", "'rolls'", "stands twice", "Expected a day")) {
            assertTrue(said.contains(part), said);
        }
    }

    @Test
    void key_until_isGoodOnThatDayAndNotAfterIt() throws Exception {
        for (var day : Map.of("2026-12-01", true, "2026-11-30", false).entrySet()) {
            Files.writeString(file, ada.line().replace("sha256", "until: " + day.getKey() + ", sha256"));
            try (var dated = authenticator("keys", file.toString())) {
                assertEquals(
                        day.getValue(), dated.identify(Told.bearer(ada.key())).succeeded());
            }
        }
    }

    @Test
    void claims_ofTheFile_areTexts() throws Exception {
        Files.writeString(file, ada.line().replace("sha256", "claims: {region: [EMEA, APAC], desk: 7}, sha256"));
        try (var other = authenticator("keys", file.toString())) {
            assertEquals(
                    Map.of("region", List.of("EMEA", "APAC"), "desk", List.of("7")),
                    other.identify(Told.bearer(ada.key())).result().principal().claims());
        }
    }

    @Test
    void open_letsWhoSaysNothingPass_andLooksAtWhatIsSaid() {
        try (var open = authenticator("keys", file.toString(), "open", "true")) {
            assertTrue(open.asks());
            assertSame(Principal.ANYBODY, open.identify(Told.of()).result().principal());
            assertTrue(open.identify(Told.bearer("wrong")).failed());
        }
        try (var nothing = authenticator()) {
            assertFalse(nothing.asks());
        }
    }

    @Test
    void session_isGoodForItsTime_andForThisServerAlone() {
        String session = authenticator.session(basic("ada", ada.key())).orElseThrow();
        assertEquals(
                "ada",
                authenticator
                        .identify(Told.bearer(session))
                        .result()
                        .principal()
                        .name());
        assertEquals(Optional.empty(), authenticator.session(Told.bearer(ada.key())));
        byte[] secret = "0123456789abcdef".getBytes(UTF_8);
        for (long seconds : new long[] {0, 3599}) {
            try (var later = authenticator(secret, NOW.plusSeconds(seconds))) {
                assertTrue(later.identify(Told.bearer(session)).succeeded());
            }
        }
        try (var late = authenticator(secret, NOW.plusSeconds(3600));
                var another = authenticator("another-secret-0".getBytes(UTF_8), NOW)) {
            assertTrue(late.identify(Told.bearer(session)).failed());
            assertTrue(another.identify(Told.bearer(session)).failed());
        }
        for (int i = 3; i < session.length() - 1; i++) {
            char other = session.charAt(i) == 'a' ? 'b' : 'a';
            String wrong = session.substring(0, i) + other + session.substring(i + 1);
            assertUnknown(new Credentials("10.0.1." + i, List.of("Bearer " + wrong), null));
        }
        assertUnknown(new Credentials("10.0.2.1", List.of("Bearer mb_"), null));
        assertUnknown(new Credentials("10.0.2.1", List.of("Bearer mb_AAAA"), null));
    }

    private Authenticator authenticator(byte[] secret, Instant now) {
        return new Authenticator(
                vertx, Told.settings("keys", file.toString()), secret, Told.NO_AUDIT, InstantSource.fixed(now));
    }

    @Test
    void secrets_areShownNowhere() {
        for (Object shown : new ArrayList<>(List.of(ada, Told.bearer(ada.key()), ApiKeys.read(file)))) {
            assertFalse(shown.toString().contains(ada.key().substring(16)), shown::toString);
        }
        assertFalse(ada.line().contains(ada.key().substring(16)));
    }

    private static void await(java.util.function.BooleanSupplier so) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!so.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "in time");
            Thread.onSpinWait();
        }
    }
}
