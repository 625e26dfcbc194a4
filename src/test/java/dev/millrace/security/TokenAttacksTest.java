package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tokens as an attacker writes them, and right ones under every condition that may change. */
class TokenAttacksTest {
    private static final Instant NOW = Instant.parse("2026-12-01T12:00:00Z");

    private final Vertx vertx = Vertx.vertx();
    private Issuer issuer;
    private Authenticator authenticator;

    @BeforeEach
    void open() throws Exception {
        issuer = new Issuer(vertx);
        authenticator = authenticator();
        awaitKeys();
    }

    @AfterEach
    void close() throws Exception {
        authenticator.close();
        issuer.close();
        vertx.close().await(10, TimeUnit.SECONDS);
    }

    private Authenticator authenticator(String... more) {
        Map<String, String> settings = new HashMap<>(
                Map.of("oidc.issuer", issuer.url(), "oidc.audience", Issuer.AUDIENCE, "failures", "1000000"));
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return new Authenticator(
                vertx,
                Told.settings(settings.entrySet().stream()
                        .flatMap(each -> java.util.stream.Stream.of(each.getKey(), each.getValue()))
                        .toArray(String[]::new)),
                "0123456789abcdef".getBytes(UTF_8),
                Told.NO_AUDIT,
                InstantSource.fixed(NOW));
    }

