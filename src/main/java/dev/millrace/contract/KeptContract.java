package dev.millrace.contract;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The contract that a product was served under last, kept with its data: in the file {@value #FILE} of the product's
 * folder, written and forced before anything is served under it. Reads and writes files. Immutable.
 *
 * @param digest of both texts
 * @param taken when it was taken up
 * @param descriptor empty texts where the product is just a contract file
 */
public record KeptContract(String version, String digest, Instant taken, Source contract, Source descriptor) {
    /** Where it is kept. */
    public static final String FILE = "contract.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** A file of the domain's folder as it was; both empty for none. */
    public record Source(String file, String text) {
        private static final Source NONE = new Source("", "");

        /** The file's name without its endings. */
        public String name() {
            return file.replaceFirst("\\.(odps|odcs)\\.(yaml|yml|json)$", "");
        }
    }

    /** What is to be kept of a product that is taken up now. */
    public static KeptContract of(ProductDefinition product, Instant now) {
        return new KeptContract(
                product.contract().version(),
                digest(product),
                now,
                source(product.contract().file(), product.contract().text()),
                product.descriptor()
                        .map(descriptor -> source(descriptor.file(), descriptor.text()))
                        .orElse(Source.NONE));
    }

    private static Source source(String file, String text) {
        return new Source(String.valueOf(Path.of(file).getFileName()), text);
    }

    /** What two definitions have in common that say the same in the same words. */
    public static String digest(ProductDefinition product) {
        return digest(
                product.contract().text(),
                product.descriptor().map(ProductDescriptor::text).orElse(""));
    }

    private static String digest(String contract, String descriptor) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(contract.getBytes(StandardCharsets.UTF_8));
            sha.update((byte) 0);
            return "sha256:" + HexFormat.of().formatHex(sha.digest(descriptor.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException(never);
        }
    }

    /** The product as it was; {@code domainFolder} is where its files are said to lie. Throws as the readers do. */
    public ProductDefinition definition(String domain, String name, Path domainFolder) {
        return Elements.orThrow(faults -> {
            String file = domainFolder.resolve(contract.file()).toString();
            Optional<ProductDescriptor> described = descriptor.file().isEmpty()
                    ? Optional.empty()
                    : Optional.of(ProductReader.read(
                            domainFolder.resolve(descriptor.file()).toString(), descriptor.text()));
            return ContractReader.readSound(file, contract.text(), faults)
                    .flatMap(read -> described
                            .map(given -> NamedObject.of(descriptor.name(), read, given))
                            .orElseGet(() -> NamedObject.of(contract.name(), read))
                            .stream()
                            .filter(named -> named.name().equals(name))
                            .findFirst()
                            .flatMap(named -> ProductAssembly.assemble(domain, named, read, described, faults)));
        });
    }

    /**
     * What is kept in a product's folder; empty when nothing is.
     *
     * @throws IOException when it cannot be read, or is not what was written
     */
    public static Optional<KeptContract> read(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            JsonNode json = JSON.readTree(Files.readAllBytes(file));
            var kept = new KeptContract(
                    json.path("version").asText(),
                    json.path("digest").asText(),
                    Instant.parse(json.path("taken").asText()),
                    source(json.path("contract")),
                    source(json.path("descriptor")));
            if (kept.digest.equals(digest(kept.contract.text, kept.descriptor.text))) {
                return Optional.of(kept);
            }
        } catch (JsonProcessingException | java.time.DateTimeException broken) {
            throw new IOException(file + " is broken", broken);
        }
        throw new IOException(file + " is broken: its digest is another one");
    }

    private static Source source(JsonNode json) {
        return new Source(json.path("file").asText(), json.path("text").asText());
    }

    /** Keeps it in a product's folder, which is made; durable when this returns. */
    public void write(Path folder) throws IOException {
        ObjectNode json = JSON.createObjectNode()
                .put("version", version)
                .put("digest", digest)
                .put("taken", taken.toString());
        json.set("contract", json(contract));
        json.set("descriptor", json(descriptor));
        write(folder, FILE, json.toPrettyString() + "\n");
    }

    private static ObjectNode json(Source source) {
        return JSON.createObjectNode().put("file", source.file).put("text", source.text);
    }

    /** Writes a file of a product's folder whole or not at all; durable when this returns. */
    static void write(Path folder, String name, String text) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            for (Path made = folder.toAbsolutePath().getParent(); made != null; made = made.getParent()) {
                force(made);
            }
        }
        Path next = folder.resolve(name + ".new");
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(next, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(folder);
    }

    private static void force(Path folder) throws IOException {
        if (Files.isReadable(folder)) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
