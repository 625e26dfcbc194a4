package dev.millrace.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A small issuer of the tests, with real keys, on this machine. */
public final class Issuer implements AutoCloseable {
    public static final String AUDIENCE = "millrace";

    final AtomicInteger fetches = new AtomicInteger();
    final List<JWK> keys = new CopyOnWriteArrayList<>();
    private final HttpServer server;
    private volatile boolean down;

    public Issuer(Vertx vertx) throws Exception {
        server = vertx.createHttpServer()
                .requestHandler(request -> {
                    if (down) {
                        request.response().setStatusCode(500).end();
                    } else if (request.path().equals("/keys")) {
                        fetches.incrementAndGet();
                        request.response().end(new JWKSet(new ArrayList<>(keys)).toString(true));
                    } else {
                        request.response()
                                .end(new JsonObject()
                                        .put("issuer", url())
                                        .put("jwks_uri", url() + "/keys")
                                        .encode());
                    }
                })
                .listen(0, "127.0.0.1")
                .await(10, TimeUnit.SECONDS);
        keys.add(rsa("first"));
    }

    public String url() {
        return "http://127.0.0.1:" + server.actualPort();
    }

    void down(boolean is) {
        down = is;
    }

    static RSAKey rsa(String id) throws JOSEException {
        return new RSAKeyGenerator(2048).keyID(id).generate();
    }

    static ECKey ec(String id) throws JOSEException {
        return new ECKeyGenerator(Curve.P_256).keyID(id).generate();
    }

    /** What a right token says at that time. */
    public JWTClaimsSet.Builder claims(Instant now) {
        return new JWTClaimsSet.Builder()
                .issuer(url())
                .audience(List.of("another", AUDIENCE))
                .subject("ada")
                .claim("roles", List.of("analyst", "reader"))
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plusSeconds(300)));
    }

    /** A token by the first key. */
    public String token(JWTClaimsSet.Builder claims) throws JOSEException {
        JWK key = keys.getFirst();
        return signed(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(key.getKeyID()).build(), key, claims);
    }

    static String signed(JWSHeader header, JWK key, JWTClaimsSet.Builder claims) throws JOSEException {
        JWSSigner signer = key instanceof RSAKey rsa ? new RSASSASigner(rsa) : new ECDSASigner((ECKey) key);
        var token = new SignedJWT(header, claims.build());
        token.sign(signer);
        return token.serialize();
    }

    @Override
    public void close() throws Exception {
        server.close().await(10, TimeUnit.SECONDS);
    }
}