    private void awaitKeys() {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!authenticator.broken().isEmpty()) {
            assertTrue(System.nanoTime() < end, "the keys have come");
            Thread.onSpinWait();
        }
    }

    private Future<Identity> ask(String token) {
        return authenticator.identify(Told.bearer(token));
    }

    private Principal pass(String token) throws TimeoutException {
        return ask(token).await(10, TimeUnit.SECONDS).principal();
    }

    private void refuse(String reason, String token) {
        var failure = assertThrows(ProblemException.class, () -> ask(token).await(10, TimeUnit.SECONDS));
        assertInstanceOf(Problem.Unauthenticated.class, failure.problem());
        assertTrue(failure.problem().detail().contains(reason), failure.problem()::detail);
    }

    private JWTClaimsSet.Builder claims() {
        return issuer.claims(NOW);
    }

    private JWSHeader.Builder header(String kid) {
        return new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(kid);
    }

    private RSAKey first() {
        return (RSAKey) issuer.keys.getFirst();
    }

    @Test
    void rightToken_isItsPrincipal_andIsVerifiedOnce() throws Exception {
        String token = issuer.token(claims().claim("region", "EMEA").claim("team", Map.of("desk", 7)));
        Principal ada = pass(token);
        assertEquals("ada", ada.name());
        assertEquals(Set.of("analyst", "reader"), ada.roles());
        assertEquals(Optional.empty(), ada.purpose());
        assertEquals(List.of("EMEA"), ada.claims().get("region"));
        assertEquals(List.of("7"), ada.claims().get("team.desk"));
        assertTrue(ask(token).isComplete());
        assertTrue(ada == pass(token), "remembered");
    }

    @Test
    void claims_ofTheSettings_areNameRolesAndPurpose() throws Exception {
        try (var other = authenticator(
                "oidc.name", "azp", "oidc.roles", "realm_access.roles", "oidc.purpose", "https://x.example/for")) {
            authenticator.close();
            authenticator = other;
            awaitKeys();
            Principal robot = pass(issuer.token(claims().claim("azp", "robot")
                    .claim("realm_access", Map.of("roles", List.of("writer")))
                    .claim("https://x.example/for", "billing")));
            assertEquals("robot", robot.name());
            assertEquals(Set.of("writer"), robot.roles());
            assertEquals(Optional.of("billing"), robot.purpose());
            refuse("is no name", issuer.token(claims()));
        }
    }

    @Test
    void none_andSharedSecrets_areNoSignatures() throws Exception {
        String payload = Base64URL.encode(claims().build().toString()).toString();
        for (String alg : List.of("none", "None", "NONE", "nOnE", "", "HS256", "RS256 ", "ES256K", "EdDSA")) {
            String head = Base64URL.encode("{\"alg\":\"" + alg + "\",\"kid\":\"first\"}")
                    .toString();
            for (String tail : List.of("", "AAAA")) {
                refuse("", head + "." + payload + "." + tail);
            }
        }
    }

    @Test
    void publicKey_asASharedSecret_isRefused() throws Exception {
        for (byte[] secret : List.of(
                first().toRSAPublicKey().getEncoded(),
                first().toPublicJWK().toJSONString().getBytes(UTF_8),
                ("-----BEGIN PUBLIC KEY-----\n"
                                + java.util.Base64.getMimeEncoder(64, new byte[] {'\n'})
                                        .encodeToString(first().toRSAPublicKey().getEncoded())
                                + "\n-----END PUBLIC KEY-----\n")
                        .getBytes(UTF_8))) {
            var token = new SignedJWT(
                    new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("first").build(), claims().build());
            token.sign(new MACSigner(secret));
            refuse("not signed in a way", token.serialize());
        }
    }

    @Test
    void times_areBoundedByTheSkew() throws Exception {
        pass(issuer.token(claims().expirationTime(Date.from(NOW.minusSeconds(29)))));
        refuse("expired", issuer.token(claims().expirationTime(Date.from(NOW.minusSeconds(30)))));
        refuse("expired", issuer.token(claims().expirationTime(null)));
        pass(issuer.token(claims().notBeforeTime(Date.from(NOW.plusSeconds(30)))));
        refuse("not valid yet", issuer.token(claims().notBeforeTime(Date.from(NOW.plusSeconds(31)))));
        refuse("not valid yet", issuer.token(claims().issueTime(Date.from(NOW.plusSeconds(31)))));
    }

    @Test
    void otherIssuersAndAudiences_areRefused() throws Exception {
        refuse("another issuer", issuer.token(claims().issuer("https://evil.example")));
        refuse("another issuer", issuer.token(claims().issuer(null)));
        refuse("another issuer", issuer.token(claims().issuer(issuer.url() + "/x")));
        refuse("not for this server", issuer.token(claims().audience("another")));
        refuse("not for this server", issuer.token(claims().audience((String) null)));
        refuse("not for this server", issuer.token(claims().audience(Issuer.AUDIENCE + ",x")));
    }

    @Test
    void changedPartsOfAToken_areRefused() throws Exception {
        String token = issuer.token(claims());
        String[] parts = token.split("\\.");
        String admin = Base64URL.encode(
                        claims().claim("roles", List.of("admin")).build().toString())
                .toString();
        refuse("signature", parts[0] + "." + admin + "." + parts[2]);
        refuse("", parts[0] + "." + parts[1] + ".");
        refuse("", parts[0] + "." + parts[1]);
        refuse("", token + ".x");
        refuse("", "..");
        refuse("signature", parts[0] + "." + parts[1] + "." + parts[2].replace(parts[2].charAt(9), 'x'));
    }

    @Test
    void keyIdsOfAttackers_findNoKey() throws Exception {
        issuer.keys.add(Issuer.rsa("second"));
        RSAKey evil = Issuer.rsa("evil");
        for (String kid : List.of(
                "",
                "evil",
                "../../../dev/null",
                "/dev/null",
                "http://evil.example/key",
                "first' OR 1=1",
                "x".repeat(4000))) {
            refuse("", Issuer.signed(header(kid).build(), evil, claims()));
        }
        refuse("signature", Issuer.signed(header("first").build(), evil, claims()));
    }

    @Test
    void keysThatAHeaderBrings_areNotLookedAt() throws Exception {
        RSAKey evil = new RSAKeyGenerator(2048)
                .keyID("first")
                .keyUse(KeyUse.SIGNATURE)
                .generate();
        URI theirs = URI.create(issuer.url() + "/evil");
        int before = issuer.fetches.get();
        refuse(
                "signature",
                Issuer.signed(header("first").jwk(evil.toPublicJWK()).build(), evil, claims()));
        refuse("signature", Issuer.signed(header("first").jwkURL(theirs).build(), evil, claims()));
        refuse("signature", Issuer.signed(header("first").x509CertURL(theirs).build(), evil, claims()));
        refuse(
                "signature",
                Issuer.signed(header("first").criticalParams(Set.of("exp")).build(), first(), claims()));
        assertEquals(before, issuer.fetches.get());
    }

    @Test
    void hugeTokens_areRefused_andBracesToo() throws Exception {
        refuse("too long", issuer.token(claims().claim("x", "y".repeat(9000))));
        pass(issuer.token(claims().claim("x", "y".repeat(5000))));
        String deep = "[".repeat(5900);
        refuse("", Base64URL.encode(deep).toString() + ".e30.AAAA");
        refuse(
                "",
                Issuer.signed(header("first").type(new JOSEObjectType("JWT")).build(), first(), claims())
                                .split("\\.")[0]
                        + "." + Base64URL.encode(deep) + ".AAAA");
        var many = claims();
        for (int i = 0; i < 600; i++) {
            many.claim("c" + i, 1);
        }
        refuse("too many claims", issuer.token(many));
    }

    @Test
    void rotatedKeys_areTakenUp_byOneFetchWhateverIsAsked() throws Exception {
        String old = issuer.token(claims());
        pass(old);
        RSAKey next = Issuer.rsa("next");
        issuer.keys.set(0, next);
        int before = issuer.fetches.get();
        Future<Identity> first = ask(Issuer.signed(header("next").build(), next, claims()));
        assertEquals("ada", first.await(10, TimeUnit.SECONDS).principal().name());
        assertEquals(before + 1, issuer.fetches.get());
        refuse("signature", old);
        for (int i = 0; i < 10_000; i++) {
            // What is not signed at all costs less to make, and as much to refuse.
            String head = Base64URL.encode("{\"alg\":\"RS256\",\"kid\":\"" + i + "\"}")
                    .toString();
            assertTrue(ask(head + ".e30.AAAA").failed());
        }
        assertEquals(before + 1, issuer.fetches.get());
    }

    @Test
    void ellipticKeys_areTaken_andOnlyForTheirCurve() throws Exception {
        var ec = Issuer.ec("curve");
        issuer.keys.add(ec);
        var right = new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("curve").build();
        String token = Issuer.signed(right, ec, claims());
        pass(token);
        String[] parts = token.split("\\.");
        String rs = Base64URL.encode("{\"alg\":\"RS256\",\"kid\":\"curve\"}").toString();
        refuse("", rs + "." + parts[1] + "." + parts[2]);
        // Both numbers zero: CVE-2022-21449.
        refuse("", parts[0] + "." + parts[1] + "." + Base64URL.encode(new byte[64]));
    }

    @Test
    void tokens_whileTheIssuerIsDown_areUnavailable_andItsKnownKeysStay() throws Exception {
        String token = issuer.token(claims());
        pass(token);
        issuer.down(true);
        String another = issuer.token(claims().claim("x", 1));
        pass(another);
        try (var late = authenticator()) {
            var failure = assertThrows(
                    ProblemException.class,
                    () -> late.identify(Told.bearer(token)).await(10, TimeUnit.SECONDS));
            assertInstanceOf(Problem.Unavailable.class, failure.problem());
        }
    }

    @Test
    void failedTokens_aboveTheShare_areNotVerified() throws Exception {
        try (var strict = authenticator("failures", "3")) {
            authenticator.close();
            authenticator = strict;
            awaitKeys();
            String right = issuer.token(claims());
            pass(right);
            for (int i = 0; i < 3; i++) {
                refuse("signature", right.substring(0, right.length() - 4) + "AAAA");
            }
            String other = issuer.token(claims().claim("x", 1));
            var failure = assertThrows(ProblemException.class, () -> ask(other).await(10, TimeUnit.SECONDS));
            assertInstanceOf(Problem.RateLimited.class, failure.problem());
            pass(right);
        }
    }

    @Test
    void issuer_withoutAudience_orWithoutTls_doesNotStart() {
        for (String[] wrong : new String[][] {
            {"oidc.audience", ""}, {"oidc.issuer", "http://10.1.2.3"}, {"oidc.jwks", "http://keys.example.invalid/k"}
        }) {
            var failure = assertThrows(ProblemException.class, () -> authenticator(wrong));
            assertInstanceOf(Problem.CannotStart.class, failure.problem());
        }
    }
}
