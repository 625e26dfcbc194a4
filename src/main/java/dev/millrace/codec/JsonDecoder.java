package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.contract.SchemaObject;
import dev.millrace.contract.UnknownFields;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads JSON records (RFC 8259) into a batch's columns in one pass, each checked against its contract on the way. One
 * thread, the batch's writer.
 *
 * <p>The decoder writes the contract's columns, which are the batch's first, and leaves the rest of the row and {@link
 * BatchWriter#endRow} to its caller. A record that is not strict JSON (well-formed UTF-8, no duplicate names, no half
 * surrogate pair, nothing behind it), or breaks its contract, or exceeds the {@link JsonLimits}, is taken back without
 * trace. A good record allocates nothing, unless it has a pattern that only a regular expression can check, or a decimal
 * of more than 19 digits.
 *
 * <p>How it works: the record is copied to a buffer that ends with zero bytes, which no JSON text can hold, so that no
 * parser needs a bound of its own and all may read eight bytes at a time. Fields mostly come in the contract's order:
 * the bytes of the next expected name, quotes and colon included, are compared as words, and only where that fails is a
 * name looked up. A parser returns the next position or a negative number, and the first fault ends the record.
 */
public final class JsonDecoder implements RecordDecoder {
    private static final int PADDING = 32;

    private final BatchWriter writer;
    private final JsonLimits limits;
    private final boolean rejectUnknown;
    private final @Nullable ColumnWriter kept;
    private final RecordRules rules;
    private final RecordFaults faults = new RecordFaults();
    private final JsonNames names;
    private final JsonSkipper skipper;
    private final CheckedColumns checked;
    private final ScalarReader scalars;
    private final ObjectPlan root;
    private final ObjectPlan key;
    private byte[] buffer = new byte[4096];
    private int end;
    private boolean asKey;

    private JsonDecoder(
            List<Property> columns,
            List<String> keyColumns,
            UnknownFields unknown,
            RecordRules rules,
            BatchWriter writer,
            JsonLimits limits) {
        this.writer = writer;
        this.limits = limits;
        this.rejectUnknown = unknown == UnknownFields.REJECT;
        boolean keep = unknown == UnknownFields.KEEP;
        int known = columns.size() - (keep ? 1 : 0);
        this.kept = keep ? writer.column(known) : null;
        this.rules = rules;
        var json = new JsonScalars(faults, limits);
        this.names = new JsonNames(faults, json.text, limits);
        this.skipper = new JsonSkipper(faults, json, names, limits);
        this.checked = new CheckedColumns(faults, limits.maxStringBytes());
        this.scalars = new ScalarReader(faults, json, checked);
        this.root = new ObjectPlan(columns.subList(0, known), writer::column);
        this.key = root.only(columns, keyColumns);
    }

    /** The decoder of a product's records in JSON; {@code writer} is borrowed, its first columns are the contract's. */
    public static JsonDecoder of(ProductDefinition product, BatchWriter writer, JsonLimits limits) {
        List<String> key = product.key().stream().map(Property::name).toList();
        return of(product.object(), key, product.unknownFields(), writer, limits);
    }

    static JsonDecoder of(
            SchemaObject object, List<String> key, UnknownFields unknown, BatchWriter writer, JsonLimits limits) {
        RecordRules rules = RecordRules.of(object, writer);
        return new JsonDecoder(object.properties(), key, unknown, rules, writer, limits);
    }

    /**
     * The decoder of records with these columns and no rules over several of them.
     *
     * @param columns the contract's, in the order of the writer's first columns; with {@link UnknownFields#KEEP} the last
     *     is the one for unknown fields
     * @param keyColumns names of the key's columns in key order; may be empty
     */
    public static JsonDecoder of(
            List<Property> columns,
            List<String> keyColumns,
            UnknownFields unknown,
            BatchWriter writer,
            JsonLimits limits) {
        return new JsonDecoder(columns, keyColumns, unknown, RecordRules.none(), writer, limits);
    }

