package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.codec.ScalarType.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A writer's Avro schema resolved against a contract: walks the binary form (Avro 1.12, "Binary Encoding") once and gives
 * every value to the checks. Fields meet by name or alias; those that the contract does not know are passed over.
 *
 * <p>One tree of steps, made when the schema is first seen; reading allocates nothing. Belongs to one decoder.
 */
final class AvroPlan implements RegistryDecoder.Plan {
    private static final int MAX_DEPTH = 64;
    /** How many values without bytes may be passed over: a schema can nest empty records in numbers beyond all bounds. */
    private static final int MAX_EMPTY = 10_000;

    private enum Op {
        SKIP,
        NULL,
        BOOL,
        WHOLE,
        FLOAT,
        DOUBLE,
        BYTES,
        FIXED,
        ENUM,
        UNION,
        RECORD,
        ARRAY,
        MAP,
        REFUSE
    }

    /** How one value is read; {@code field} is missing for what is passed over and for the whole record. */
    private record Step(
            Op op,
            Schema schema,
            @Nullable FieldPlan field,
            ScalarType scalar,
            Step[] steps,
            FieldPlan[] absent,
            byte[][] symbols) {}

    private final RecordFaults faults;
    private final CheckedColumns checked;
    private final ScalarConverter converter;
    private final boolean rejectUnknown;
    private final ByteReader in = new ByteReader();
    private @Nullable Step root;
    private int budget;

    private AvroPlan(ScalarConverter converter, boolean rejectUnknown) {
        this.faults = converter.faults;
        this.checked = converter.checked;
        this.converter = converter;
        this.rejectUnknown = rejectUnknown;
    }

    /** The plan for a schema; null with a fault when it does not fit. */
    static @Nullable AvroPlan of(
            SchemaSource.Known schema,
            ObjectPlan target,
            boolean isKey,
            ScalarConverter converter,
            boolean rejectUnknown) {
        Schema writer;
        try {
            var parser = new Schema.Parser();
            schema.imports().forEach(other -> parser.parse(other.text()));
            writer = parser.parse(schema.text());
        } catch (RuntimeException broken) {
            converter.faults.at("schema", "The registry's schema is not one of Avro: " + broken.getMessage());
            return null;
        }
        var plan = new AvroPlan(converter, rejectUnknown);
        boolean bare = isKey && target.fields.length == 1 && writer.getType() != Schema.Type.RECORD;
        plan.root = bare ? plan.step(writer, target.fields[0]) : plan.record(writer, target, null);
        return plan.root == null ? null : plan;
    }

    @Override
    public boolean read(byte[] bytes, int from, int end) {
        in.over(bytes, from, end);
        budget = MAX_EMPTY + end - from;
        return read();
    }

    /** Begins to pass over records of so many bytes in all. */
    void passOver(int size) {
        budget = MAX_EMPTY + size;
    }

    /** Where the record that begins at {@code from} ends; of a plan that reads no fields. */
    int end(byte[] bytes, int from, int limit) {
        in.over(bytes, from, limit);
        read(java.util.Objects.requireNonNull(root));
        return in.at();
    }

    private boolean read() {
        Step step = java.util.Objects.requireNonNull(root);
        if (!read(step)) {
            return step.field != null && faults.refusedIn(step.field.name);
        }
        if (!in.isDone()) {
            throw new Malformed("Something stands behind the record.");
        }
        return true;
    }

    private @Nullable Step step(Schema schema, FieldPlan field) {
        Step step = switch (schema.getType()) {
            case RECORD ->
                field.kind != FieldPlan.Kind.STRUCT || field.object == null
                        ? null
                        : record(schema, field.object, field);
            case ARRAY -> array(schema, field);
            case UNION -> union(schema, field);
            case NULL -> field.required ? null : step(Op.NULL, schema, field, ScalarType.TEXT);
            case MAP -> map(schema, field);
            default -> scalar(schema, field);
        };
        if (step == null) {
            FieldMatch.misfit(schema.getType().getName(), faults);
        }
        return step;
    }

    private static Step step(Op op, Schema schema, @Nullable FieldPlan field, ScalarType scalar, Step... steps) {
        return new Step(op, schema, field, scalar, steps, new FieldPlan[0], new byte[0][]);
    }

