package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.contract.FieldType.Encoding;
import dev.millrace.contract.FieldType.Unit;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The table from ODCS types to {@link FieldType}s. {@code logicalType} decides the family; {@code logicalTypeOptions}
 * and {@code physicalType} narrow within it, the options first; a physical type of another family is what some database
 * keeps and says nothing about the record. {@code docs/types.md} says what comes of it.
 */
final class TypeMapping {
    static final String KEY = "key";
    private static final int MOST_SQL_DIGITS = 38;
    private static final String DAY = "yyyy-MM-dd";
    private static final String FRACTION = "HH:mm(:ss([.,]S{1,9})?)?";
    private static final String CLOCK = "time|" + FRACTION;
    private static final String MOMENT =
            "date|date-time|" + DAY + "(T" + FRACTION + "T?(Z{1,5}|z|X{1,3}|x{1,3}|O{1,4}|VV)?)?";

    private TypeMapping() {}

    /** The field type; empty with an error at {@code property} where there is none. */
    static Optional<FieldType> map(
            Cursor property,
            LogicalType logical,
            String physicalText,
            List<Property> properties,
            Optional<Property> items) {
        PhysicalType physical = PhysicalType.of(physicalText);
        Optional<Cursor> options = property.field("logicalTypeOptions").filter(Cursor::isMapping);
        String format = options.map(cursor -> cursor.text("format")).orElse("");
        return switch (logical) {
            case BOOLEAN -> Optional.of(new FieldType.Bool());
            case STRING -> Optional.of(string(physical, format));
            case INTEGER -> integer(property, exact(physical, options), format);
            case NUMBER -> number(property, exact(physical, options), format);
            case DATE -> {
                if (physical.name().equals("epoch_days")) {
                    yield Optional.of(new FieldType.Date(Encoding.EPOCH_DAYS));
                }
                if (physical.isTimestamp()) {
                    yield timestamp(property, physical, options);
                }
                yield physical.isTime()
                        ? isoFormat(property, format, CLOCK).map(fine -> time(physical))
                        : isoFormat(property, format, "date|" + DAY).map(fine -> new FieldType.Date());
            }
            case TIMESTAMP -> timestamp(property, physical, options);
            case TIME -> isoFormat(property, format, CLOCK).map(fine -> time(physical));
            case OBJECT -> {
                if (properties.isEmpty()) {
                    property.error("An object needs properties: without them there is no column to write to.");
                    yield Optional.empty();
                }
                yield Optional.of(new FieldType.Struct(
                        properties.stream().map(Property::field).toList()));
            }
            case ARRAY -> {
                if (items.isEmpty()) {
                    property.error("An array needs items that say what it holds.");
                    yield Optional.empty();
                }
                Property item = items.get();
                yield Optional.of(new FieldType.ListOf(new FieldType.Field("item", item.fieldType(), item.required())));
            }
            case MAP -> mapOf(property, properties);
            case VECTOR -> vector(property, options);
        };
    }

    private static Optional<FieldType> mapOf(Cursor property, List<Property> keyAndValue) {
        if (keyAndValue.size() != 2) {
            property.error("A map needs map: {key: …, value: …} that say what it holds.");
            return Optional.empty();
        }
        FieldType key = keyAndValue.getFirst().fieldType();
        return switch (key) {
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _, FieldType.Int _ ->
                Optional.of(new FieldType.MapOf(
                        new FieldType.Field(KEY, key, true),
                        keyAndValue.getLast().field()));
            default -> {
                property.error("A map's key is a name in JSON. Expected a string (with format uuid or an enum if you"
                        + " like) or an integer.");
                yield Optional.empty();
            }
        };
    }

    private static Optional<FieldType> vector(Cursor property, Optional<Cursor> options) {
        int size = options.flatMap(given -> given.field("dimensions"))
                .map(given -> given.count().orElse(0))
                .orElse(0);
        if (size < 1 || size > FieldType.VectorOf.MAX_SIZE) {
            property.error(
                    "A vector needs logicalTypeOptions: {dimensions: N}, 1 to " + FieldType.VectorOf.MAX_SIZE + ".");
            return Optional.empty();
        }
        String element = options.map(given -> given.text("elementType")).orElse("");
        int bits = switch (element) {
            case "", "float32", "f32", "float" -> 32;
            case "float64", "f64", "double" -> 64;
            default -> {
                property.warning("The elementType '" + element + "' is not kept; the numbers are of 32 bits.");
                yield 32;
            }
        };
        return Optional.of(new FieldType.VectorOf(size, new FieldType.Floating(bits)));
    }

    private static FieldType string(PhysicalType physical, String format) {
        if (format.equals("uuid") || physical.name().equals("uuid")) {
            return new FieldType.Uuid();
        }
        boolean binary = format.equals("byte") || format.equals("binary") || physical.isBinary();
        return binary ? new FieldType.Binary() : new FieldType.Text();
    }

    /** The physical type, or the decimal that the options precision and scale make of it where it says no digits. */
    private static PhysicalType exact(PhysicalType physical, Optional<Cursor> options) {
        OptionalInt precision = options.flatMap(given -> given.field("precision"))
                .map(Cursor::count)
                .orElse(OptionalInt.empty());
        OptionalInt scale = options.flatMap(given -> given.field("scale"))
                .map(Cursor::count)
                .orElse(OptionalInt.empty());
        boolean given = physical.first().isPresent() || precision.isEmpty() && scale.isEmpty();
        return given
                ? physical
                : new PhysicalType("decimal", OptionalInt.of(precision.orElse(MOST_SQL_DIGITS)), scale, "");
    }

