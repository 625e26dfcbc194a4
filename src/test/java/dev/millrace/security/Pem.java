package dev.millrace.security;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Certificates and keys of the tests as PEM files, made by the JDK's keytool. */
public final class Pem {
    private static final char[] PASSWORD = "changeit".toCharArray();

    private Pem() {}

    /** A certificate by itself with its key, NAME.crt and NAME.key; for localhost and 127.0.0.1. */
    public static void selfSigned(Path folder, String name, String distinguishedName, String algorithm)
            throws Exception {
        selfSigned(folder, name, distinguishedName, algorithm, "san=dns:localhost,ip:127.0.0.1");
    }

    /** The same with another extension. */
    public static void selfSigned(Path folder, String name, String distinguished, String algorithm, String extension)
            throws Exception {
        Path store = folder.resolve(name + ".p12");
        Files.deleteIfExists(store);
        keytool(
                "-genkeypair",
                "-alias",
                "a",
                "-keyalg",
                algorithm,
                "-dname",
                distinguished,
                "-ext",
                extension,
                "-validity",
                "2",
                "-keystore",
                store.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit");
        var loaded = java.security.KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(store)) {
            loaded.load(in, PASSWORD);
        }
        write(
                folder.resolve(name + ".crt"),
                "CERTIFICATE",
                loaded.getCertificate("a").getEncoded());
        write(
                folder.resolve(name + ".key"),
                "PRIVATE KEY",
                loaded.getKey("a", PASSWORD).getEncoded());
    }

    private static void write(Path file, String what, byte[] bytes) throws IOException {
        Files.writeString(
                file,
                "-----BEGIN " + what + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + what
                        + "-----\n");
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(said);
        }
    }
}
