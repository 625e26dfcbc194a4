package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.Configuration;
import dev.millrace.layer.KeyedRateLimiters;
import dev.millrace.layer.RateLimitLayer;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Finds out who asks, for all ports. Any thread; never blocks.
 *
 * <p>What is refused counts against the address that it came from. Whose failures of a minute are used up is told to come
 * back later, at the cost of a look-up; who shows what is known passes all the same, so that nobody behind the same address
 * is locked out by another.
 */
public final class Authenticator implements Authentication, AutoCloseable {
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int MAX_CLIENTS = 10_000;
    private static final String BEARER = "Bearer ";
    private static final String BASIC = "Basic ";
    private static final Future<Identity> NOBODY = failed("This server wants to know who asks.");
    private static final Future<Identity> SEVERAL = failed("There is more than one header Authorization.");
    private static final Future<Identity> UNKNOWN = failed("What it says of who asks is not known here.");

    private final Audit audit;
    private final boolean asks;
    private final boolean open;
    private final boolean certificates;
    private final InstantSource clock;
    private final KeyedRateLimiters failures;
    private final WatchedFiles files;
    private final Supplier<ApiKeys> keys;
    private final Optional<JsonWebTokens> tokens;
    private final Sessions sessions;

    /**
     * Knows what the settings name. Blocks: it reads files.
     *
     * @param vertx borrowed
     * @param audit is told of refused logins
     * @param secret signs sessions; the same over restarts
     * @throws ProblemException with all that is wrong with the files
     */
    public Authenticator(
            Vertx vertx, Configuration.Security settings, byte[] secret, Audit audit, InstantSource clock) {
        this.audit = audit;
        this.asks = settings.names();
        this.open = settings.open() || !asks;
        this.certificates = !settings.tls().clients().toString().isEmpty();
        this.clock = clock;
        this.failures =
                new KeyedRateLimiters("logins", RateLimitLayer.config(settings.failures(), WINDOW), MAX_CLIENTS);
        this.files = new WatchedFiles(vertx, settings.watchInterval())
                .onChange((paths, outcome) -> audit.add(new Audit.Entry(
                        Audit.Kind.ADMINISTER, "", "", "read " + paths, "", "", Audit.Served.NOTHING, outcome, "")));
        this.sessions = new Sessions(secret, settings.session());
        checkIssuer(settings.oidc());
        try {
            Path file = settings.keys();
            this.keys = file.toString().isEmpty()
                    ? () -> ApiKeys.NONE
                    : files.read(List.of(file), () -> ApiKeys.read(file));
        } catch (Exception wrong) {
            files.close();
            throw wrong instanceof ProblemException expected
                    ? expected
                    : new Problem.CannotStart(String.valueOf(wrong.getMessage())).exception();
        }
        this.tokens = settings.oidc().issuer().isEmpty()
                ? Optional.empty()
                : Optional.of(new JsonWebTokens(vertx, settings.oidc(), clock));
    }

    private static void checkIssuer(Configuration.Oidc oidc) {
        if (oidc.issuer().isEmpty()) {
            return;
        }
        if (oidc.audience().isEmpty()) {
            throw new Problem.CannotStart("security.oidc.issuer is set and security.oidc.audience is not:"
                            + " tokens for other services would be taken.")
                    .exception();
        }
        for (String url : List.of(oidc.issuer(), oidc.jwks())) {
            if (url.startsWith("http:") && !Loopback.is(URI.create(url).getHost())) {
                throw new Problem.CannotStart("The keys that tokens are trusted by would come from " + url
                                + ", which anybody on the way can change. Expected: https.")
                        .exception();
            }
        }
    }

    private static Future<Identity> failed(String reason) {
        return Future.failedFuture(new Problem.Unauthenticated(reason).exception());
    }

    /** Whether anybody is asked who it is. */
    public boolean asks() {
        return asks;
    }

    /** What is wrong with its files and its issuer, in words. */
    public List<String> broken() {
        var all = new ArrayList<>(files.broken());
        if (tokens.isPresent() && !tokens.get().areReady()) {
            all.add("The keys of the issuer have not been had yet; its tokens are refused.");
        }
        return all;
    }

