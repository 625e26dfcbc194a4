package dev.millrace.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import dev.millrace.config.Configuration;
import dev.millrace.layer.BoundedGet;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.text.ParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The public keys of an issuer, got by OpenID Connect Discovery or from one address, at the start, now and then, and when a
 * token names one that is not known: then once in {@value #REST_SECONDS} s at most, whatever is asked for. What was got stays
 * while the issuer cannot be reached. Any thread; fetches on a context of its own.
 */
final class IssuerKeys implements AutoCloseable {
    static final int REST_SECONDS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(IssuerKeys.class);
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_KEYS = 1000;
    private static final int MIN_RSA_BITS = 2048;
    private static final long CALL_MILLIS = 5_000;

    /** A key that may verify; {@code algorithm} is empty where it is for all of its type. */
    record Usable(JWSVerifier verifier, String algorithm) {}

    private final Context context;
    private final HttpClient http;
    private final BoundedGet documents;
    private final Configuration.Oidc settings;
    private final Runnable onChange;
    private final Vertx vertx;
    private final long timer;
    private final AtomicReference<@Nullable Future<Void>> underWay = new AtomicReference<>();
    private final AtomicLong nextNanos = new AtomicLong(System.nanoTime());
    private volatile String text = "";
    private volatile Map<String, Usable> byId = Map.of();
    private volatile long renewedNanos;

    /** @param onChange run when a key is gone or new */
    IssuerKeys(Vertx vertx, Configuration.Oidc settings, Runnable onChange) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.http = vertx.createHttpClient(new HttpClientOptions());
        this.documents = new BoundedGet(http, MAX_BYTES, CALL_MILLIS);
        this.settings = settings;
        this.onChange = onChange;
        long look = Math.min(
                TimeUnit.SECONDS.toMillis(REST_SECONDS), settings.refresh().toMillis());
        this.timer = vertx.setPeriodic(0, Math.max(1, look), tick -> {
            if (byId.isEmpty()
                    || System.nanoTime() - renewedNanos >= settings.refresh().toNanos()) {
                renew();
            }
        });
    }

    /** Whether any key has been got yet. */
    boolean areKnown() {
        return !byId.isEmpty();
    }

    /** The key of that id; for an empty one the only key, where there is one. */
    Optional<Usable> find(String id) {
        Map<String, Usable> now = byId;
        return id.isEmpty() && now.size() == 1 ? now.values().stream().findFirst() : Optional.ofNullable(now.get(id));
    }

    /** Ends when the keys have been got again; empty when that was done or tried a moment ago. */
    Optional<Future<Void>> renewed() {
        Future<Void> running = underWay.get();
        if (running != null) {
            return Optional.of(running);
        }
        long now = System.nanoTime();
        long next = nextNanos.get();
        return now - next >= 0 && nextNanos.compareAndSet(next, now + TimeUnit.SECONDS.toNanos(REST_SECONDS))
                ? Optional.of(renew())
                : Optional.empty();
    }

    private Future<Void> renew() {
        Promise<Void> done = Promise.promise();
        if (!underWay.compareAndSet(null, done.future())) {
            Future<Void> running = underWay.get();
            return running == null ? Future.succeededFuture() : running;
        }
        context.runOnContext(turn -> address()
                .compose(this::get)
                .compose(this::take)
                .onComplete(got -> {
                    underWay.set(null);
                    if (got.failed()) {
                        LOG.warn(
                                "The keys of {} cannot be had: {}",
                                settings.issuer(),
                                got.cause().toString());
                    }
                    done.handle(got);
                }));
        return done.future();
    }

    private Future<String> address() {
        if (!settings.jwks().isEmpty()) {
            return Future.succeededFuture(settings.jwks());
        }
        return get(settings.issuer() + "/.well-known/openid-configuration").compose(body -> {
            JsonObject found = new JsonObject(body);
            String keys = found.getString("jwks_uri", "");
            if (!JsonWebTokens.sameIssuer(settings.issuer(), found.getString("issuer", ""))) {
                return Future.failedFuture(new IOException("its document is of another issuer"));
            }
            if (!keys.startsWith("https:") && !settings.issuer().startsWith("http:")) {
                return Future.failedFuture(new IOException("its keys are not at an address of https"));
            }
            return Future.succeededFuture(keys);
        });
    }

    private Future<Void> take(String body) {
        Map<String, Usable> found = new HashMap<>();
        try {
            for (JWK key : JWKSet.parse(body).getKeys()) {
                if (found.size() < MAX_KEYS) {
                    usable(key).ifPresent(usable -> found.put(key.getKeyID() == null ? "" : key.getKeyID(), usable));
                }
            }
        } catch (ParseException broken) {
            return Future.failedFuture(broken);
        }
        if (found.isEmpty()) {
            return Future.failedFuture(new IOException("none of its keys is for the signatures taken here"));
        }
        renewedNanos = System.nanoTime();
        if (!body.equals(text)) {
            text = body;
            byId = Map.copyOf(found);
            onChange.run();
        }
        return Future.succeededFuture();
    }

    private static Optional<Usable> usable(JWK key) {
        if (key.getKeyUse() != null && !key.getKeyUse().equals(KeyUse.SIGNATURE)) {
            return Optional.empty();
        }
        String algorithm = key.getAlgorithm() == null ? "" : key.getAlgorithm().getName();
        try {
            return switch (key) {
                case RSAKey rsa
                when rsa.size() >= MIN_RSA_BITS ->
                    Optional.of(new Usable(new RSASSAVerifier(rsa.toRSAPublicKey()), algorithm));
                case ECKey ec -> Optional.of(new Usable(new ECDSAVerifier(ec.toECPublicKey()), algorithm));
                default -> Optional.empty(); // a shared secret among them: whoever verifies could sign
            };
        } catch (JOSEException unfit) {
            return Optional.empty();
        }
    }

    private Future<String> get(String url) {
        return documents
                .get(url, Map.of("Accept", "application/json"))
                .compose(answer -> answer.status() == 200
                        ? Future.succeededFuture(answer.body().toString())
                        : Future.failedFuture(new IOException(url + " answers " + answer.status())));
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
        http.close();
    }
}
