package dev.millrace.contract.infer;

import dev.millrace.contract.infer.SampledShape.Kind;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes the draft of a contract: ODCS 3.1.0 in YAML, a comment with the evidence before each guess. Every record of the
 * sample that was not refused satisfies it. All that comes from the records is escaped, in the comments too.
 */
public final class ContractDraft {
    private static final int LEAST_FOR_KEY = 20;
    private static final int LEAST_FOR_ENUM = 50;
    private static final int LARGEST_ENUM = 20;

    private final StringBuilder out = new StringBuilder();
    private final Sample sample;
    private int columns;

    private ContractDraft(Sample sample) {
        this.sample = sample;
    }

    /**
     * What the records cannot say; empty texts for what is not known.
     *
     * @param source where the records are from, for the comment
     * @param name the contract's
     * @param host the brokers
     */
    public record Origin(String source, String name, String domain, String topic, String host) {}

    /** The file's text; empty when no record, or no field, could be read. */
    public static Optional<String> of(Sample sample, Origin origin) {
        return new ContractDraft(sample).write(origin);
    }

    private Optional<String> write(Origin origin) {
        SampledShape root = sample.root();
        String domain = origin.domain().isEmpty() ? "" : origin.domain() + ":";
        out.append("""
                # A draft by `millrace contract infer` of %s records from %s. What stands below each
                # comment is a guess by that evidence: correct it, and take the comment out.
                """.formatted(Guess.count(sample.records()), quoted(origin.source())));
        sample.refusals()
                .forEach((reason, refusal) -> line(
                        0,
                        "# A server would refuse "
                                + Guess.count(refusal.count()) + " of them, " + reason + "; the first is record "
                                + Guess.count(refusal.first()) + "."));
        out.append("""
                apiVersion: v3.1.0
                kind: DataContract
                id: %s
                name: %s
                version: 0.1.0
                status: draft
                """.formatted(quoted("urn:millrace:" + domain + origin.name()), quoted(origin.name())));
        if (!origin.domain().isEmpty()) {
            line(0, "domain: " + quoted(origin.domain()));
        }
        if (!origin.host().isEmpty()) {
            out.append("""
                    servers:
                      - server: kafka
                        type: kafka
                        host: %s
                        format: json
                    """.formatted(quoted(origin.host())));
        }
        out.append("""
                # Every record is a row of its own. If a later record of a key is to replace the earlier one, write
                # customProperties: [{property: millrace.mode, value: upsert}]
                schema:
                  - name: %s
                    %s
                    logicalType: object
                """.formatted(
                        quoted(origin.name()),
                        origin.topic().isEmpty()
                                ? "# The topic's name, where it is another: physicalName."
                                : "physicalName: " + quoted(origin.topic())));
        properties(2, root, key(root));
        return columns == 0 ? Optional.empty() : Optional.of(out.toString());
    }

    /** Why there is no draft, for a person. */
    public static String reason(Sample sample) {
        if (sample.root().seen == 0) {
            return sample.records() == 0
                    ? "there is no record"
                    : "no record can be read: "
                            + String.join(", ", sample.refusals().keySet());
        }
        String beyond = sample.root().beyond;
        return beyond.isEmpty() ? "no field of the records can be a column" : "a record " + beyond;
    }

    /** The name of the field that is most likely the key; empty for none. */
    private static String key(SampledShape root) {
        String best = "";
        int rank = 4;
        boolean first = true;
        for (Map.Entry<String, SampledShape> field : root.fields.entrySet()) {
            SampledShape shape = field.getValue();
            int found = shape.seen == root.seen && root.seen >= LEAST_FOR_KEY
                    ? Guess.of(field.getKey(), shape).keyRank(field.getKey(), shape, first)
                    : 0;
            if (found > 0 && found < rank) {
                best = field.getKey();
                rank = found;
            }
            first = false;
        }
        return best;
    }

    private void properties(int indent, SampledShape object, String key) {
        line(indent, "properties:");
        Set<String> taken = new HashSet<>();
        object.fields.forEach((name, shape) ->
                property(indent + 1, name, shape, object.count(Kind.OBJECTS), name.equals(key), taken));
        if (object.untracked > 0) {
            line(
                    indent + 1,
                    "# left out: fields without name, with a very long one, or beyond " + Sample.MAX_PATHS
                            + " in all; seen " + Guess.count(object.untracked) + " times");
        }
    }