    @Override
    public boolean decode(byte[] json, int from, int length) {
        asKey = false;
        return run(json, from, length, root, false);
    }

    /**
     * A key is JSON, if it is an object or a string, else the plain text of its only column (of a text any UTF-8), else a
     * binary integer; as {@link KeyForms} says.
     */
    @Override
    public boolean decodeKey(byte[] bytes) {
        asKey = true;
        boolean single = key.fields.length == 1;
        KeyForms.Form json = KeyForms.mayBeJson(bytes) ? KeyForms.json(bytes).orElse(null) : null;
        if (json != null && (single || json.isObject())) {
            if (run(json.bytes(), 0, json.bytes().length, key, !json.isObject())) {
                return true;
            }
            if (!takesIntegers()) {
                return false;
            }
        }
        if (run(bytes, 0, bytes.length, key, single)) {
            return true;
        }
        KeyForms.Form integer = takesIntegers() ? KeyForms.integer(bytes).orElse(null) : null;
        return integer != null && run(integer.bytes(), 0, integer.bytes().length, key, true);
    }

    /** Whether the key is one number that may come as the bytes of an integer. */
    boolean takesIntegers() {
        return key.fields.length == 1
                && switch (key.fields[0].kind) {
                    case INT, UNSIGNED64, EPOCH, DECIMAL -> true;
                    default -> false;
                };
    }

    @Override
    public RecordRules rules() {
        return rules;
    }

    @Override
    public Violation violation() {
        return faults.violation();
    }

    private boolean run(byte[] json, int from, int length, ObjectPlan plan, boolean bare) {
        boolean good = false;
        try {
            good = read(json, from, length, plan, bare) >= 0;
        } catch (RuntimeException | StackOverflowError failure) {
            faults.unforeseen(failure);
        } finally {
            if (!good) {
                writer.rollback();
            }
        }
        return good;
    }

    private int read(byte[] json, int from, int length, ObjectPlan plan, boolean bare) {
        if (length > limits.maxBytes()) {
            return faults.at("size", "The record is larger than " + limits.maxBytes() + " bytes.");
        }
        load(json, from, length);
        names.release(0);
        byte[] b = buffer;
        if (asKey) {
            if (plan.fields.length == 0) {
                return faults.at("key", "The product has no key.");
            }
            int at = bare ? bareKey(plan.fields[0]) : record(plan, b);
            if (at >= 0) {
                root.nullTheRest(writer.rows());
                if (kept != null) {
                    kept.putNull();
                }
            }
            return at;
        }
        int at = record(plan, b);
        return at >= 0 && rules.hold(faults, 0) ? at : RecordFaults.FAULT;
    }

    private int record(ObjectPlan plan, byte[] b) {
        int at = Words.skipSpace(b, 0);
        if (b[at] != '{') {
            return faults.json("The record is not a JSON object.");
        }
        at = object(plan, b, at + 1);
        if (at < 0) {
            return at;
        }
        if (kept != null && plan == root) {
            kept.endList();
        }
        at = Words.skipSpace(b, at);
        return at == end ? at : faults.json("Something stands behind the record.");
    }

    private void load(byte[] json, int from, int length) {
        if (buffer.length < length + PADDING) {
            buffer = new byte[Math.max(2 * buffer.length, length + PADDING)];
        }
        byte[] b = buffer;
        System.arraycopy(json, from, b, 0, length);
        Words.put(b, length, 0);
        Words.put(b, length + 8, 0);
        Words.put(b, length + 16, 0);
        Words.put(b, length + 24, 0);
        end = length;
    }

