package dev.millrace.contract.evolution;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Rules;
import dev.millrace.contract.evolution.Change.Effect;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Changes of what the values of one property must satisfy: what tightens breaks ingest, what relaxes may surprise. */
final class RuleChanges {
    private record Bound(BigDecimal value, boolean exclusive) {}

    private final String path;
    private final FieldType type;
    private final List<Change> changes;

    RuleChanges(String path, FieldType type, List<Change> changes) {
        this.path = path;
        this.type = type;
        this.changes = changes;
    }

    void compare(Rules old, Rules now) {
        order(
                "minLength",
                Integer.compare(now.minLength(), old.minLength()),
                "" + old.minLength(),
                "" + now.minLength());
        order(
                "maxLength",
                Integer.compare(old.maxLength(), now.maxLength()),
                most(old.maxLength()),
                most(now.maxLength()));
        order("minItems", Integer.compare(now.minItems(), old.minItems()), "" + old.minItems(), "" + now.minItems());
        order("maxItems", Integer.compare(old.maxItems(), now.maxItems()), most(old.maxItems()), most(now.maxItems()));
        bound("minimum", lower(old), lower(now), 1);
        bound("maximum", upper(old), upper(now), -1);
        if (old.uniqueItems() != now.uniqueItems()) {
            order("uniqueItems", now.uniqueItems() ? 1 : -1, "" + old.uniqueItems(), "" + now.uniqueItems());
        }
        text("pattern", old.pattern(), now.pattern());
        if (type instanceof FieldType.Text || type instanceof FieldType.OneOf) { // elsewhere it is part of the type
            text("format", optional(old.format()), optional(now.format()));
        }
        multipleOf(old.multipleOf(), now.multipleOf());
        values(old.values(), now.values());
    }

    private static String most(int count) {
        return count == Integer.MAX_VALUE ? "none" : "" + count;
    }

    private static Optional<String> optional(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private Optional<Bound> lower(Rules rules) {
        return tighter(rules.minimum(), rules.exclusiveMinimum(), 1);
    }

    private Optional<Bound> upper(Rules rules) {
        return tighter(rules.maximum(), rules.exclusiveMaximum(), -1);
    }

    /** The bound that counts; of whole numbers, days and moments always inclusive. {@code inwards} is 1 for a lower one. */
    private Optional<Bound> tighter(Optional<BigDecimal> inclusive, Optional<BigDecimal> exclusive, int inwards) {
        Optional<Bound> first = inclusive.map(value -> new Bound(value, false));
        Optional<Bound> second = exclusive.map(
                value -> isWhole() ? new Bound(value.add(BigDecimal.valueOf(inwards)), false) : new Bound(value, true));
        if (first.isEmpty() || second.isEmpty()) {
            return first.or(() -> second);
        }
        return order(first.get(), second.get(), inwards) >= 0 ? first : second;
    }

    private boolean isWhole() {
        return type instanceof FieldType.Int
                || type instanceof FieldType.Date
                || type instanceof FieldType.Time
                || type instanceof FieldType.Timestamp;
    }

    /** Above 0 when the left bound allows less. */
    private static int order(Bound left, Bound right, int inwards) {
        int order = inwards > 0
                ? left.value().compareTo(right.value())
                : right.value().compareTo(left.value());
        return order != 0 ? order : Boolean.compare(left.exclusive(), right.exclusive());
    }

    private void bound(String rule, Optional<Bound> old, Optional<Bound> now, int inwards) {
        int order = old.isPresent() && now.isPresent()
                ? order(now.get(), old.get(), inwards)
                : Boolean.compare(now.isPresent(), old.isPresent());
        order(
                rule,
                order,
                old.map(RuleChanges::say).orElse("none"),
                now.map(RuleChanges::say).orElse("none"));
    }

    private static String say(Bound bound) {
        return bound.value().toPlainString() + (bound.exclusive() ? " (exclusive)" : "");
    }

    private void text(String rule, Optional<String> old, Optional<String> now) {
        if (old.equals(now)) {
            return;
        }
        String from = old.orElse("none");
        String to = now.orElse("none");
        if (old.isPresent() && now.isPresent()) {
            changes.add(Change.of(
                    path,
                    rule,
                    "The " + rule + " changes from '" + from + "' to '" + to + "'; records that kept the old one may"
                            + " break the new one.",
                    Effect.WARNING,
                    Effect.WARNING));
        } else {
            order(rule, now.isPresent() ? 1 : -1, from, to);
        }
    }

    private void multipleOf(Optional<BigDecimal> old, Optional<BigDecimal> now) {
        if (old.isPresent() && now.isPresent()) {
            boolean relaxed = old.get().remainder(now.get()).signum() == 0;
            boolean same = old.get().compareTo(now.get()) == 0;
            order(
                    "multipleOf",
                    same ? 0 : relaxed ? -1 : 1,
                    old.get().toPlainString(),
                    now.get().toPlainString());
        } else {
            order(
                    "multipleOf",
                    Boolean.compare(now.isPresent(), old.isPresent()),
                    old.map(BigDecimal::toPlainString).orElse("none"),
                    now.map(BigDecimal::toPlainString).orElse("none"));
        }
    }

    private void values(List<String> old, List<String> now) {
        Set<String> removed = new HashSet<>(old);
        now.forEach(removed::remove);
        Set<String> added = new HashSet<>(now);
        old.forEach(added::remove);
        if (old.isEmpty() != now.isEmpty()) {
            order("enum", now.isEmpty() ? -1 : 1, old.isEmpty() ? "none" : "" + old, now.isEmpty() ? "none" : "" + now);
            return;
        }
        if (!removed.isEmpty()) {
            changes.add(Change.of(
                    path,
                    "enum",
                    "Values are taken from the enum: " + String.join(", ", sorted(removed)) + ".",
                    Effect.BREAK,
                    Effect.NONE));
        }
        if (!added.isEmpty()) {
            changes.add(Change.of(
                    path,
                    "enum",
                    "Values are added to the enum: " + String.join(", ", sorted(added)) + ".",
                    Effect.NONE,
                    Effect.WARNING));
        }
    }

    private static List<String> sorted(Set<String> words) {
        return words.stream().sorted().toList();
    }

    /** Adds a change where there is one; {@code tightens} is above 0 when less is allowed than before. */
    private void order(String rule, int tightens, String from, String to) {
        if (tightens != 0) {
            changes.add(Change.of(
                    path,
                    rule,
                    (tightens > 0 ? "Tightened: " : "Relaxed: ") + rule + " " + from + " becomes " + to + ".",
                    tightens > 0 ? Effect.BREAK : Effect.NONE,
                    tightens > 0 ? Effect.NONE : Effect.WARNING));
        }
    }
}
