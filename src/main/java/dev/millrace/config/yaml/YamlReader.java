package dev.millrace.config.yaml;

import dev.millrace.problem.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Reads a YAML 1.2 file (and so a JSON file) into {@link Node}s. What cannot be read is a fault with its place, never an
 * exception. Bounded: {@value #MAX_BYTES} bytes, {@value Composer#MAX_DEPTH} levels, {@value Composer#MAX_NODES} nodes
 * counted with aliases spelt out. Reads files, so never called on an event loop.
 */
public final class YamlReader {
    /** The largest file that is read, in bytes. */
    public static final int MAX_BYTES = 10 * 1024 * 1024;

    private YamlReader() {}

    /**
     * The file's text and root; empty with at least one error in {@code faults} where it cannot be read. A key that
     * stands twice is an error and leaves the tree with the first, so that the rest can be looked at, too.
     */
    public static Optional<Document> read(Path path, Faults faults) {
        Place whole = Place.of(path.toString());
        if (Files.exists(path) && !Files.isRegularFile(path)) { // a pipe would be read for ever
            faults.error(Rule.UNREADABLE, whole, "", "This is no regular file.");
            return Optional.empty();
        }
        byte[] bytes;
        try (InputStream in = Files.newInputStream(path)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            faults.error(Rule.UNREADABLE, whole, "", "The file cannot be read: " + e + ".");
            return Optional.empty();
        }
        if (bytes.length > MAX_BYTES) {
            faults.error(Rule.UNREADABLE, whole, "", "The file is larger than " + MAX_BYTES + " bytes.");
            return Optional.empty();
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return parse(path.toString(), text, faults);
        } catch (CharacterCodingException e) {
            faults.error(Rule.UNREADABLE, whole, "", "The file is not UTF-8.");
            return Optional.empty();
        }
    }

    /** The text's root, as {@link #read} does; {@code file} is the name that faults bear. */
    public static Optional<Document> parse(String file, String text, Faults faults) {
        if (text.length() > MAX_BYTES) {
            faults.error(Rule.UNREADABLE, Place.of(file), "", "The text is larger than " + MAX_BYTES + " characters.");
            return Optional.empty();
        }
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setCodePointLimit(MAX_BYTES + 1)
                .setSchema(new CoreSchema())
                .build();
        try {
            Optional<Node> root =
                    new Composer(file, new Parse(settings).parseString(text).iterator(), faults).compose();
            return root.map(node -> new Document(text, node));
        } catch (Composer.Refused e) {
            faults.error(Rule.YAML, e.place(), "", e.reason());
        } catch (MarkedYamlEngineException e) {
            Place place = e.getProblemMark()
                    .or(e::getContextMark)
                    .map(mark -> new Place(file, mark.getLine() + 1, mark.getColumn() + 1))
                    .orElse(Place.of(file));
            String context = e.getContext() == null ? "" : e.getContext() + ": ";
            faults.error(Rule.YAML, place, "", "The YAML is broken: " + context + e.getProblem() + ".");
        } catch (YamlEngineException e) {
            faults.error(Rule.YAML, Place.of(file), "", "The YAML is broken: " + e.getMessage() + ".");
        }
        return Optional.empty();
    }

    /** A file's text as it is and the root of its tree. */
    public record Document(String text, Node root) {}
}