    /** The buffer holds the plain text of the only key column. */
    private int bareKey(FieldPlan field) {
        int at;
        if (field.kind == FieldPlan.Kind.TEXT || field.kind == FieldPlan.Kind.ONE_OF) {
            at = checked.text(field, buffer, 0, end) ? end : RecordFaults.FAULT;
        } else {
            if (!field.isNumber() && field.kind != FieldPlan.Kind.EPOCH && field.kind != FieldPlan.Kind.BOOL) {
                byte[] quoted = ("\"" + new String(buffer, 0, end, ISO_8859_1) + "\"").getBytes(ISO_8859_1);
                load(quoted, 0, quoted.length);
            }
            at = value(field, buffer, 0);
            if (at >= 0 && at != end) {
                at = faults.at("type", "Something stands behind the key.");
            }
        }
        return at < 0 ? faults.in(field.name) : at;
    }

    /** Reads from behind the brace that opens an object; returns the index behind the one that closes it. */
    private int object(ObjectPlan plan, byte[] b, int from) {
        FieldPlan[] fields = plan.fields;
        int next = 0;
        long seen = 0;
        if (plan.seen.length > 0) {
            Arrays.fill(plan.seen, 0);
        }
        int unknown = names.mark();
        int at = Words.skipSpace(b, from);
        if (b[at] != '}') {
            while (true) {
                int number;
                if (next < fields.length && fields[next].standsAt(b, at, end)) {
                    number = next;
                    at = Words.skipSpace(b, at + fields[number].tokenLength());
                } else {
                    at = name(plan, b, at, unknown);
                    if (at < 0) {
                        return at;
                    }
                    number = found;
                }
                if (number >= 0) {
                    long bit = 1L << number;
                    long[] more = plan.seen;
                    long before = number < 64 ? seen : more[(number >>> 6) - 1];
                    if ((before & bit) != 0) {
                        return faults.json("An object has a field twice.");
                    }
                    if (number < 64) {
                        seen = before | bit;
                    } else {
                        more[(number >>> 6) - 1] = before | bit;
                    }
                    at = value(fields[number], b, at);
                    if (at < 0) {
                        return faults.in(fields[number].name);
                    }
                    next = number + 1;
                } else {
                    at = kept != null && plan == root ? keep(kept, b, at) : skipper.skip(b, at);
                    if (at < 0) {
                        return at;
                    }
                }
                if (b[at] == ',') {
                    at++;
                    if (b[at] != '"') {
                        at = Words.skipSpace(b, at);
                    }
                    continue;
                }
                at = Words.skipSpace(b, at);
                if (b[at] == '}') {
                    break;
                }
                if (b[at] != ',') {
                    return faults.json("Expected a comma or the end of an object.");
                }
                at = Words.skipSpace(b, at + 1);
            }
        }
        names.release(unknown);
        return complete(fields.length, seen) ? at + 1 : missing(plan, seen, at + 1);
    }

    private static boolean complete(int fields, long seen) {
        return fields <= 64 && seen == -1L >>> (64 - fields);
    }

    private int missing(ObjectPlan plan, long seen, int at) {
        for (int i = 0; i < plan.fields.length; i++) {
            long bits = i < 64 ? seen : plan.seen[(i >>> 6) - 1];
            if ((bits >>> i & 1) == 0) {
                FieldPlan field = plan.fields[i];
                if (!checked.absent(field)) {
                    return faults.in(field.name);
                }
            }
        }
        return at;
    }

    /** Puts an unknown field, whose name was read last and whose value begins here, into the column for such. */
    private int keep(ColumnWriter column, byte[] b, int from) {
        ColumnWriter entries = column.child(0);
        entries.child(0).putBytes(names.bytes(), names.from(), names.length());
        int at = skipper.skip(b, from);
        if (at >= 0) {
            entries.child(1).putBytes(b, from, at - from);
            entries.endStruct();
        }
        return at;
    }

    /** The number of the field whose name {@link #name} read, or -1. */
    private int found;