    private void property(int indent, String name, SampledShape shape, long of, boolean key, Set<String> taken) {
        Guess guess = Guess.of(name, shape);
        int start = out.length();
        int before = columns;
        String present = "in " + Guess.count(shape.seen) + " of " + Guess.count(of);
        line(
                indent,
                "# " + present + (shape.nulls == 0 ? "" : ", null in " + Guess.count(shape.nulls))
                        + evidence(shape, guess) + (key ? "; likely the key, if it stays different" : ""));
        String column = column(name, taken);
        line(indent, "- name: " + (isPlain(column) ? column : quoted(column)));
        if (!column.equals(name)) {
            line(indent + 1, "physicalName: " + quoted(name));
        }
        boolean kept =
                !guess.isLeftOut() && body(indent + 1, name, shape, guess, shape.seen == of && shape.nulls == 0, key);
        if (kept) {
            columns = before + 1;
            taken.add(column.toLowerCase(Locale.ROOT));
        } else {
            out.setLength(start);
            columns = before;
            line(
                    indent,
                    "# left out: " + quoted(name) + ", " + present + ", "
                            + (guess.isLeftOut() ? guess.note() : "holds nothing that can be a column"));
        }
    }

    /** What a property and an array's items have in common; false when nothing within has a type. */
    private boolean body(int indent, String name, SampledShape shape, Guess guess, boolean required, boolean key) {
        line(indent, "logicalType: " + guess.logicalType());
        if (!guess.physicalType().isEmpty()) {
            line(indent, "physicalType: " + guess.physicalType());
        }
        if (!guess.options().isEmpty()) {
            line(indent, "logicalTypeOptions: {" + guess.options() + "}");
        }
        if (required) {
            line(indent, "required: true");
        }
        if (key) {
            line(indent, "primaryKey: true");
            line(indent, "primaryKeyPosition: 1");
        }
        if (isEnum(shape, guess)) {
            line(indent, "quality:");
            line(indent + 1, "- metric: invalidValues");
            line(indent + 2, "arguments:");
            line(indent + 3, "validValues:");
            shape.distinct.stream().sorted().forEach(value -> line(indent + 4, "- " + quoted(value)));
            line(indent + 2, "mustBe: 0");
            line(indent + 2, "severity: warning");
        }
        if (guess.logicalType().equals("object")) {
            int before = columns;
            properties(indent, shape, "");
            return columns > before;
        }
        SampledShape items = shape.items;
        if (items == null) {
            return true;
        }
        Guess item = Guess.of(name, items);
        line(indent, "# " + Guess.count(items.seen) + " items" + evidence(items, item));
        line(indent, "items:");
        return body(indent + 1, name, items, item, items.nulls == 0, false);
    }

    private static boolean isEnum(SampledShape shape, Guess guess) {
        int values = shape.distinct.size();
        return guess.logicalType().equals("string")
                && guess.options().isEmpty()
                && values > 0
                && values <= LARGEST_ENUM
                && shape.count(Kind.TEXTS) >= Math.max(LEAST_FOR_ENUM, 10L * values);
    }

    private static String evidence(SampledShape shape, Guess guess) {
        StringBuilder text = new StringBuilder();
        if (shape.count(Kind.TEXTS) > 0) {
            text.append("; at most ").append(Guess.count(shape.longest)).append(" characters");
        } else if (shape.count(Kind.INTEGERS) + shape.count(Kind.FRACTIONS) > 0) {
            text.append("; from ").append(shown(shape.min)).append(" to ").append(shown(shape.max));
        }
        if (shape.isUnique() && shape.seen > 1) {
            text.append("; all different");
        } else if (!shape.distinct.isEmpty()) {
            int values = shape.distinct.size();
            text.append("; ").append(values).append(values == 1 ? " value" : " different values");
        }
        return text + (guess.note().isEmpty() ? "" : "; " + guess.note());
    }

    private static String shown(BigDecimal number) {
        String text = number.toString();
        return text.length() <= 45 ? text : text.substring(0, 40) + "... (" + text.length() + " digits)";
    }

    /** A name of ASCII letters, digits and underscores, none taken within its object in any case: as SQL would have it. */
    private static String column(String name, Set<String> taken) {
        String plain = name.replaceAll("[^A-Za-z0-9_]", "_");
        String base = plain.matches("[A-Za-z_].*") ? plain : "_" + plain;
        String column = base;
        for (int i = 2; taken.contains(column.toLowerCase(Locale.ROOT)); i++) {
            column = base + "_" + i;
        }
        return column;
    }

    private static boolean isPlain(String text) {
        return text.matches("[A-Za-z_][A-Za-z0-9_]*") && !text.matches("(?i)null|true|false|yes|no|on|off|y|n");
    }

    /** A double-quoted YAML scalar on one line, printable whatever stands in it. */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (c >= ' ' && c < 0x7F || Character.isLetterOrDigit(c) && c <= 0xFFFF) {
                quoted.appendCodePoint(c);
            } else {
                quoted.append(String.format(Locale.ROOT, c > 0xFFFF ? "\\U%08X" : "\\u%04X", c));
            }
        });
        return quoted.append('"').toString();
    }

    private void line(int indent, String text) {
        out.repeat(' ', 2 * indent).append(text).append('\n');
    }
}
