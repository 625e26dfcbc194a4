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
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * What is durable of a partition: its files and the offset that they reach. Immutable. Written as one line of JSON and a
 * second line with the CRC-32C of the first, so that a torn or altered manifest is known.
 *
 * @param format version of this format
 * @param topicId the topic that the offsets belong to
 * @param next every offset below this one is in the files
 * @param schema the store schema, one line an entry, to tell what a changed contract changed
 * @param generation the last number given to a file's name
 * @param kept how far back the partition can be read; absent in format 1, where it is from the beginning
 * @param segments in the order of their offsets
 * @param owner whose files these are; null in a manifest of before it was noted
 * @param reached when the partition had come how far, in the time in which erased values leave its files
 * @param unshared whether none of the partition's rows was known to have a key that another partition has, too; absent in
 *     a manifest of before it was noted
 * @param obsolete names of files that the manifest before named and that are deleted once this one is durable
 */
record Manifest(
        int format,
        String topicId,
        long next,
        List<String> schema,
        long generation,
        Kept kept,
        List<SegmentFile> segments,
        @Nullable FolderOwner owner,
        List<Erasure.Reached> reached,
        boolean unshared,
        List<String> obsolete) {
    static final int FORMAT = 2;
    private static final int FIRST_FORMAT = 1;
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
        format = FORMAT;
        kept = kept == null ? Kept.ALL : kept;
        schema = List.copyOf(schema);
        segments = List.copyOf(segments);
        reached = reached == null ? List.of() : List.copyOf(reached);
        obsolete = obsolete == null ? List.of() : List.copyOf(obsolete);
    }

    /**
     * One segment.
     *
     * @param firstDeleted Long.MAX_VALUE where no row is a delete
     * @param retiredAt snapshots with a bound beyond this do not see the segment; Long.MAX_VALUE while all do, in format 1
     *     absent
     */
    record SegmentFile(
            String file,
            int rows,
            long firstOffset,
            long lastOffset,
            int deletedRows,
            long firstDeleted,
            long sizeBytes,
            int crc32c,
            long retiredAt) {
        SegmentFile {
            retiredAt = retiredAt == 0 ? Marks.NEVER : retiredAt;
        }

        static SegmentFile of(String name, Segment.Facts facts, Disk.Stored stored) {
            return new SegmentFile(
                    name,
                    facts.rows(),
                    facts.firstOffset(),
                    facts.lastOffset(),
                    facts.deletedRows(),
                    facts.firstDeleted(),
                    stored.sizeBytes(),
                    stored.crc32c(),
                    facts.retiredAt());
        }

        SegmentFile retired(long at) {
            return new SegmentFile(
                    file, rows, firstOffset, lastOffset, deletedRows, firstDeleted, sizeBytes, crc32c, at);
        }

        Segment.Facts facts(int ordinal, int lastOrdinal) {
            return new Segment.Facts(
                    ordinal, lastOrdinal, rows, firstOffset, lastOffset, deletedRows, firstDeleted, retiredAt);
        }

        /** What is wrong with the segment's file; empty when it is whole. Reads all of it. */
        Optional<String> fault(Path path) {
            try {
                long size = Files.size(path);
                if (size != sizeBytes) {
                    return Optional.of("has " + size + " bytes, written were " + sizeBytes);
                }
                return LocalDisk.crc32c(path) == crc32c
                        ? Optional.empty()
                        : Optional.of("has other bytes than were written: its CRC-32C does not match");
            } catch (IOException unreadable) {
                return Optional.of("cannot be read: " + unreadable);
            }
        }
    }

    /** Of a partition without files. */
    static Manifest empty(StoreSchema schema, FolderOwner owner) {
        return empty(schema, owner, 0);
    }

    /** Of a partition that has no files any more. */
    static Manifest empty(StoreSchema schema, FolderOwner owner, long generation) {
        return new Manifest(
                FORMAT, "", 0, describe(schema), generation, Kept.ALL, List.of(), owner, List.of(), true, List.of());
    }

    /** The same with other segments, up to another offset. */
    Manifest with(long newNext, Kept nowKept, long newGeneration, List<SegmentFile> others) {
        return new Manifest(
                FORMAT, topicId, newNext, schema, newGeneration, nowKept, others, owner, reached, unshared, List.of());
    }

    /** The same of a topic, as a contract describes it now, which came so far so long ago. */
    Manifest of(String topic, StoreSchema described, List<Erasure.Reached> soFar) {
        return new Manifest(
                FORMAT, topic, next, describe(described), generation, kept, segments, owner, soFar, unshared, obsolete);
    }

    /** The same as the files of an owner. */
    Manifest of(FolderOwner whose) {
        return new Manifest(
                FORMAT, topicId, next, schema, generation, kept, segments, whose, reached, unshared, obsolete);
    }

    /** The same, with files that are to be deleted, and with what is known of its keys by now. */
    Manifest deleting(Collection<String> names, boolean nowUnshared) {
        return new Manifest(
                FORMAT,
                topicId,
                next,
                schema,
                generation,
                kept,
                segments,
                owner,
                reached,
                nowUnshared,
                List.copyOf(names));
    }

    /** What is wrong when this stands in the place of a partition's manifest; empty when nothing is. */
    Optional<String> misplaced(FolderOwner place) {
        return Optional.ofNullable(owner).flatMap(whose -> whose.difference(place));
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
        if (format.asInt() < FIRST_FORMAT || format.asInt() > FORMAT) {
            throw new IOException(
                    "the manifest has format " + format + ", this version reads " + FIRST_FORMAT + " to " + FORMAT);
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
        try {
            return wanted.layout().reads(columns().getFields())
                    && schema.stream()
                            .filter(isColumn.negate())
                            .toList()
                            .equals(other.stream().filter(isColumn.negate()).toList());
        } catch (IOException unreadable) {
            return false;
        }
    }

    private Schema columns() throws IOException {
        return Schema.fromJSON(schema.stream()
                .filter(line -> line.startsWith(COLUMN))
                .map(line -> line.substring(COLUMN.length()))
                .collect(Collectors.joining(",", "{\"fields\":[", "]}")));
    }

    /** The schema that {@link #describe} was given. */
    StoreSchema storeSchema() throws IOException {
        List<Field> stored = columns().getFields();
        String key = schema.get(stored.size()).replaceAll("^key \\[|]$", "");
        return new StoreSchema(
                new Schema(stored.subList(0, stored.size() - StoreSchema.OWN_COLUMNS)),
                key.isEmpty() ? List.of() : List.of(key.split(", ", -1)),
                schema.getLast().equals("upsert"));
    }

    static int crc32c(byte[] bytes) {
        var crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
