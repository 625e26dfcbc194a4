package dev.millrace.contract.evolution;

import dev.millrace.contract.FieldType;
import dev.millrace.contract.evolution.Change.Effect;
import java.util.List;

/** Changes of a property's type. */
final class TypeChanges {
    private enum Relation {
        SAME,
        /** Every old value is a new one. */
        WIDER,
        /** Every new value is an old one. */
        NARROWER,
        /** Records are read differently, readers see the same. */
        ENCODING,
        OTHER
    }

    private TypeChanges() {}

    /** Adds the change, if there is one; whether the values of both can be compared. */
    static boolean compare(String path, FieldType before, FieldType after, List<Change> changes) {
        Relation relation = relation(before, after);
        String from = " from " + FieldTypeText.of(before) + " to " + FieldTypeText.of(after) + ".";
        switch (relation) {
            case SAME -> {}
            case WIDER -> changes.add(Change.of(path, "type", "The type widens" + from, Effect.NONE, Effect.BREAK));
            case NARROWER ->
                changes.add(Change.of(path, "type", "The type narrows" + from, Effect.BREAK, Effect.WARNING));
            case ENCODING ->
                changes.add(Change.of(
                        path, "type", "Records hold the timestamp in another form.", Effect.BREAK, Effect.NONE));
            case OTHER -> changes.add(Change.of(path, "type", "The type changes" + from, Effect.BREAK, Effect.BREAK));
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
        if (before instanceof FieldType.Timestamp old && after instanceof FieldType.Timestamp now) {
            return old.unit() == now.unit() && old.zoned() == now.zoned() ? Relation.ENCODING : Relation.OTHER;
        }
        boolean wider = holds(after, before);
        boolean narrower = holds(before, after);
        return wider ? Relation.WIDER : narrower ? Relation.NARROWER : Relation.OTHER;
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
