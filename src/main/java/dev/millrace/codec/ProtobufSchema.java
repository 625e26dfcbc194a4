package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.Type;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.TimestampProto;
import com.google.protobuf.WireFormat.FieldType;
import com.google.protobuf.WrappersProto;
import dev.millrace.codec.FieldPlan.ObjectPlan;
import dev.millrace.codec.ScalarType.Shape;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Resolves a registry's Protobuf schema against a contract, into the messages that {@link ProtobufPlan} reads. */
final class ProtobufSchema {
    private static final int MAX_INDEXES = 16;

    /** Google's messages that hold a single value, by their names. */
    private static final Map<String, FieldType> WRAPPERS = WrappersProto.getDescriptor().getMessageTypes().stream()
            .collect(Collectors.toUnmodifiableMap(
                    Descriptor::getFullName,
                    wrapper -> wrapper.findFieldByNumber(1).getLiteType()));

    /** How a value stands in a message. */
    enum Form {
        PLAIN,
        WRAPPED,
        TIMESTAMP,
        DATE,
        TIME_OF_DAY,
        MESSAGE
    }

    /** One field of a message that the contract has, too; of a list, {@code target} is its item. */
    record Member(
            int number,
            Form form,
            FieldType type,
            int wire,
            ScalarType scalar,
            FieldPlan field,
            FieldPlan target,
            boolean presence,
            int[] rivals,
            Map<Integer, byte[]> symbols,
            @Nullable Message message) {
        boolean repeated() {
            return target != field || field.kind == FieldPlan.Kind.MAP;
        }
    }

    /** A message whose values go to an object of the contract; without an owner it is the record. */
    record Message(
            Member[] members, FieldPlan[] absent, @Nullable FieldPlan owner) {
        /** The member of that number, or -1; looks at {@code likely} first. */
        int find(int number, int likely) {
            if (likely < members.length && members[likely].number == number) {
                return likely;
            }
            for (int i = 0; i < members.length; i++) {
                if (members[i].number == number) {
                    return i;
                }
            }
            return -1;
        }
    }

    private final RecordFaults faults;
    private final boolean rejectUnknown;

    private ProtobufSchema(RecordFaults faults, boolean rejectUnknown) {
        this.faults = faults;
        this.rejectUnknown = rejectUnknown;
    }

    /** Which message of the schema: its number, the number of the one nested in it, and so on. */
    static List<Integer> indexes(ByteReader header) {
        long count = header.zigzag();
        List<Integer> indexes = new ArrayList<>();
        if (count < 0 || count > MAX_INDEXES) {
            throw new Malformed("The record does not say which message of its schema it is.");
        }
        for (long i = 0; i < count; i++) {
            indexes.add((int) Math.clamp(header.zigzag(), -1, Integer.MAX_VALUE));
        }
        return indexes.isEmpty() ? List.of(0) : indexes;
    }

    /** The message of a schema that the indexes lead to; null with a fault when it does not fit. */
    static @Nullable Message of(
            SchemaSource.Known schema,
            List<Integer> message,
            ObjectPlan target,
            ScalarConverter converter,
            boolean rejectUnknown) {
        RecordFaults faults = converter.faults;
        List<Descriptor> found;
        try {
            found = file(schema).getMessageTypes();
        } catch (IllegalArgumentException | InvalidProtocolBufferException | DescriptorValidationException broken) {
            faults.at(
                    "schema",
                    "The registry does not give it as a file descriptor in base64, which ?format=serialized asks for: "
                            + broken.getMessage());
            return null;
        }
        Descriptor descriptor = null;
        for (int index : message) {
            if (index < 0 || index >= found.size()) {
                faults.at("schema", "It has no message of the number that the record gives.");
                return null;
            }
            descriptor = found.get(index);
            found = descriptor.getNestedTypes();
        }
        return new ProtobufSchema(faults, rejectUnknown)
                .message(java.util.Objects.requireNonNull(descriptor), target, null);
    }

    /** Registries do not give Google's own files; types of others that are missing are known by their names alone. */
    private static FileDescriptor file(SchemaSource.Known schema)
            throws InvalidProtocolBufferException, DescriptorValidationException {
        Map<String, FileDescriptor> files = new HashMap<>();
        files.put("google/protobuf/timestamp.proto", TimestampProto.getDescriptor());
        files.put("google/protobuf/wrappers.proto", WrappersProto.getDescriptor());
        for (SchemaSource.Import other : schema.imports()) {
            files.put(other.name(), file(other.text(), files));
        }
        return file(schema.text(), files);
    }

