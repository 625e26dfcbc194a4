package dev.millrace.contract.evolution;

import dev.millrace.contract.FieldType;
import java.util.Locale;

/** Types in words for people. */
final class FieldTypeText {
    private FieldTypeText() {}

    static String of(FieldType type) {
        return switch (type) {
            case FieldType.Bool ignored -> "boolean";
            case FieldType.Int whole -> (whole.signed() ? "int" : "uint") + whole.bits();
            case FieldType.Floating number -> "float" + number.bits();
            case FieldType.Decimal number -> "decimal(" + number.precision() + "," + number.scale() + ")";
            case FieldType.Text _, FieldType.OneOf _ -> "string";
            case FieldType.Binary ignored -> "binary";
            case FieldType.Date ignored -> "date";
            case FieldType.Timestamp moment ->
                (moment.zoned() ? "timestamp" : "local timestamp") + " in "
                        + moment.unit().name().toLowerCase(Locale.ROOT);
            case FieldType.Time time -> "time in " + time.unit().name().toLowerCase(Locale.ROOT);
            case FieldType.Uuid ignored -> "uuid";
            case FieldType.Struct ignored -> "object";
            case FieldType.ListOf ignored -> "array";
            case FieldType.MapOf ignored -> "map";
            case FieldType.VectorOf vector -> "vector of " + vector.size() + " " + of(vector.element());
        };
    }
}
