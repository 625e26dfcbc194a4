package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What is durable of a partition: its files and the offset that they reach. Immutable. Written as one line of JSON and a
 * second line with the CRC-32C of the first, so that a torn or altered manifest is known.
 *
 * @param format version of this format
 * @param topicId the topic that the offsets belong to
 * @param next every offset below this one is in the files
 * @param schema the store schema, one line an entry, to tell what a changed contract changed
 * @param generation the last number given to a file's name
 * @param segments in the order of their offsets
 */
record Manifest(
        int format, String topicId, long next, List<String> schema, long generation, List<SegmentFile> segments) {
    static final int FORMAT = 1;
    static final String NAME = "manifest";

    private static final ObjectMapper JSON = new ObjectMapper();
    // Manifests of before dead letters were a product of their own name files of theirs too.
    private static final ObjectReader READER =
            JSON.readerFor(Manifest.class).without(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final ObjectWriter WRITER = JSON.writerFor(Manifest.class);
    private static final HexFormat HEX = HexFormat.of();
    private static final String CRC = "crc32c:";
    private static final String COLUMN = "column ";

    Manifest {
        schema = List.copyOf(schema);
        segments = List.copyOf(segments);
    }

    /** One segment; {@code firstDeleted} is Long.MAX_VALUE where no row is a delete. */
    record SegmentFile(
            String file,
            int rows,
            long firstOffset,
            long lastOffset,
            int deletedRows,
            long firstDeleted,
            long sizeBytes,
            int crc32c) {
        Segment.Facts facts(int ordinal) {
            return new Segment.Facts(ordinal, rows, firstOffset, lastOffset, deletedRows, firstDeleted);
        }

        /** What is wrong with the bytes of the segment's file; empty when it is whole. Reads all of it. */
        Optional<String> fault(Path path) throws IOException {
            long size = Files.size(path);
            if (size != sizeBytes) {
                return Optional.of("has " + size + " bytes, written were " + sizeBytes);
            }
            return LocalDisk.crc32c(path) == crc32c
                    ? Optional.empty()
                    : Optional.of("has other bytes than were written: its CRC-32C does not match");
        }
    }

    /** Of a partition without files. */
    static Manifest empty(StoreSchema schema) {
        return new Manifest(FORMAT, "", 0, describe(schema), 0, List.of());
    }

    byte[] toBytes() {
        try {
            byte[] json = WRITER.writeValueAsBytes(this);
            String end = "\n" + CRC + HEX.toHexDigits(crc32c(json)) + "\n";
            byte[] bytes = java.util.Arrays.copyOf(json, json.length + end.length());
            System.arraycopy(end.getBytes(UTF_8), 0, bytes, json.length, end.length());
            return bytes;
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * The manifest that {@link #toBytes} made.
     *
     * @throws IOException when it is not whole or of another format; the message says which
     */
    static Manifest parse(byte[] bytes) throws IOException {
        int end = 0;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        byte[] json = java.util.Arrays.copyOf(bytes, end);
        String rest = new String(bytes, end, bytes.length - end, UTF_8);
        if (!rest.equals("\n" + CRC + HEX.toHexDigits(crc32c(json)) + "\n")) {
            throw new IOException("the manifest's checksum does not match");
        }
        JsonNode format = JSON.readTree(json).path("format");
        if (format.asInt() != FORMAT) {
            throw new IOException("the manifest has format " + format + ", this version reads " + FORMAT);
        }
        return READER.readValue(json);
    }

    /** The schema as lines: a column each as Arrow's JSON, then key and mode. */
    static List<String> describe(StoreSchema schema) {
        var lines = new ArrayList<String>();
        try {
            JSON.readTree(schema.layout().schema().toJson()).path("fields").forEach(field -> lines.add(COLUMN + field));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
        lines.add("key " + schema.keyNames());
        lines.add(schema.upsert() ? "upsert" : "append");
        return List.copyOf(lines);
    }

    /** What keeps the stored rows from being read under another schema; empty when nothing does. */
    Optional<String> difference(StoreSchema wanted) {
        List<String> other = describe(wanted);
        if (schema.equals(other) || isReadBy(wanted, other)) {
            return Optional.empty();
        }
        var gone = new ArrayList<>(schema);
        gone.removeAll(other);
        var added = new ArrayList<>(other);
        added.removeAll(schema);
        return Optional.of("only stored: " + gone + ", only in the contract: " + added);
    }

    private boolean isReadBy(StoreSchema wanted, List<String> other) {
        Predicate<String> isColumn = line -> line.startsWith(COLUMN);
        String fields = schema.stream()
                .filter(isColumn)
                .map(line -> line.substring(COLUMN.length()))
                .collect(Collectors.joining(",", "{\"fields\":[", "]}"));
        try {
            return wanted.layout().reads(Schema.fromJSON(fields).getFields())
                    && schema.stream()
                            .filter(isColumn.negate())
                            .toList()
                            .equals(other.stream().filter(isColumn.negate()).toList());
        } catch (IOException unreadable) {
            return false;
        }
    }

    static int crc32c(byte[] bytes) {
        var crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