    @Override
    public Future<Identity> identify(Credentials credentials) {
        List<String> said = credentials.authorization();
        if (said.isEmpty()) {
            Optional<String> shown = certificates && credentials.session() != null
                    ? Certificates.name(credentials.session())
                    : Optional.empty();
            if (shown.isPresent()) {
                Optional<Identity> known = keys.get().ofCertificate(shown.get(), clock.instant());
                return known.isPresent() ? Future.succeededFuture(known.get()) : refused(credentials, UNKNOWN);
            }
            return open ? ANYBODY.identify(credentials) : NOBODY;
        }
        if (said.size() > 1) {
            return refused(credentials, SEVERAL);
        }
        String text = said.getFirst();
        if (starts(text, BEARER)) {
            return bearer(credentials, text.substring(BEARER.length()).strip());
        }
        if (starts(text, BASIC)) {
            return basic(credentials, text.substring(BASIC.length()).strip());
        }
        return refused(credentials, UNKNOWN);
    }

    private static boolean starts(String text, String scheme) {
        return text.regionMatches(true, 0, scheme, 0, scheme.length());
    }

    private Future<Identity> bearer(Credentials credentials, String token) {
        boolean session = token.startsWith(Sessions.PREFIX);
        if (tokens.isPresent() && !session && !token.startsWith(ApiKeys.PREFIX)) {
            return ofToken(tokens.get(), credentials, token);
        }
        Instant now = clock.instant();
        ApiKeys today = keys.get();
        Optional<Identity> known =
                session ? sessions.id(token, now).flatMap(id -> today.ofId(id, now)) : today.find(token, now);
        return known.isPresent() ? Future.succeededFuture(known.get()) : refused(credentials, UNKNOWN);
    }

    private Future<Identity> ofToken(JsonWebTokens issued, Credentials credentials, String token) {
        Optional<Identity> known = issued.remembered(token);
        if (known.isPresent()) {
            return Future.succeededFuture(known.get());
        }
        // A signature takes the server a hundred times what it takes to send one.
        Optional<Problem> spent = failures.spent(credentials.client());
        if (spent.isPresent()) {
            return Future.failedFuture(spent.get().exception());
        }
        return issued.identify(token)
                .recover(failure -> failure instanceof ProblemException expected
                                && expected.problem() instanceof Problem.Unauthenticated
                        ? refused(credentials, Future.failedFuture(failure))
                        : Future.failedFuture(failure));
    }

    /** A name and a key or a token, for tools that have no field for a token. */
    private Future<Identity> basic(Credentials credentials, String pair) {
        Optional<String[]> said = pair(pair);
        if (said.isEmpty()) {
            return refused(credentials, UNKNOWN);
        }
        return bearer(credentials, said.get()[1])
                .compose(identity -> identity.principal().name().equals(said.get()[0])
                        ? Future.succeededFuture(identity)
                        : refused(credentials, UNKNOWN));
    }

    private static Optional<String[]> pair(String encoded) {
        try {
            String[] parts = new String(Base64.getDecoder().decode(encoded), UTF_8).split(":", 2);
            return Optional.of(parts).filter(both -> both.length == 2);
        } catch (IllegalArgumentException broken) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<String> session(Credentials credentials) {
        List<String> said = credentials.authorization();
        if (said.size() != 1 || !starts(said.getFirst(), BASIC)) {
            return Optional.empty();
        }
        return pair(said.getFirst().substring(BASIC.length()).strip())
                .map(both -> both[1].startsWith(ApiKeys.PREFIX)
                        ? sessions.begin(ApiKeys.id(both[1]), clock.instant())
                        : both[1]);
    }

    private Future<Identity> refused(Credentials credentials, Future<Identity> refusal) {
        Optional<Problem> spent = failures.tryTake(credentials.client());
        if (spent.isEmpty()) { // further ones are not worth a line each
            audit.add(new Audit.Entry(
                    Audit.Kind.LOGIN,
                    "",
                    credentials.client(),
                    "",
                    "",
                    "",
                    Audit.Served.NOTHING,
                    "unauthenticated",
                    ""));
        }
        return spent.isPresent() ? Future.failedFuture(spent.get().exception()) : refusal;
    }

    @Override
    public void close() {
        files.close();
        tokens.ifPresent(JsonWebTokens::close);
    }
}