    private static FileDescriptor file(String text, Map<String, FileDescriptor> files)
            throws InvalidProtocolBufferException, DescriptorValidationException {
        var proto = FileDescriptorProto.parseFrom(Base64.getDecoder().decode(text.strip()));
        FileDescriptor[] imports = proto.getDependencyList().stream()
                .map(files::get)
                .filter(java.util.Objects::nonNull)
                .toArray(FileDescriptor[]::new);
        return FileDescriptor.buildFrom(proto, imports, true);
    }

    private @Nullable Message message(Descriptor descriptor, ObjectPlan target, @Nullable FieldPlan owner) {
        List<FieldDescriptor> fields = descriptor.getFields();
        List<List<String>> names = fields.stream()
                .map(field -> List.of(field.getName(), field.getJsonName()))
                .toList();
        FieldMatch match = FieldMatch.of(names, target, rejectUnknown, true, faults);
        if (match == null) {
            return null;
        }
        List<FieldDescriptor> present = IntStream.range(0, fields.size())
                .filter(i -> match.to()[i] != null)
                .mapToObj(fields::get)
                .toList();
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < fields.size(); i++) {
            FieldPlan field = match.to()[i];
            if (field != null) {
                Member member = member(present, members.size(), field);
                if (member == null) {
                    FieldMatch.misfit(fields.get(i).getType().name().toLowerCase(Locale.ROOT), faults);
                    faults.in(field.name);
                    return null;
                }
                members.add(member);
            }
        }
        return new Message(members.toArray(Member[]::new), match.absent(), owner);
    }

    private @Nullable Member member(List<FieldDescriptor> fields, int index, FieldPlan field) {
        FieldDescriptor wire = fields.get(index);
        FieldPlan target = wire.isRepeated() && !wire.isMapField() ? field.item : field;
        if (target == null || wire.getType() == Type.GROUP || wire.isMapField() != (field.kind == FieldPlan.Kind.MAP)) {
            return null;
        }
        boolean nested = wire.getType() == Type.MESSAGE;
        String name = nested ? wire.getMessageType().getFullName() : "";
        FieldType type = WRAPPERS.getOrDefault(name, wire.getLiteType());
        Form form = switch (name) {
            case "" -> Form.PLAIN;
            case "google.protobuf.Timestamp" -> Form.TIMESTAMP;
            case "google.type.Date" -> Form.DATE;
            case "google.type.TimeOfDay" -> Form.TIME_OF_DAY;
            default -> WRAPPERS.containsKey(name) ? Form.WRAPPED : Form.MESSAGE;
        };
        ScalarType scalar = scalar(form, type);
        Message message = null;
        if (form == Form.MESSAGE) {
            FieldPlan owner = wire.isMapField() ? null : target;
            message = target.object == null ? null : message(wire.getMessageType(), target.object, owner);
        }
        if (form == Form.MESSAGE ? message == null : !ScalarConverter.fits(target, scalar)) {
            return null;
        }
        Map<Integer, byte[]> symbols = new HashMap<>();
        if (type == FieldType.ENUM) {
            wire.getEnumType()
                    .getValues()
                    .forEach(one ->
                            symbols.putIfAbsent(one.getNumber(), one.getName().getBytes(UTF_8)));
        }
        int[] rivals = wire.getRealContainingOneof() == null
                ? new int[0]
                : IntStream.range(0, fields.size())
                        .filter(other -> other != index
                                && fields.get(other).getRealContainingOneof() == wire.getRealContainingOneof())
                        .toArray();
        return new Member(
                wire.getNumber(),
                form,
                type,
                (form == Form.PLAIN ? type : FieldType.MESSAGE).getWireType(),
                scalar,
                field,
                target,
                wire.hasPresence(),
                rivals,
                symbols,
                message);
    }

    private static ScalarType scalar(Form form, FieldType type) {
        return switch (form) {
            case TIMESTAMP -> new ScalarType(Shape.INSTANT, 1_000_000_000);
            case DATE -> ScalarType.of(Shape.DATE);
            case TIME_OF_DAY -> new ScalarType(Shape.TIME, 1_000_000_000);
            case PLAIN, WRAPPED, MESSAGE ->
                switch (type) {
                    case BOOL -> ScalarType.of(Shape.BOOL);
                    case UINT64, FIXED64 -> ScalarType.of(Shape.UNSIGNED);
                    case FLOAT -> new ScalarType(Shape.FLOATING, 32);
                    case DOUBLE -> new ScalarType(Shape.FLOATING, 64);
                    case BYTES, GROUP, MESSAGE -> ScalarType.of(Shape.BYTES);
                    case STRING, ENUM -> ScalarType.TEXT;
                    case INT32, INT64, UINT32, SINT32, SINT64, FIXED32, SFIXED32, SFIXED64 ->
                        ScalarType.of(Shape.SIGNED);
                };
        };
    }
}
