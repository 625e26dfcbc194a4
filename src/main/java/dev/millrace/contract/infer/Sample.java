package dev.millrace.contract.infer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is known of the records added so far. What it holds is bounded, whatever they are: {@value #MAX_PATHS} fields in
 * all, at any depth, {@value SampledShape#MAX_DISTINCT} values of each, and a million hashes to find a key by. One thread.
 *
 * <p>A record that is not strict JSON, or exceeds a limit, is counted with its reason and leaves no other trace. The
 * limits are those of the server's own decoder, or a little less, so that every other record can be served.
 */
public final class Sample {
    /** The largest record that is looked into, in bytes. */
    public static final int MAX_RECORD_BYTES = 4 << 20;

    static final int MAX_FIELDS = 1024;
    static final int MAX_STRING_BYTES = 1 << 20;
    static final int MAX_DEPTH = 64;
    static final int MAX_PATHS = 5_000;

    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNumberLength(990)
                            .maxNameLength(MAX_STRING_BYTES)
                            .maxStringLength(MAX_STRING_BYTES)
                            .build())
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private final SampledShape root = new SampledShape();
    private final SampledShape.Budget budget = new SampledShape.Budget(MAX_PATHS, 1_000_000);
    private final Map<String, Refusal> refusals = new LinkedHashMap<>();
    private long records;

    /** Why records were refused: how many, and the number of the first, from 1. */
    record Refusal(long count, long first) {}

    /** Adds one record's bytes; none, as of a Kafka tombstone, is a refusal of its own. */
    public void add(byte[] record) {
        records++;
        try {
            if (record.length > MAX_RECORD_BYTES) {
                throw new Refused("larger than " + MAX_RECORD_BYTES + " bytes");
            }
            root.add(read(record), 0, budget);
        } catch (Refused refused) {
            refusals.merge(
                    refused.reason, new Refusal(1, records), (old, one) -> new Refusal(old.count + 1, old.first));
        }
    }

    private static JsonNode read(byte[] record) throws Refused {
        if (record.length == 0) {
            throw new Refused("without a value (a delete, if the product's mode is upsert)");
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(record))
                    .toString();
            int first = 0;
            while (first < text.length() && " \n\r\t".indexOf(text.charAt(first)) >= 0) {
                first++;
            }
            if (first == text.length() || text.charAt(first) != '{') {
                throw new Refused("not a JSON object");
            }
            JsonNode tree = JSON.readTree(text);
            check(tree);
            return tree;
        } catch (CharacterCodingException e) {
            throw new Refused("not UTF-8");
        } catch (JsonProcessingException | NumberFormatException e) {
            throw new Refused("not strict JSON, or nested too deeply, or with a number too long");
        }
    }

    private static void check(JsonNode node) throws Refused {
        if (node.isTextual()) {
            check(node.textValue());
        } else if (node.isObject() && node.size() > MAX_FIELDS) {
            throw new Refused("with an object of more than " + MAX_FIELDS + " fields");
        }
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            check(field.getKey());
        }
        for (JsonNode child : node) {
            check(child);
        }
    }

    private static void check(String text) throws Refused {
        if (text.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw new Refused("with half a surrogate pair in a text");
        }
        if (text.length() > MAX_STRING_BYTES / 3 && text.getBytes(StandardCharsets.UTF_8).length > MAX_STRING_BYTES) {
            throw new Refused("with a text of more than " + MAX_STRING_BYTES + " bytes");
        }
    }

    /** How many records were added. */
    public long records() {
        return records;
    }

    /** How many of them cannot be served. */
    public long refused() {
        return refusals.values().stream().mapToLong(Refusal::count).sum();
    }

    Map<String, Refusal> refusals() {
        return refusals;
    }

    SampledShape root() {
        return root;
    }

    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        private final String reason;

        Refused(String reason) {
            super(reason, null, false, false);
            this.reason = reason;
        }
    }
}