    private int name(ObjectPlan plan, byte[] b, int from, int unknown) {
        int at = names.read(b, from);
        if (at < 0) {
            return at;
        }
        found = plan.find(names.bytes(), names.from(), names.length());
        if (found < 0) {
            if (rejectUnknown && !asKey) {
                return faults.at("unknown", "The contract does not know a field of the record.");
            }
            if (!names.isNew(unknown)) {
                return RecordFaults.FAULT;
            }
        }
        return names.colon(b, at);
    }

    private int value(FieldPlan field, byte[] b, int at) {
        if (b[at] == 'n') {
            return nothing(field, b, at);
        }
        return switch (field.kind) {
            case TEXT -> scalars.text(field, b, at, end);
            case INT -> scalars.integer(field, b, at);
            case FLOAT64 -> scalars.float64(field, b, at);
            case TIMESTAMP -> scalars.moment(field, b, at);
            case EPOCH -> scalars.epoch(field, b, at);
            case STRUCT -> struct(field, b, at);
            case LIST -> list(field, b, at);
            case DECIMAL -> scalars.decimal(field, b, at);
            case BOOL -> scalars.bool(field, b, at);
            case UNSIGNED64 -> scalars.unsigned64(field, b, at);
            case FLOAT32 -> scalars.float32(field, b, at);
            case UUID -> scalars.uuid(field, b, at);
            case BINARY -> scalars.binary(field, b, at);
            case DATE, TIME -> scalars.moment(field, b, at);
            case ONE_OF -> scalars.oneOf(field, b, at);
            case MAP -> map(field, b, at);
        };
    }

    private int nothing(FieldPlan field, byte[] b, int at) {
        if (!Words.isNull(b, at)) {
            return faults.json("Expected a value.");
        }
        return checked.none(field) ? at + 4 : RecordFaults.FAULT;
    }

    private int struct(FieldPlan field, byte[] b, int from) {
        ObjectPlan plan = field.object;
        if (plan == null || b[from] != '{') {
            return faults.at("type", "Expected an object.");
        }
        int at = object(plan, b, from + 1);
        return at >= 0 && checked.struct(field) ? at : RecordFaults.FAULT;
    }

    private int map(FieldPlan field, byte[] b, int from) {
        ObjectPlan plan = field.object;
        if (plan == null || b[from] != '{') {
            return faults.at("type", "Expected an object.");
        }
        int own = names.mark();
        int at = Words.skipSpace(b, from + 1);
        while (b[at] != '}') {
            at = names.read(b, at);
            if (at < 0 || !names.isNew(own)) {
                return RecordFaults.FAULT;
            }
            if (!scalars.key(plan.fields[0], names.bytes(), names.from(), names.length())) {
                return faults.in("key");
            }
            at = names.colon(b, at);
            if (at < 0) {
                return at;
            }
            at = value(plan.fields[1], b, at);
            if (at < 0) {
                return faults.in("value");
            }
            checked.entry(field);
            at = Words.skipSpace(b, at);
            if (b[at] == ',') {
                at = Words.skipSpace(b, at + 1);
                if (b[at] == '}') {
                    return faults.json("Expected a field's name.");
                }
            } else if (b[at] != '}') {
                return faults.json("Expected a comma or the end of an object.");
            }
        }
        names.release(own);
        return checked.map(field) ? at + 1 : RecordFaults.FAULT;
    }

    private int list(FieldPlan field, byte[] b, int from) {
        FieldPlan item = field.item;
        if (item == null || b[from] != '[') {
            return faults.at("type", "Expected an array.");
        }
        int count = 0;
        int at = Words.skipSpace(b, from + 1);
        if (b[at] != ']') {
            while (true) {
                at = value(item, b, at);
                if (at < 0) {
                    return faults.in(count);
                }
                count++;
                at = Words.skipSpace(b, at);
                if (b[at] == ']') {
                    break;
                }
                if (b[at] != ',') {
                    return faults.json("Expected a comma or the end of an array.");
                }
                at = Words.skipSpace(b, at + 1);
            }
        }
        return checked.list(field, count) ? at + 1 : RecordFaults.FAULT;
    }
}
