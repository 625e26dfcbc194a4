package dev.millrace.codec;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.codec.ProtobufSchema.Message;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.ValueFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads records in the wire format of Confluent's serializers: a zero byte, the number of the writer's schema in the
 * registry in four, for Protobuf the message within the schema, then the value. A schema is held against the contract
 * when a record first names it; one that does not fit makes a dead letter of every record that was written by it.
 *
 * <p>A deleted row's key that begins in that way is read so, too, by the format of its own schema; any other has no schema,
 * as those of JSON products. Eight bytes that can be both are by their schema what it says, else an integer.
 */
final class RegistryDecoder implements RecordDecoder {
    private static final int HEADER = 5;
    private static final int MAX_PLANS = 64;

    /** A schema resolved against the contract. */
    interface Plan {
        /**
         * Reads one value into the columns; false with a fault when it breaks a rule.
         *
         * @throws Malformed when the bytes are not what the schema says
         */
        boolean read(byte[] bytes, int from, int end);
    }

    /** What the records that begin with those bytes are read by; that may be a plan that refuses them all. */
    private record Bound(byte[] prefix, boolean isKey, Plan plan) {
        boolean isFor(byte[] record, int from, int end, boolean key) {
            return isKey == key
                    && end - from >= prefix.length
                    && Arrays.equals(prefix, 0, prefix.length, record, from, from + prefix.length);
        }
    }

    private final BatchWriter writer;
    private final JsonLimits limits;
    private final JsonDecoder plainKeys;
    private final ValueFormat format;
    private final SchemaSource schemas;
    private final boolean rejectUnknown;
    private final RecordFaults faults = new RecordFaults();
    private final ScalarConverter converter;
    private final ObjectPlan root;
    private final ObjectPlan key;
    private final ByteReader prefixReader = new ByteReader();

    /** The one used last comes first. */
    private final List<Bound> bounds = new ArrayList<>();

    private boolean plainKey;

    RegistryDecoder(
            List<Property> columns,
            List<String> keyColumns,
            UnknownFields unknown,
            BatchWriter writer,
            JsonLimits limits,
            JsonDecoder plainKeys,
            ValueFormat format,
            SchemaSource schemas) {
        this.writer = writer;
        this.limits = limits;
        this.plainKeys = plainKeys;
        this.format = format;
        this.schemas = schemas;
        this.rejectUnknown = unknown == UnknownFields.REJECT;
        this.converter = new ScalarConverter(faults, new CheckedColumns(faults, limits.maxStringBytes()), limits);
        this.root = new ObjectPlan(columns, writer::column);
        this.key = root.only(columns, keyColumns);
    }

    @Override
    public int prepare(byte[] record, int from, int length, boolean isKey) {
        try {
            return isPlain(record, from, length)
                            || isInteger(record, from, length, isKey)
                            || bound(record, from, from + length, isKey) != null
                    ? 1
                    : WAITING;
        } catch (RuntimeException | StackOverflowError broken) {
            return 1; // and the decoding says so
        }
    }

    /** Whether no schema is named; of a key this is allowed. */
    private static boolean isPlain(byte[] bytes, int from, int length) {
        return length < HEADER || bytes[from] != 0;
    }

    @Override
    public boolean decode(byte[] record, int from, int length) {
        plainKey = false;
        return run(record, from, from + length, false);
    }

    @Override
    public boolean decodeKey(byte[] bytes) {
        plainKey = isPlain(bytes, 0, bytes.length) || isInteger(bytes, 0, bytes.length, true);
        if (plainKey) {
            return plainKeys.decodeKey(bytes);
        }
        if (run(bytes, 0, bytes.length, true)) {
            return true;
        }
        plainKey = bytes.length == Long.BYTES && plainKeys.takesIntegers();
        return plainKey && plainKeys.decodeKey(bytes);
    }

    /**
     * Whether a key is an integer of eight bytes though it begins as one with a schema: registries do not give the number 0,
     * and where the records themselves have no schemas, keys hardly do.
     */
    private boolean isInteger(byte[] bytes, int from, int length, boolean isKey) {
        return isKey
                && length == Long.BYTES
                && (Words.halfAt(bytes, from + 1) == 0 || format == ValueFormat.JSON || format == ValueFormat.ARROW)
                && plainKeys.takesIntegers();
    }

    @Override
    public RecordRules rules() {
        return plainKeys.rules();
    }

