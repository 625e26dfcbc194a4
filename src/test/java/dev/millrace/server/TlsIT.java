package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.security.NewKey;
import dev.millrace.security.Pem;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** TLS on all three ports, and certificates of clients. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TlsIT {
    private final NewKey key = NewKey.of("ada", List.of(), Optional.empty());
    private Path folder;
    private TestMesh mesh;
    private Map<String, String> settings;
    private MillraceServer server;

    @BeforeAll
    void serve(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Pem.selfSigned(folder, "server", "CN=localhost", "RSA");
        Pem.selfSigned(folder, "etl", "CN=etl", "EC", "san=uri:spiffe://mesh/etl");
        Pem.selfSigned(folder, "stranger", "CN=stranger", "EC");
        Path keys = Files.writeString(
                folder.resolve("keys.yaml"),
                key.line() + "\n- {certificate: \"spiffe://mesh/etl\", name: etl, roles: [writer]}\n");
        settings = Map.of(
                "security.keys", keys.toString(),
                "security.tls.certificate", folder.resolve("server.crt").toString(),
                "security.tls.key", folder.resolve("server.key").toString(),
                "security.tls.clients", folder.resolve("etl.crt").toString(),
                "security.watchInterval", "10ms",
                "http.host", "0.0.0.0");
        mesh = TestMesh.in(folder);
        Files.writeString(
                folder.resolve("mesh/domains/aviation/policies.yaml"),
                "grants: [{to: {subject: ada}, products: \"*\", may: [read]}, {to: {role: writer}, products: \"*\", may: [read]}]");
        server = MillraceServer.start(mesh.configuration(settings));
    }

    @AfterAll
    void stop() {
        server.close();
    }

    /** Trusts one certificate, and shows another where it has a name. */
    private SSLContext context(String trusted, String shown) throws Exception {
        var trust = KeyStore.getInstance(KeyStore.getDefaultType());
        trust.load(null, null);
        trust.setCertificateEntry("a", certificate(trusted));
        var trusts = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusts.init(trust);
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        if (!shown.isEmpty()) {
            try (InputStream in = Files.newInputStream(folder.resolve(shown + ".p12"))) {
                store.load(in, "changeit".toCharArray());
            }
        }
        keys.init(store, "changeit".toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trusts.getTrustManagers(), null);
        return context;
    }

    private X509Certificate certificate(String name) throws Exception {
        try (InputStream in = Files.newInputStream(folder.resolve(name + ".crt"))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private HttpResponse<String> get(SSLContext context, int port, String path, String... headers) throws Exception {
        try (HttpClient http = HttpClient.newBuilder().sslContext(context).build()) {
            var request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + path));
            if (headers.length > 0) {
                request.headers(headers);
            }
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    @Test
    void http_speaksIt_andSoDoesManagement() throws Exception {
        SSLContext trusting = context("server", "");
        assertEquals(401, get(trusting, server.httpPort(), "/v1/products").statusCode());
        assertEquals(
                200,
                get(trusting, server.httpPort(), "/v1/products", "Authorization", "Bearer " + key.key())
                        .statusCode());
        assertEquals(200, get(trusting, server.managementPort(), "/health/live").statusCode());
        assertThrows(
                java.io.UncheckedIOException.class,
                () -> Client.of(server.httpPort()).get("/v1/products"));
    }

    @Test
    void certificateOfAClient_isItsPrincipal_andAStrangersIsRefused() throws Exception {
        assertEquals(
                200,
                get(context("server", "etl"), server.httpPort(), "/v1/products").statusCode());
        // A client that is told which authorities are trusted sends none of another.
        assertEquals(
                401,
                get(context("server", "stranger"), server.httpPort(), "/v1/products")
                        .statusCode());
    }

    @Test
    void flight_speaksIt_byKeyAndByCertificate() throws Exception {
        FlightDescriptor flights = FlightDescriptor.path("aviation", "flights");
        CallHeaders headers = new FlightCallHeaders();
        headers.insert("authorization", "Bearer " + key.key());
        Location location = Location.forGrpcTls("localhost", server.flightPort());
        try (var allocator = new RootAllocator()) {
            try (InputStream trusted = Files.newInputStream(folder.resolve("server.crt"));
                    FlightClient flight = FlightClient.builder(allocator, location)
                            .trustedCertificates(trusted)
                            .build()) {
                assertEquals(
                        1,
                        flight.getInfo(flights, new HeaderCallOption(headers))
                                .getEndpoints()
                                .size());
                var fault = assertThrows(FlightRuntimeException.class, () -> flight.getInfo(flights));
                assertEquals(FlightStatusCode.UNAUTHENTICATED, fault.status().code());
            }
            try (InputStream trusted = Files.newInputStream(folder.resolve("server.crt"));
                    InputStream shown = Files.newInputStream(folder.resolve("etl.crt"));
                    InputStream itsKey = Files.newInputStream(folder.resolve("etl.key"));
                    FlightClient flight = FlightClient.builder(allocator, location)
                            .trustedCertificates(trusted)
                            .clientCertificate(shown, itsKey)
                            .build()) {
                assertEquals(1, flight.getInfo(flights).getEndpoints().size());
            }
        }
    }

    @Test
    void versions_before12_areRefused() throws Exception {
        for (int port : List.of(server.httpPort(), server.flightPort(), server.managementPort())) {
            for (String version : List.of("TLSv1.3", "TLSv1.2")) {
                try (SSLSocket socket =
                        (SSLSocket) context("server", "").getSocketFactory().createSocket("localhost", port)) {
                    var parameters = new SSLParameters();
                    parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
                    socket.setSSLParameters(parameters);
                    socket.setEnabledProtocols(new String[] {version});
                    socket.startHandshake();
                    assertEquals(version, socket.getSession().getProtocol());
                }
            }
            for (String minor : List.of("02", "01", "00")) {
                // A ClientHello of TLS 1.1, 1.0 and SSL 3 with ciphers of that time, as bytes; the answer is an alert.
                byte[] hello = HexFormat.of()
                        .parseHex("16 03MM 0033 01 00002f 03MM"
                                        .replace("MM", minor)
                                        .replace(" ", "") + "00".repeat(32) + "00" + "0008" + "c014c0130035002f"
                                + "0100");
                try (var socket = new Socket("localhost", port)) {
                    socket.setSoTimeout(10_000);
                    OutputStream out = socket.getOutputStream();
                    out.write(hello);
                    out.flush();
                    int first = socket.getInputStream().read();
                    assertNotEquals(0x16, first, "no ServerHello to version 3." + minor + " at " + port);
                    assertTrue(first == 0x15 || first == -1, () -> "an alert or the end, not " + first);
                }
            }
        }
    }

    @Test
    void certificate_thatHasChanged_isShownWithoutARestart_andOneThatIsBrokenIsNot(@TempDir Path other)
            throws Exception {
        Path certificate = other.resolve("current.crt");
        Path itsKey = other.resolve("current.key");
        Pem.selfSigned(folder, "next", "CN=localhost", "EC");
        Files.copy(folder.resolve("server.crt"), certificate);
        Files.copy(folder.resolve("server.key"), itsKey);
        Map<String, String> moved = new HashMap<>(settings);
        moved.put("security.tls.certificate", certificate.toString());
        moved.put("security.tls.key", itsKey.toString());
        moved.put("data.folder", other.resolve("data").toString());
        try (var second = MillraceServer.start(mesh.configuration(moved))) {
            assertEquals(
                    200,
                    get(context("server", ""), second.managementPort(), "/health/live")
                            .statusCode());
            Files.copy(folder.resolve("next.crt"), certificate, StandardCopyOption.REPLACE_EXISTING);
            Client.await("the pair is told broken", () -> ready(second).contains("does not match"));
            assertEquals(
                    200,
                    get(context("server", ""), second.managementPort(), "/health/live")
                            .statusCode());
            Files.copy(folder.resolve("next.key"), itsKey, StandardCopyOption.REPLACE_EXISTING);
            Client.await("the new one is shown", () -> shown(second).contains("EC"));
        }
    }

    private String ready(MillraceServer of) {
        try {
            return get(
                            context("server", ""),
                            of.managementPort(),
                            "/health/ready",
                            "Authorization",
                            "Bearer " + key.key())
                    .body();
        } catch (Exception failure) {
            throw new AssertionError(failure);
        }
    }

    private String shown(MillraceServer of) {
        try (SSLSocket socket =
                (SSLSocket) context("next", "").getSocketFactory().createSocket("localhost", of.flightPort())) {
            socket.startHandshake();
            return socket.getSession().getPeerCertificates()[0].getPublicKey().getAlgorithm();
        } catch (Exception notYet) {
            return "";
        }
    }

    @Test
    void server_beyondThisMachine_startsOnlyWithAuthenticationAndTls() {
        String wide = "0.0.0.0";
        for (String host : List.of("http.host", "flight.host", "management.host")) {
            assertRefused(
                    List.of("security.keys", "security.open", "security.tls.certificate", "security.plaintext"),
                    Map.of(host, wide));
            assertRefused(List.of("security.tls.certificate"), Map.of(host, wide, "security.open", "true"));
            assertRefused(List.of("security.keys"), Map.of(host, wide, "security.plaintext", "true"));
        }
        Doors.check(mesh.configuration(Map.of()));
        Doors.check(
                mesh.configuration(Map.of("http.host", wide, "security.open", "true", "security.plaintext", "true")));
        Doors.check(mesh.configuration(settings));
    }

    private void assertRefused(List<String> named, Map<String, String> wrong) {
        Configuration configuration = mesh.configuration(wrong);
        var refused = assertThrows(ProblemException.class, () -> MillraceServer.start(configuration));
        assertTrue(refused.problem() instanceof Problem.CannotStart);
        for (String setting : List.of("security.keys", "security.tls.certificate")) {
            assertEquals(
                    named.contains(setting), refused.problem().detail().contains(setting), refused.problem()::detail);
        }
    }
}
