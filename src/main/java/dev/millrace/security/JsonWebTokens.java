package dev.millrace.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.nio.ByteBuffer;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Signed tokens of one issuer (RFC 7519). Any thread; never blocks.
 *
 * <p>Only signatures of key pairs are taken, by the key that the token names, and only as that key's type and own algorithm
 * allow (RFC 8725): what a header says of other keys ({@code jwk}, {@code jku}, {@code x5u}) is not looked at. Issuer,
 * audience and times are compared here. A token that was found right is remembered by its SHA-256 until it ends or the
 * issuer's keys change, five minutes at most; so a signature is verified once, and what compares texts tells no time.
 */
final class JsonWebTokens implements AutoCloseable {
    private static final Set<JWSAlgorithm> TAKEN = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);
    private static final int MAX_CHARACTERS = 8 << 10;
    private static final int MAX_CLAIMS = 500;
    private static final int MAX_NAME = 256;
    private static final int MAX_KNOWN = 10_000;
    private static final int MAX_WAITING = 1_000;
    private static final Duration MEMORY = Duration.ofMinutes(5);

    private record Print(long first, long second) {
        static Print of(String token) {
            ByteBuffer hash = ByteBuffer.wrap(ApiKeys.sha256(token));
            return new Print(hash.getLong(), hash.getLong());
        }
    }

    private record Known(Identity identity, Instant until) {}

    private final Vertx vertx;
    private final Configuration.Oidc settings;
    private final InstantSource clock;
    private final IssuerKeys keys;
    private final Map<Print, Known> known = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();

    JsonWebTokens(Vertx vertx, Configuration.Oidc settings, InstantSource clock) {
        this.vertx = vertx;
        this.settings = settings;
        this.clock = clock;
        this.keys = new IssuerKeys(vertx, settings, known::clear);
    }

    static boolean sameIssuer(String settings, @Nullable String said) {
        return said != null && (said.equals(settings) || said.equals(settings + "/"));
    }

    /** Whether the issuer's keys have been got. */
    boolean areReady() {
        return keys.areKnown();
    }

    /** Whose token that is, if it was found right before. */
    Optional<Identity> remembered(String token) {
        Known found = token.length() > MAX_CHARACTERS ? null : known.get(Print.of(token));
        return found != null && clock.instant().isBefore(found.until())
                ? Optional.of(found.identity())
                : Optional.empty();
    }

    /** Whose token that is; fails with {@code Unauthenticated}, or {@code Unavailable} while the issuer's keys are missing. */
    Future<Identity> identify(String token) {
        try {
            if (token.length() > MAX_CHARACTERS) {
                throw refused("The token is too long.");
            }
            SignedJWT signed = SignedJWT.parse(token);
            JWSHeader header = signed.getHeader();
            if (!TAKEN.contains(header.getAlgorithm())) {
                throw refused("The token is not signed in a way that is taken here.");
            }
            String id = Objects.requireNonNullElse(header.getKeyID(), "");
            Optional<IssuerKeys.Usable> key = keys.find(id);
            return key.isPresent()
                    ? Future.succeededFuture(verified(token, signed, key.get()))
                    : whenRenewed(token, signed, id);
        } catch (ParseException | JOSEException | StackOverflowError broken) { // braces in braces, from outside
            return Future.failedFuture(unknown());
        } catch (ProblemException refused) {
            return Future.failedFuture(refused);
        }
    }

    /** The issuer may have a new key; the result comes on the caller's context. */
    private Future<Identity> whenRenewed(String token, SignedJWT signed, String id) {
        Optional<Future<Void>> renewed =
                waiting.get() < MAX_WAITING && id.length() <= MAX_NAME ? keys.renewed() : Optional.empty();
        if (renewed.isEmpty()) {
            return Future.failedFuture(keys.areKnown() ? unknown() : missing());
        }
        waiting.incrementAndGet();
        Promise<Identity> found = ((ContextInternal) vertx.getOrCreateContext()).promise();
        renewed.get().onComplete(done -> {
            waiting.decrementAndGet();
            try {
                Optional<IssuerKeys.Usable> key = keys.find(id);
                if (key.isEmpty()) {
                    throw keys.areKnown() ? unknown() : missing();
                }
                found.complete(verified(token, signed, key.get()));
            } catch (ParseException | JOSEException broken) {
                found.fail(unknown());
            } catch (ProblemException refused) {
                found.fail(refused);
            }
        });
        return found.future();
    }

    private static ProblemException refused(String reason) {
        return new Problem.Unauthenticated(reason).exception();
    }

    private static ProblemException unknown() {
        return refused("The token's signature is none that is known here.");
    }

    private ProblemException missing() {
        return new Problem.Unavailable("Who asks cannot be found out", "the keys of the issuer cannot be had.")
                .exception();
    }

    private Identity verified(String token, SignedJWT signed, IssuerKeys.Usable key)
            throws JOSEException, ParseException {
        String algorithm = signed.getHeader().getAlgorithm().getName();
        if (!(key.algorithm().isEmpty() || key.algorithm().equals(algorithm)) || !signed.verify(key.verifier())) {
            throw unknown();
        }
        JWTClaimsSet claims = signed.getJWTClaimsSet();
        Instant now = clock.instant();
        Date expires = claims.getExpirationTime();
        if (!sameIssuer(settings.issuer(), claims.getIssuer())) {
            throw refused("The token is of another issuer.");
        }
        if (claims.getAudience() == null || !claims.getAudience().contains(settings.audience())) {
            throw refused("The token is not for this server.");
        }
        if (expires == null || !now.isBefore(expires.toInstant().plus(settings.skew()))) {
            throw refused("The token has expired.");
        }
        if (isAhead(claims.getNotBeforeTime(), now) || isAhead(claims.getIssueTime(), now)) {
            throw refused("The token is not valid yet.");
        }
        Identity identity = Identity.of(principal(claims.toJSONObject()));
        remember(Print.of(token), identity, expires.toInstant().plus(settings.skew()), now);
        return identity;
    }

    private boolean isAhead(@Nullable Date time, Instant now) {
        return time != null && time.toInstant().isAfter(now.plus(settings.skew()));
    }

    private void remember(Print print, Identity identity, Instant expires, Instant now) {
        if (known.size() >= MAX_KNOWN) {
            known.values().removeIf(each -> !now.isBefore(each.until()));
            if (known.size() >= MAX_KNOWN) {
                known.clear(); // each is verified once more
            }
        }
        Instant memory = now.plus(MEMORY);
        known.put(print, new Known(identity, expires.isBefore(memory) ? expires : memory));
    }

    private Principal principal(Map<String, Object> claims) {
        Map<String, List<String>> texts = new HashMap<>();
        flatten("", claims, texts);
        List<String> names = texts.getOrDefault(settings.name(), List.of());
        if (names.size() != 1 || names.getFirst().isEmpty() || names.getFirst().length() > MAX_NAME) {
            throw refused("The token's " + settings.name() + " is no name.");
        }
        List<String> roles = texts.getOrDefault(settings.roles(), List.of());
        return new Principal(
                names.getFirst(),
                // One text may name several, as OAuth's scope does.
                new HashSet<>(roles.size() == 1 ? Arrays.asList(roles.getFirst().split(" ")) : roles),
                texts,
                texts.getOrDefault(settings.purpose(), List.of()).stream().findFirst());
    }

    /** A single value is a list of one, a member of an object has the path of both. */
    private static void flatten(String path, @Nullable Object value, Map<String, List<String>> into) {
        if (into.size() > MAX_CLAIMS) {
            throw refused("The token has too many claims.");
        }
        switch (value) {
            case null -> {}
            case Map<?, ?> object ->
                object.forEach((name, member) -> flatten(path.isEmpty() ? "" + name : path + "." + name, member, into));
            case List<?> list -> {
                List<String> texts = new ArrayList<>();
                list.stream().filter(JsonWebTokens::isSingle).forEach(item -> texts.add(String.valueOf(item)));
                into.put(path, List.copyOf(texts));
            }
            default -> into.put(path, List.of(value.toString()));
        }
    }

    private static boolean isSingle(@Nullable Object item) {
        return item != null && !(item instanceof Map) && !(item instanceof List);
    }

    @Override
    public void close() {
        keys.close();
    }
}
