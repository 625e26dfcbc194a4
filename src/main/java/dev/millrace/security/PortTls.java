package dev.millrace.security;

import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import io.vertx.core.Vertx;
import io.vertx.core.http.ClientAuth;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.PemTrustOptions;
import io.vertx.core.net.TrustOptions;
import java.net.Socket;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The TLS of all ports: TLS 1.3 and 1.2, a certificate and its key from files that are read again when they have changed, and
 * the authorities whose clients' certificates are asked for. A handshake is done with the files of its beginning. Any thread.
 */
public final class PortTls implements AutoCloseable {
    /** What is spoken, best first. */
    public static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    private final Optional<WatchedFiles> files;
    private final Optional<X509ExtendedKeyManager> keys;
    private final Optional<X509ExtendedTrustManager> clients;

    private PortTls(
            Optional<WatchedFiles> files,
            Optional<X509ExtendedKeyManager> keys,
            Optional<X509ExtendedTrustManager> clients) {
        this.files = files;
        this.keys = keys;
        this.clients = clients;
    }

    /** Ports without TLS. */
    public static PortTls none() {
        return new PortTls(Optional.empty(), Optional.empty(), Optional.empty());
    }

    /**
     * As the settings say. Blocks: it reads files.
     *
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} where they cannot be used
     */
    public static PortTls of(Vertx vertx, Configuration.Security settings) {
        Configuration.Tls tls = settings.tls();
        if (!tls.isOn()) {
            return none();
        }
        var files = new WatchedFiles(vertx, settings.watchInterval());
        try {
            var numbers = new AtomicLong();
            var pairs = new Pairs(files.read(
                    List.of(tls.certificate(), tls.key()),
                    () -> Pair.read(vertx, tls, Long.toString(numbers.incrementAndGet()))));
            Optional<X509ExtendedTrustManager> clients = Optional.empty();
            if (!tls.clients().toString().isEmpty()) {
                Path authorities = tls.clients();
                clients = Optional.of(
                        new Authorities(files.read(List.of(authorities), () -> Authorities.read(vertx, authorities))));
            }
            return new PortTls(Optional.of(files), Optional.of(pairs), clients);
        } catch (Exception wrong) {
            files.close();
            throw new Problem.CannotStart("security.tls cannot be used: " + wrong.getMessage()).exception();
        }
    }

    /** Whether ports speak it. */
    public boolean isOn() {
        return keys.isPresent();
    }

    /** What a server shows; only where it is on. */
    public X509ExtendedKeyManager keys() {
        return keys.orElseThrow();
    }

    /** Who vouches for clients; empty where they are not asked for a certificate. */
    public Optional<X509ExtendedTrustManager> clients() {
        return clients;
    }

    /** What is wrong with its files, in words. */
    public List<String> broken() {
        return files.map(WatchedFiles::broken).orElse(List.of());
    }

    /** The options of a server that speaks it, where it is on. */
    public HttpServerOptions serve(HttpServerOptions options) {
        if (isOn()) {
            options.setSsl(true)
                    .setKeyCertOptions(KeyCertOptions.wrap(keys()))
                    .setEnabledSecureTransportProtocols(Set.copyOf(PROTOCOLS));
            clients.ifPresent(authorities ->
                    options.setClientAuth(ClientAuth.REQUEST).setTrustOptions(TrustOptions.wrap(authorities)));
        }
        return options;
    }

    @Override
    public void close() {
        files.ifPresent(WatchedFiles::close);
    }

    /** A certificate with its chain, and its key; the alias is of this reading alone. */
    @SuppressWarnings("ArrayRecordComponent") // handed to TLS, compared by nobody
    private record Pair(String alias, PrivateKey key, X509Certificate[] chain) {
        static Pair read(Vertx vertx, Configuration.Tls files, String alias) throws Exception {
            var factory = new PemKeyCertOptions()
                    .setCertPath(files.certificate().toString())
                    .setKeyPath(files.key().toString())
                    .getKeyManagerFactory(vertx);
            var read = (X509ExtendedKeyManager) factory.getKeyManagers()[0];
            for (String type : List.of("RSA", "EC", "EdDSA")) {
                String[] found = read.getServerAliases(type, null);
                if (found != null && found.length > 0) {
                    var pair = new Pair(alias, read.getPrivateKey(found[0]), read.getCertificateChain(found[0]));
                    pair.check();
                    return pair;
                }
            }
            throw new GeneralSecurityException(files.certificate() + " has no certificate for a server.");
        }

        /** A certificate with the key of another would end every handshake. */
        private void check() throws GeneralSecurityException {
            String algorithm = switch (key.getAlgorithm()) {
                case "RSA" -> "SHA256withRSA";
                case "EC" -> "SHA256withECDSA";
                default -> key.getAlgorithm();
            };
            byte[] text = {1, 2, 3};
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(text);
            Signature verifying = Signature.getInstance(algorithm);
            verifying.initVerify(chain[0].getPublicKey());
            verifying.update(text);
            if (!verifying.verify(signing.sign())) {
                throw new GeneralSecurityException("private key does not match the certificate");
            }
        }
    }

    /** Shows the pair that stands in the files now, and knows the one before it for handshakes under way. */
    private static final class Pairs extends X509ExtendedKeyManager {
        private final Supplier<Pair> now;
        private volatile Pair last;
        private volatile Pair before;

        Pairs(Supplier<Pair> now) {
            this.now = now;
            this.last = now.get();
            this.before = last;
        }

        private synchronized Pair current() {
            Pair found = now.get();
            if (found != last) {
                before = last;
                last = found;
            }
            return found;
        }

        private @Nullable Pair of(String alias) {
            Pair found = current();
            return found.alias().equals(alias) ? found : before.alias().equals(alias) ? before : null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            Pair found = current();
            return found.key().getAlgorithm().equals(type) ? found.alias() : null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String type, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return chooseEngineServerAlias(type, issuers, null);
        }

        @Override
        public String @Nullable [] getServerAliases(String type, Principal @Nullable [] issuers) {
            String alias = chooseEngineServerAlias(type, issuers, null);
            return alias == null ? null : new String[] {alias};
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            Pair found = of(alias);
            return found == null ? null : found.chain().clone();
        }

        @Override
        public @Nullable PrivateKey getPrivateKey(String alias) {
            Pair found = of(alias);
            return found == null ? null : found.key();
        }

        @Override
        public String @Nullable [] getClientAliases(String type, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] types, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }

    /** Trusts whom the file's authorities vouch for now. */
    private static final class Authorities extends X509ExtendedTrustManager {
        private final Supplier<X509ExtendedTrustManager> now;

        Authorities(Supplier<X509ExtendedTrustManager> now) {
            this.now = now;
        }

        static X509ExtendedTrustManager read(Vertx vertx, Path file) throws Exception {
            for (TrustManager each : new PemTrustOptions()
                    .addCertPath(file.toString())
                    .getTrustManagerFactory(vertx)
                    .getTrustManagers()) {
                if (each instanceof X509ExtendedTrustManager found && found.getAcceptedIssuers().length > 0) {
                    return found;
                }
            }
            throw new GeneralSecurityException(file + " has no certificates.");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            now.get().checkClientTrusted(chain, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            now.get().checkServerTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            now.get().checkClientTrusted(chain, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            now.get().checkServerTrusted(chain, type, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            now.get().checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            now.get().checkServerTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return now.get().getAcceptedIssuers();
        }
    }
}