    @Override
    public Violation violation() {
        return plainKey ? plainKeys.violation() : faults.violation();
    }

    private boolean run(byte[] record, int from, int end, boolean isKey) {
        boolean good = false;
        try {
            good = read(record, from, end, isKey);
        } catch (Malformed broken) {
            faults.at(broken.rule(isKey ? "key" : format.name().toLowerCase(Locale.ROOT)), broken.reason());
        } catch (RuntimeException | StackOverflowError failure) {
            faults.unforeseen(failure);
        } finally {
            if (!good) {
                writer.rollback();
            }
        }
        return good;
    }

    private boolean read(byte[] record, int from, int end, boolean isKey) {
        if (end - from > limits.maxBytes()) {
            return faults.refuse("size", "The record is larger than " + limits.maxBytes() + " bytes.");
        }
        if (isPlain(record, from, end - from)) {
            throw new Malformed("The record does not begin with a zero byte and the number of a schema.");
        }
        Bound bound = bound(record, from, end, isKey);
        if (bound == null) {
            return faults.refuse("schema", "The schema of the record has not been read yet.");
        }
        if (!bound.plan.read(record, from + bound.prefix.length, end)) {
            return false;
        }
        if (isKey) {
            root.nullTheRest(writer.rows());
        }
        return isKey || rules().hold(faults, 0);
    }

    /** What reads the record; null when its schema has not come yet. */
    private @Nullable Bound bound(byte[] record, int from, int end, boolean isKey) {
        for (int i = 0; i < bounds.size(); i++) {
            Bound bound = bounds.get(i);
            if (bound.isFor(record, from, end, isKey)) {
                if (i > 0) {
                    bounds.remove(i);
                    bounds.addFirst(bound);
                }
                return bound;
            }
        }
        int id = Integer.reverseBytes(Words.halfAt(record, from + 1));
        return switch (schemas.find(id)) {
            case SchemaSource.Pending ignored -> null;
            case SchemaSource.Missing missing -> refused(new byte[0], isKey, id, "", missing.reason());
            case SchemaSource.Known known -> {
                Bound bound = compile(known, id, record, from, end, isKey);
                bounds.addFirst(bound);
                if (bounds.size() > MAX_PLANS) {
                    bounds.removeLast();
                }
                yield bound;
            }
        };
    }

    private Bound compile(SchemaSource.Known known, int id, byte[] record, int from, int end, boolean isKey) {
        byte[] prefix = Arrays.copyOfRange(record, from, from + HEADER);
        boolean avro = known.type().equals(ValueFormat.AVRO.name());
        boolean fits = isKey
                ? avro || known.type().equals(ValueFormat.PROTOBUF.name())
                : known.type().equals(format.name());
        if (!fits) {
            return refused(prefix, isKey, id, "", "It is of the type " + known.type() + ", not " + format.name() + ".");
        }
        if (isKey && key.fields.length == 0) {
            return refused(prefix, isKey, id, "", "The product has no key.");
        }
        List<Integer> message = List.of();
        if (!avro) {
            prefixReader.over(record, from + HEADER, end);
            message = ProtobufSchema.indexes(prefixReader);
            prefix = Arrays.copyOfRange(record, from, prefixReader.at());
        }
        Plan plan = plan(known, message, isKey);
        if (plan != null) {
            return new Bound(prefix, isKey, plan);
        }
        Violation fault = faults.violation();
        return refused(prefix, isKey, id, fault.path(), fault.reason());
    }

    /** The plan of a schema; null with a fault when there is none, also where the schema overwhelms its reader. */
    private @Nullable Plan plan(SchemaSource.Known known, List<Integer> message, boolean isKey) {
        ObjectPlan target = isKey ? key : root;
        faults.clear();
        try {
            if (known.type().equals(ValueFormat.AVRO.name())) {
                return AvroPlan.of(known, target, isKey, converter, rejectUnknown && !isKey);
            }
            Message found = ProtobufSchema.of(known, message, target, converter, rejectUnknown && !isKey);
            return found == null ? null : new ProtobufPlan(found, converter);
        } catch (RuntimeException | StackOverflowError failure) {
            faults.unforeseen(failure);
            return null;
        }
    }

    private Bound refused(byte[] prefix, boolean isKey, int id, String path, String reason) {
        return new Bound(prefix, isKey, (bytes, from, end) -> {
            faults.at("schema", "Schema " + id + " cannot be used: " + reason);
            return faults.refusedIn(path);
        });
    }
}
