package dev.millrace.contract.evolution;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.Rules;
import dev.millrace.contract.evolution.Change.Effect;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntBiFunction;
import java.util.stream.Collectors;

/** Changes of what the values of one property must satisfy: what tightens breaks ingest, what relaxes may surprise. */
record RuleChanges(Spot at, FieldType type) {
    private record Bound(BigDecimal value, boolean exclusive) {}

    void compare(Rules old, Rules now) {
        order("minLength", Integer.compare(now.minLength(), old.minLength()), old.minLength(), now.minLength());
        most("maxLength", old.maxLength(), now.maxLength());
        order("minItems", Integer.compare(now.minItems(), old.minItems()), old.minItems(), now.minItems());
        most("maxItems", old.maxItems(), now.maxItems());
        bound(
                "minimum",
                tighter(old.minimum(), old.exclusiveMinimum(), 1),
                tighter(now.minimum(), now.exclusiveMinimum(), 1),
                1);
        bound(
                "maximum",
                tighter(old.maximum(), old.exclusiveMaximum(), -1),
                tighter(now.maximum(), now.exclusiveMaximum(), -1),
                -1);
        order(
                "uniqueItems",
                Boolean.compare(now.uniqueItems(), old.uniqueItems()),
                old.uniqueItems(),
                now.uniqueItems());
        text("pattern", old.pattern(), now.pattern());
        if (type instanceof FieldType.Text || type instanceof FieldType.OneOf) { // elsewhere it is part of the type
            text("format", given(old.format()), given(now.format()));
        }
        optional("multipleOf", old.multipleOf(), now.multipleOf(), RuleChanges::steps, BigDecimal::toPlainString);
        if (old.values().isEmpty() == now.values().isEmpty()) {
            values(old.values(), now.values(), "Values are taken from the enum: ", Effect.BREAK, Effect.NONE);
            values(now.values(), old.values(), "Values are added to the enum: ", Effect.NONE, Effect.WARNING);
        } else {
            optional("enum", given(old.values()), given(now.values()), (after, before) -> 0, List::toString);
        }
    }

    private void most(String rule, int old, int now) {
        order(
                rule,
                Integer.compare(old, now),
                old == Integer.MAX_VALUE ? "none" : old,
                now == Integer.MAX_VALUE ? "none" : now);
    }

    private static Optional<String> given(String text) {
        return Optional.of(text).filter(any -> !any.isEmpty());
    }

    private static Optional<List<String>> given(List<String> values) {
        return Optional.of(values).filter(any -> !any.isEmpty());
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
        int order = inwards * Integer.signum(left.value().compareTo(right.value()));
        return order != 0 ? order : Boolean.compare(left.exclusive(), right.exclusive());
    }

    private void bound(String rule, Optional<Bound> old, Optional<Bound> now, int inwards) {
        optional(
                rule,
                old,
                now,
                (after, before) -> order(after, before, inwards),
                bound -> bound.value().toPlainString() + (bound.exclusive() ? " (exclusive)" : ""));
    }

    private void text(String rule, Optional<String> old, Optional<String> now) {
        if (old.isPresent() && now.isPresent()) {
            at.compare(
                    rule,
                    old.get(),
                    now.get(),
                    Effect.WARNING,
                    Effect.WARNING,
                    "The " + rule + " changes from '%s' to '%s'; records that kept the old one may break the new one.");
        } else {
            optional(rule, old, now, (after, before) -> 0, text -> text);
        }
    }

    private static int steps(BigDecimal after, BigDecimal before) {
        return after.compareTo(before) == 0 ? 0 : before.remainder(after).signum() == 0 ? -1 : 1;
    }

    private void values(List<String> of, List<String> without, String message, Effect producer, Effect consumer) {
        String words =
                of.stream().filter(value -> !without.contains(value)).sorted().collect(Collectors.joining(", "));
        if (!words.isEmpty()) {
            at.add("enum", producer, consumer, "%s%s.", message, words);
        }
    }

    /** What is absent allows everything; {@code order} is above 0 when the new one, its first, allows less. */
    private <T> void optional(
            String rule, Optional<T> old, Optional<T> now, ToIntBiFunction<T, T> order, Function<T, String> say) {
        order(
                rule,
                old.isPresent() && now.isPresent()
                        ? order.applyAsInt(now.get(), old.get())
                        : Boolean.compare(now.isPresent(), old.isPresent()),
                old.map(say).orElse("none"),
                now.map(say).orElse("none"));
    }

    /** Adds a change where there is one; {@code tightens} is above 0 when less is allowed than before. */
    private void order(String rule, int tightens, Object from, Object to) {
        if (tightens > 0) {
            at.add(rule, Effect.BREAK, Effect.NONE, "Tightened: %s %s becomes %s.", rule, from, to);
        } else if (tightens < 0) {
            at.add(rule, Effect.NONE, Effect.WARNING, "Relaxed: %s %s becomes %s.", rule, from, to);
        }
    }
}
