package dev.millrace.codec;

import dev.millrace.codec.FieldPlan.ObjectPlan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a writer's schema held against those of a contract by their names, whatever the format.
 *
 * @param to of each field of the schema the contract's, or null for one that is passed over
 * @param absent the contract's fields that the schema lacks, all of them with a default or allowed to be null
 */
record FieldMatch(@Nullable FieldPlan[] to, FieldPlan[] absent) {
    /**
     * The match; null with a fault when there is none.
     *
     * @param names of each field of the schema those that it goes by
     * @param firstWins whether a second field for one of the contract's is like one that it does not know, not a fault
     */
    static @Nullable FieldMatch of(
            List<List<String>> names,
            ObjectPlan target,
            boolean rejectUnknown,
            boolean firstWins,
            RecordFaults faults) {
        @Nullable FieldPlan[] to = new FieldPlan[names.size()];
        List<FieldPlan> absent = new ArrayList<>(List.of(target.fields));
        for (int i = 0; i < to.length; i++) {
            List<String> any = names.get(i);
            FieldPlan field = named(firstWins ? absent : List.of(target.fields), any);
            if (field == null && rejectUnknown) {
                return refused("The contract does not know a field of the schema.", any.getFirst(), faults);
            }
            if (field != null && !absent.remove(field)) {
                return refused("Two fields of the schema go by the name of one of the contract's.", field.name, faults);
            }
            to[i] = field;
        }
        for (FieldPlan field : absent) {
            if (field.required && field.fallback == null) {
                return refused("The schema lacks a field that the contract requires.", field.name, faults);
            }
        }
        return new FieldMatch(to, absent.toArray(FieldPlan[]::new));
    }

    private static @Nullable FieldPlan named(List<FieldPlan> fields, List<String> any) {
        return fields.stream()
                .filter(field -> any.stream().anyMatch(field::isNamed))
                .findFirst()
                .orElse(null);
    }

    private static @Nullable FieldMatch refused(String reason, String field, RecordFaults faults) {
        faults.at("schema", reason);
        faults.in(field);
        return null;
    }

    /** Notes that a type is none for the contract's field, unless something in it has been found to be wrong. */
    static void misfit(String type, RecordFaults faults) {
        if (faults.isEmpty()) {
            faults.at(
                    "schema", "The schema's type " + type + " is not one that can be read into the contract's field.");
        }
    }
}