    private @Nullable Step record(Schema schema, ObjectPlan target, @Nullable FieldPlan owner) {
        if (schema.getType() != Schema.Type.RECORD) {
            faults.at("schema", "The schema is not that of a record.");
            return null;
        }
        List<Schema.Field> fields = schema.getFields();
        List<List<String>> names = fields.stream()
                .map(field -> Stream.concat(Stream.of(field.name()), field.aliases().stream())
                        .toList())
                .toList();
        FieldMatch match = FieldMatch.of(names, target, rejectUnknown, false, faults);
        if (match == null) {
            return null;
        }
        Step[] steps = new Step[fields.size()];
        for (int i = 0; i < steps.length; i++) {
            FieldPlan field = match.to()[i];
            Schema from = fields.get(i).schema();
            Step step = field == null ? step(Op.SKIP, from, null, ScalarType.TEXT) : step(from, field);
            if (step == null) {
                faults.in(java.util.Objects.requireNonNull(field).name);
                return null;
            }
            steps[i] = step;
        }
        return new Step(Op.RECORD, schema, owner, ScalarType.TEXT, steps, match.absent(), new byte[0][]);
    }

    private @Nullable Step array(Schema schema, FieldPlan field) {
        Step item = field.item == null ? null : step(schema.getElementType(), field.item);
        return item == null ? null : step(Op.ARRAY, schema, field, ScalarType.TEXT, item);
    }

    private @Nullable Step map(Schema schema, FieldPlan field) {
        ObjectPlan entry = field.kind == FieldPlan.Kind.MAP ? field.object : null;
        Step value = entry == null ? null : step(schema.getValueType(), entry.fields[1]);
        return value == null ? null : step(Op.MAP, schema, field, ScalarType.TEXT, value);
    }

    /** A branch that does not fit is refused when a record has it, so long as another fits. */
    private @Nullable Step union(Schema schema, FieldPlan field) {
        List<Step> branches = new ArrayList<>();
        boolean any = false;
        for (Schema branch : schema.getTypes()) {
            if (branch.getType() == Schema.Type.NULL) {
                branches.add(step(Op.NULL, branch, field, ScalarType.TEXT));
                continue;
            }
            Step step = step(branch, field);
            branches.add(step == null ? step(Op.REFUSE, branch, field, ScalarType.TEXT) : step);
            any |= step != null;
        }
        if (!any) {
            return null;
        }
        faults.clear();
        return step(Op.UNION, schema, field, ScalarType.TEXT, branches.toArray(Step[]::new));
    }

    private static @Nullable Step scalar(Schema schema, FieldPlan field) {
        ScalarType scalar = scalar(schema);
        if (!ScalarConverter.fits(field, scalar)) {
            return null;
        }
        Op op = switch (schema.getType()) {
            case BOOLEAN -> Op.BOOL;
            case INT, LONG -> Op.WHOLE;
            case FLOAT -> Op.FLOAT;
            case DOUBLE -> Op.DOUBLE;
            case FIXED -> Op.FIXED;
            case ENUM -> Op.ENUM;
            default -> Op.BYTES;
        };
        byte[][] symbols = op != Op.ENUM
                ? new byte[0][]
                : schema.getEnumSymbols().stream()
                        .map(symbol -> symbol.getBytes(UTF_8))
                        .toArray(byte[][]::new);
        return new Step(op, schema, field, scalar, new Step[0], new FieldPlan[0], symbols);
    }

    private static ScalarType scalar(Schema schema) {
        String logical =
                schema.getLogicalType() == null ? "" : schema.getLogicalType().getName();
        return switch (logical) {
            case "decimal" ->
                new ScalarType(Shape.DECIMAL, ((LogicalTypes.Decimal) schema.getLogicalType()).getScale());
            case "uuid" -> ScalarType.of(schema.getType() == Schema.Type.FIXED ? Shape.UUID : Shape.TEXT);
            case "date" -> ScalarType.of(Shape.DATE);
            case "time-millis" -> new ScalarType(Shape.TIME, 1_000);
            case "time-micros" -> new ScalarType(Shape.TIME, 1_000_000);
            case "timestamp-millis" -> new ScalarType(Shape.INSTANT, 1_000);
            case "timestamp-micros" -> new ScalarType(Shape.INSTANT, 1_000_000);
            case "timestamp-nanos" -> new ScalarType(Shape.INSTANT, 1_000_000_000);
            case "local-timestamp-millis" -> new ScalarType(Shape.LOCAL, 1_000);
            case "local-timestamp-micros" -> new ScalarType(Shape.LOCAL, 1_000_000);
            case "local-timestamp-nanos" -> new ScalarType(Shape.LOCAL, 1_000_000_000);
            default ->
                switch (schema.getType()) {
                    case BOOLEAN -> ScalarType.of(Shape.BOOL);
                    case INT, LONG -> ScalarType.of(Shape.SIGNED);
                    case FLOAT -> new ScalarType(Shape.FLOATING, 32);
                    case DOUBLE -> new ScalarType(Shape.FLOATING, 64);
                    case BYTES, FIXED -> ScalarType.of(Shape.BYTES);
                    default -> ScalarType.TEXT;
                };
        };
    }

