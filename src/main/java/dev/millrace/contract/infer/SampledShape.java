package dev.millrace.contract.infer;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the sample holds at one path: counts, bounds and a few values. One thread. */
final class SampledShape {
    static final int MAX_DISTINCT = 50;

    private static final int LONGEST_DISTINCT = 60;
    private static final int LONGEST_NAME = 200;
    private static final int DEEPEST = 16;

    /** What a value is in JSON, in the words of a comment. */
    enum Kind {
        TEXTS,
        BOOLEANS,
        INTEGERS,
        FRACTIONS,
        OBJECTS,
        ARRAYS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What all shapes of a sample may still take. */
    static final class Budget {
        private int paths;
        private int hashes;

        Budget(int paths, int hashes) {
            this.paths = paths;
            this.hashes = hashes;
        }
    }

    long seen;
    long nulls;
    long untracked;
    final Map<Kind, Long> kinds = new EnumMap<>(Kind.class);
    final Map<String, SampledShape> fields = new LinkedHashMap<>();
    final Set<SampledFormat> formats = EnumSet.allOf(SampledFormat.class);
    final Set<String> distinct = new LinkedHashSet<>();
    boolean manyDistinct;
    int longest;
    BigDecimal min = BigDecimal.ZERO;
    BigDecimal max = BigDecimal.ZERO;
    int digits;
    int wholeDigits;
    int scale;
    /** Why there is more here than can be looked into; empty otherwise. */
    String beyond = "";

    @Nullable
    SampledShape items;

    private @Nullable Set<Long> hashes = new HashSet<>();

    /** Adds a value that stands {@code depth} objects and arrays deep. */
    void add(JsonNode value, int depth, Budget budget) {
        seen++;
        if (value.isNull()) {
            nulls++;
            return;
        }
        Kind kind = kind(value);
        kinds.merge(kind, 1L, Long::sum);
        switch (kind) {
            case TEXTS -> {
                String text = value.textValue();
                longest = Math.max(longest, text.codePointCount(0, text.length()));
                formats.removeIf(format -> !format.holds(text));
                note(text, depth, budget);
            }
            case INTEGERS -> {
                number(value.decimalValue());
                note(value.asText(), depth, budget);
            }
            case FRACTIONS -> {
                number(value.decimalValue());
                manyDistinct = true;
                distinct.clear();
                hashes = null;
            }
            case OBJECTS, ARRAYS -> {
                if (depth == DEEPEST) {
                    beyond = "is nested deeper than " + DEEPEST + " levels";
                } else if (kind == Kind.ARRAYS) {
                    SampledShape inner = items == null ? new SampledShape() : items;
                    items = inner;
                    value.forEach(item -> inner.add(item, depth + 1, budget));
                } else {
                    value.properties().forEach(field -> field(field.getKey(), field.getValue(), depth, budget));
                }
            }
            case BOOLEANS -> {}
        }
    }

    private void field(String name, JsonNode value, int depth, Budget budget) {
        SampledShape shape = fields.get(name);
        if (shape == null && beyond.isEmpty() && !name.isEmpty() && name.length() <= LONGEST_NAME && budget.paths > 0) {
            budget.paths--;
            shape = new SampledShape();
            fields.put(name, shape);
            if (fields.size() > Sample.MAX_FIELDS) {
                beyond = "has more than " + Sample.MAX_FIELDS + " different field names and looks like a map";
                fields.clear();
                return;
            }
        }
        if (shape == null) {
            untracked++;
        } else {
            shape.add(value, depth + 1, budget);
        }
    }

    private static Kind kind(JsonNode value) {
        return switch (value.getNodeType()) {
            case STRING -> Kind.TEXTS;
            case BOOLEAN -> Kind.BOOLEANS;
            case NUMBER -> value.isIntegralNumber() ? Kind.INTEGERS : Kind.FRACTIONS;
            case ARRAY -> Kind.ARRAYS;
            case OBJECT -> Kind.OBJECTS;
            case BINARY, MISSING, NULL, POJO -> throw new IllegalArgumentException("not from JSON text");
        };
    }

    private void number(BigDecimal value) {
        boolean first = count(Kind.INTEGERS) + count(Kind.FRACTIONS) == 1;
        min = first ? value : min.min(value);
        max = first ? value : max.max(value);
        digits = Math.max(digits, value.stripTrailingZeros().precision());
        wholeDigits = Math.max(wholeDigits, value.precision() - value.scale());
        scale = Math.max(scale, value.scale());
    }

    private void note(String text, int depth, Budget budget) {
        if (!manyDistinct) {
            distinct.add(text.length() > LONGEST_DISTINCT ? "" : text);
            manyDistinct = distinct.size() > MAX_DISTINCT || text.length() > LONGEST_DISTINCT;
        }
        if (manyDistinct) {
            distinct.clear();
        }
        if (hashes != null && (depth != 1 || budget.hashes-- <= 0 || !hashes.add(hash(text)))) {
            hashes = null; // no column of the record, or unknown, or not unique
        }
    }

    /** FNV-1a over the characters; two that meet by chance cost a key its guess and nothing else. */
    private static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    long count(Kind kind) {
        return kinds.getOrDefault(kind, 0L);
    }

    /** Whether each value is known to differ from all others. */
    boolean isUnique() {
        return hashes != null && hashes.size() == seen;
    }
}
