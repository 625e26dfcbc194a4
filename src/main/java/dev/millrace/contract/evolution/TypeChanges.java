package dev.millrace.contract.evolution;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.evolution.Change.Effect;

/** Changes of a property's type. */
final class TypeChanges {
    private enum Relation {
        SAME(Effect.NONE, Effect.NONE, ""),
        /** Every old value is a new one. */
        WIDER(Effect.NONE, Effect.BREAK, "The type widens from %s to %s."),
        /** Every new value is an old one. */
        NARROWER(Effect.BREAK, Effect.WARNING, "The type narrows from %s to %s."),
        /** Records are read differently, readers see the same. */
        ENCODING(Effect.BREAK, Effect.NONE, "Records hold the date or timestamp in another form."),
        OTHER(Effect.BREAK, Effect.BREAK, "The type changes from %s to %s.");

        private final Effect producer;
        private final Effect consumer;
        private final String message;

        Relation(Effect producer, Effect consumer, String message) {
            this.producer = producer;
            this.consumer = consumer;
            this.message = message;
        }
    }

    private TypeChanges() {}

    /** Adds the change, if there is one; whether the values of both can be compared. */
    static boolean compare(Spot at, FieldType before, FieldType after) {
        Relation relation = relation(before, after);
        if (relation != Relation.SAME) {
            at.add(
                    "type",
                    relation.producer,
                    relation.consumer,
                    relation.message,
                    FieldTypeText.of(before),
                    FieldTypeText.of(after));
        }
        return relation != Relation.OTHER;
    }

    private static Relation relation(FieldType before, FieldType after) {
        if (before.equals(after)) {
            return Relation.SAME;
        }
        if (before instanceof FieldType.Struct && after instanceof FieldType.Struct
                || before instanceof FieldType.ListOf && after instanceof FieldType.ListOf
                || before instanceof FieldType.MapOf && after instanceof FieldType.MapOf
                || isText(before) && isText(after)) {
            return Relation.SAME; // what is within, or which texts are allowed, is compared by itself
        }
        if (before instanceof FieldType.Date && after instanceof FieldType.Date) {
            return Relation.ENCODING;
        }
        if (before instanceof FieldType.Timestamp old && after instanceof FieldType.Timestamp now) {
            return old.unit() == now.unit() && old.zoned() == now.zoned() ? Relation.ENCODING : Relation.OTHER;
        }
        return holds(after, before) ? Relation.WIDER : holds(before, after) ? Relation.NARROWER : Relation.OTHER;
    }

    /** Whether every value of {@code inner} is one of {@code outer} with the same meaning. */
    private static boolean holds(FieldType outer, FieldType inner) {
        return switch (inner) {
            case FieldType.Int whole ->
                switch (outer) {
                    case FieldType.Int other ->
                        whole.signed() == other.signed()
                                ? other.bits() >= whole.bits()
                                : other.signed() && other.bits() > whole.bits();
                    case FieldType.Floating other -> whole.bits() < (other.bits() == 64 ? 53 : 24);
                    case FieldType.Decimal other -> other.precision() - other.scale() >= digits(whole);
                    default -> false;
                };
            case FieldType.Floating number ->
                outer instanceof FieldType.Floating other && other.bits() >= number.bits();
            case FieldType.Decimal number ->
                outer instanceof FieldType.Decimal other
                        && other.scale() == number.scale()
                        && other.precision() >= number.precision();
            default -> false;
        };
    }

    private static boolean isText(FieldType type) {
        return type instanceof FieldType.Text || type instanceof FieldType.OneOf;
    }

    private static int digits(FieldType.Int whole) {
        return switch (whole.bits()) {
            case 8 -> 3;
            case 16 -> 5;
            case 32 -> 10;
            default -> whole.signed() ? 19 : 20;
        };
    }
}
