package dev.millrace.codec;

import dev.millrace.codec.ArrowField.Lay;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Resolves the columns of Arrow records against a contract, into the targets that {@link ArrowDecoder} writes. */
record ArrowMatch(RecordFaults faults, boolean rejectUnknown) {
    private static final Objects NONE = new Objects(List.of(), List.of());

    /** How a column is taken whole; the value types have bounds that one compare can check. */
    enum Whole {
        NOT,
        LONGS,
        INTS,
        DOUBLES,
        FLOATS,
        TEXTS
    }

    /** A column of the record on its way to a field; of a dictionary or list, {@code children} is what it leads to. */
    record Target(FieldPlan field, int column, ArrowField from, Whole whole, Objects children) {}

    /** Columns on their way to an object's fields, and the fields that stay empty. */
    record Objects(List<Target> present, List<FieldPlan> absent) {}

    /** What the columns go to; null with a fault when they do not fit. */
    @Nullable
    Objects match(List<ArrowField> fields, ObjectPlan plan) {
        List<List<String>> names =
                fields.stream().map(field -> List.of(field.name())).toList();
        FieldMatch match = FieldMatch.of(names, plan, rejectUnknown, true, faults);
        if (match == null) {
            return null;
        }
        List<Target> present = new ArrayList<>();
        for (int i = 0; i < fields.size(); i++) {
            FieldPlan field = match.to()[i];
            if (field != null) {
                Target target = match(i, fields.get(i), field);
                if (target == null) {
                    FieldMatch.misfit("of the column", faults);
                    faults.in(field.name);
                    return null;
                }
                present.add(target);
            }
        }
        return new Objects(present, List.of(match.absent()));
    }

    private @Nullable Target match(int column, ArrowField from, FieldPlan field) {
        ArrowField values = from.values();
        Objects children = values != null
                ? only(match(0, values, field))
                : switch (from.lay()) {
                    case STRUCT ->
                        field.kind == FieldPlan.Kind.STRUCT && field.object != null
                                ? match(from.children(), field.object)
                                : null;
                    case LIST, VECTOR -> items(from.children().getFirst(), field);
                    case NONE -> field.required ? null : NONE;
                    case BITS, FIXED, BYTES -> ScalarConverter.fits(field, from.scalar()) ? NONE : null;
                };
        return children == null
                ? null
                : new Target(field, column, from, values == null ? whole(from, field) : Whole.NOT, children);
    }

    private static @Nullable Objects only(@Nullable Target target) {
        return target == null ? null : new Objects(List.of(target), List.of());
    }

    /** A list's items, or a map's keys and values, which go by their order: their names differ from producer to producer. */
    private @Nullable Objects items(ArrowField from, FieldPlan field) {
        if (field.item != null) {
            return only(match(0, from, field.item));
        }
        if (field.kind != FieldPlan.Kind.MAP
                || field.object == null
                || from.lay() != Lay.STRUCT
                || from.children().size() != 2) {
            return null;
        }
        Target key = match(0, from.children().getFirst(), field.object.fields[0]);
        Target value = key == null ? null : match(1, from.children().getLast(), field.object.fields[1]);
        return key == null || value == null ? null : new Objects(List.of(key, value), List.of());
    }

    private static Whole whole(ArrowField from, FieldPlan field) {
        int width = from.lay() == Lay.FIXED ? from.width() : 0;
        ScalarType scalar = from.scalar();
        return switch (field.kind) {
            case INT, DATE, TIME, TIMESTAMP, EPOCH -> {
                boolean same = !field.furtherRules
                        && width == field.width
                        && switch (scalar.shape()) {
                            case SIGNED -> field.kind == FieldPlan.Kind.INT && field.bounds.typeMin < 0;
                            case DATE -> true;
                            case TIME, INSTANT, LOCAL -> scalar.unit() == field.perSecond;
                            default -> false;
                        };
                yield same && width == 8 ? Whole.LONGS : same && width == 4 ? Whole.INTS : Whole.NOT;
            }
            case FLOAT64 -> field.furtherRules || scalar.unit() != 64 ? Whole.NOT : Whole.DOUBLES;
            case FLOAT32 -> field.furtherRules || scalar.unit() != 32 ? Whole.NOT : Whole.FLOATS;
            case TEXT -> {
                boolean any = field.minLength == 0
                        && field.maxLength == Integer.MAX_VALUE
                        && field.values == null
                        && field.format == null
                        && field.pattern == null;
                yield any && from.lay() == Lay.BYTES && from.width() == 4 ? Whole.TEXTS : Whole.NOT;
            }
            default -> Whole.NOT;
        };
    }
}