    private boolean read(Step step) {
        FieldPlan field = step.field;
        if (step.op == Op.RECORD) {
            return record(step);
        }
        if (field == null) {
            skip(step.schema, 0);
            return true;
        }
        return switch (step.op) {
            case NULL -> checked.none(field);
            case BOOL -> converter.whole(field, step.scalar, bool());
            case WHOLE -> converter.whole(field, step.scalar, whole(step.schema));
            case FLOAT -> converter.floating(field, Float.intBitsToFloat(in.fixed32()));
            case DOUBLE -> converter.floating(field, Double.longBitsToDouble(in.fixed64()));
            case BYTES -> {
                long length = in.zigzag();
                yield converter.bytes(field, step.scalar, in.bytes(), in.take(length), (int) length);
            }
            case FIXED -> {
                int length = step.schema.getFixedSize();
                yield converter.bytes(field, step.scalar, in.bytes(), in.take(length), length);
            }
            case ENUM -> {
                byte[] symbol = step.symbols[index(step.symbols.length)];
                yield converter.bytes(field, step.scalar, symbol, 0, symbol.length);
            }
            case UNION -> read(step.steps[index(step.steps.length)]);
            case ARRAY -> array(step.steps[0], field);
            case MAP -> map(step.steps[0], field);
            case REFUSE, SKIP, RECORD -> {
                faults.at("type", "The value is of a type of the schema's union that the contract's field is not.");
                yield false;
            }
        };
    }

    private boolean record(Step step) {
        for (Step child : step.steps) {
            if (!read(child)) {
                FieldPlan field = child.field;
                return field != null && faults.refusedIn(field.name);
            }
        }
        return checked.absent(step.absent) && (step.field == null || checked.struct(step.field));
    }

    private boolean array(Step item, FieldPlan field) {
        int count = 0;
        for (long block = block(); block != 0; block = block()) {
            for (long i = 0; i < block; i++, count++) {
                if (!read(item)) {
                    return faults.refusedIn(count);
                }
            }
        }
        return checked.list(field, count);
    }

    private boolean map(Step value, FieldPlan field) {
        FieldPlan key = java.util.Objects.requireNonNull(field.object).fields[0];
        int count = 0;
        for (long block = block(); block != 0; block = block()) {
            for (long i = 0; i < block; i++, count++) {
                long length = in.zigzag();
                if (!converter.key(key, in.bytes(), in.take(length), (int) length)) {
                    return faults.refusedIn("key");
                }
                if (!read(value)) {
                    return faults.refusedIn("value");
                }
                checked.entry(field);
            }
        }
        return checked.map(field, count);
    }

    /** How many items follow; items take a byte at least, or a hostile count would keep us busy for ever. */
    private long block() {
        long count = in.zigzag();
        if (count < 0) {
            count = -count;
            in.zigzag();
        }
        if (count < 0 || count > in.left()) {
            throw new Malformed("A block claims more items than the record has bytes.");
        }
        return count;
    }

    private int bool() {
        int value = in.read();
        if (value > 1) {
            throw new Malformed("A truth value is neither 0 nor 1.");
        }
        return value;
    }

    private long whole(Schema schema) {
        long value = in.zigzag();
        if (schema.getType() == Schema.Type.INT && (int) value != value) {
            throw new Malformed("An int has more than 32 bits.");
        }
        return value;
    }

    private int index(int limit) {
        long index = in.zigzag();
        if (index < 0 || index >= limit) {
            throw new Malformed("The number of an enum's symbol or of a union's branch does not exist.");
        }
        return (int) index;
    }

    private void skip(Schema schema, int depth) {
        if (depth > MAX_DEPTH || --budget < 0) {
            throw new Malformed("A value that the contract does not know is nested too deep, or too large.");
        }
        switch (schema.getType()) {
            case NULL -> {}
            case BOOLEAN -> bool();
            case INT, LONG -> whole(schema);
            case FLOAT -> in.take(4);
            case DOUBLE -> in.take(8);
            case FIXED -> in.take(schema.getFixedSize());
            case BYTES, STRING -> in.take(in.zigzag());
            case ENUM -> index(schema.getEnumSymbols().size());
            case UNION -> skip(schema.getTypes().get(index(schema.getTypes().size())), depth + 1);
            case RECORD -> {
                for (int i = 0; i < schema.getFields().size(); i++) {
                    skip(schema.getFields().get(i).schema(), depth + 1);
                }
            }
            case ARRAY, MAP -> {
                boolean map = schema.getType() == Schema.Type.MAP;
                for (long block = block(); block != 0; block = block()) {
                    for (long i = 0; i < block; i++) {
                        if (map) {
                            in.take(in.zigzag());
                        }
                        skip(map ? schema.getValueType() : schema.getElementType(), depth + 1);
                    }
                }
            }
        }
    }
}