    private static Optional<FieldType> integer(Cursor property, PhysicalType physical, String format) {
        switch (format) {
            case "" -> {}
            case "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64" -> {
                return Optional.of(new FieldType.Int(Integer.parseInt(format.substring(1)), format.charAt(0) == 'i'));
            }
            case "i128", "u128" -> {
                property.warning("An integer of 128 bits is served as a decimal of 39 digits.");
                return Optional.of(new FieldType.Decimal(39, 0));
            }
            default -> property.warning("The format '" + format + "' of an integer is not known; 64 bits are used.");
        }
        if (physical.isDecimal()
                && physical.second().orElse(0) == 0
                && physical.first().orElse(0) > 18) {
            return decimal(property, physical);
        }
        return Optional.of(physical.integer().orElse(new FieldType.Int(64, true)));
    }

    private static Optional<FieldType> number(Cursor property, PhysicalType physical, String format) {
        switch (format) {
            case "" -> {}
            case "f32" -> {
                return Optional.of(new FieldType.Floating(32));
            }
            case "f64" -> {
                return Optional.of(new FieldType.Floating(64));
            }
            default -> property.warning("The format '" + format + "' of a number is not known; 64 bits are used.");
        }
        if (physical.isDecimal()) {
            if (physical.first().isPresent()) {
                return decimal(property, physical);
            }
            property.warning("'" + physical.name() + "' without precision is served as a double of 64 bits, which loses"
                    + " digits beyond 15. Write " + physical.name() + "(precision,scale).");
        }
        if (physical.integer().isPresent()) {
            return Optional.of(physical.integer().get());
        }
        return switch (physical.name()) {
            case "real", "float4", "float32", "binary_float" -> Optional.of(new FieldType.Floating(32));
            default -> Optional.of(new FieldType.Floating(64));
        };
    }

    private static Optional<FieldType> decimal(Cursor property, PhysicalType physical) {
        int precision = physical.first().orElse(FieldType.Decimal.MAX_PRECISION);
        int scale = physical.second().orElse(0);
        if (precision < 1 || precision > FieldType.Decimal.MAX_PRECISION || scale > precision) {
            property.error("Expected a decimal of 1 to " + FieldType.Decimal.MAX_PRECISION
                    + " digits with a scale of at most that, found (" + precision + "," + scale + ").");
            return Optional.empty();
        }
        return Optional.of(new FieldType.Decimal(precision, scale));
    }

    private static Optional<FieldType> timestamp(Cursor property, PhysicalType physical, Optional<Cursor> options) {
        if (physical.name().startsWith("epoch_")) {
            return epoch(property, physical.name());
        }
        boolean localByName = physical.name().contains("ntz")
                || physical.name().startsWith("local-")
                || physical.rest().startsWith("without");
        boolean zoned = options.flatMap(cursor -> cursor.field("timezone"))
                .flatMap(Cursor::flag)
                .orElse(!localByName);
        ZoneId zone = options.flatMap(cursor -> cursor.field("defaultTimezone"))
                .flatMap(given -> Elements.parsed(given, "a time zone such as Europe/Berlin", ZoneId::of))
                .map(given -> given.normalized())
                .orElse(ZoneOffset.UTC);
        String format = options.map(cursor -> cursor.text("format")).orElse("");
        return isoFormat(property, format, MOMENT)
                .map(fine ->
                        new FieldType.Timestamp(unit(physical), zoned, Encoding.ISO, zoned ? zone : ZoneOffset.UTC));
    }

    private static Optional<FieldType> epoch(Cursor property, String name) {
        Optional<FieldType> type = switch (name) {
            case "epoch_days" -> Optional.of(new FieldType.Date(Encoding.EPOCH_DAYS));
            case "epoch_seconds" -> Optional.of(new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_SECONDS));
            case "epoch_millis" -> Optional.of(new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_MILLIS));
            case "epoch_micros" -> Optional.of(new FieldType.Timestamp(Unit.MICROS, true, Encoding.EPOCH_MICROS));
            case "epoch_nanos" -> Optional.of(new FieldType.Timestamp(Unit.NANOS, true, Encoding.EPOCH_NANOS));
            default -> Optional.empty();
        };
        if (type.isEmpty()) {
            property.error("The physicalType '" + name + "' is not read. Expected epoch_days, epoch_seconds,"
                    + " epoch_millis, epoch_micros or epoch_nanos.");
        }
        return type;
    }

    private static FieldType time(PhysicalType physical) {
        return new FieldType.Time(unit(physical));
    }

    private static Unit unit(PhysicalType physical) {
        String name = physical.name();
        if (name.endsWith("_ns") || name.endsWith("nanos") || physical.first().orElse(6) > 6) {
            return Unit.NANOS;
        }
        boolean millis = name.endsWith("_ms")
                || name.endsWith("millis")
                || physical.first().orElse(6) <= 3;
        return millis ? Unit.MILLIS : Unit.MICROS;
    }

    /** The format if values in it are ISO 8601, which is all that is read; an error otherwise. */
    private static Optional<String> isoFormat(Cursor property, String format, String known) {
        if (format.isEmpty() || format.replace("'", "").replace(' ', 'T').matches(known)) {
            return Optional.of(format);
        }
        property.error("The format '" + format + "' is not read. Expected ISO 8601, for example "
                + (known.equals(MOMENT) ? "yyyy-MM-dd'T'HH:mm:ss" : known.equals(CLOCK) ? "HH:mm:ss" : DAY)
                + ".");
        return Optional.empty();
    }
}
