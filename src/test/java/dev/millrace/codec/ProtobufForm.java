package dev.millrace.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Timestamp;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** A contract's columns as a Protobuf message, and JSON records as such messages, made by Google's own library. */
final class ProtobufForm {
    private ProtobufForm() {}

    /** The second message of a file, so that its number has to be told. */
    static FileDescriptorProto file(List<Property> columns) {
        return FileDescriptorProto.newBuilder()
                .setName("record.proto")
                .setPackage("test")
                .setSyntax("proto3")
                .addDependency("google/protobuf/timestamp.proto")
                .addMessageType(DescriptorProto.newBuilder().setName("Other"))
                .addMessageType(message("Record", columns))
                .build();
    }

    private static DescriptorProto message(String name, List<Property> columns) {
        var message = DescriptorProto.newBuilder().setName(name);
        int number = 1;
        for (Property column : columns) {
            boolean map = column.fieldType() instanceof FieldType.MapOf;
            boolean repeated = map || column.items().isPresent();
            Property single = column.items().orElse(column);
            var field = FieldDescriptorProto.newBuilder()
                    .setName("f" + number)
                    .setJsonName(column.name())
                    .setNumber(number++)
                    .setLabel(repeated ? Label.LABEL_REPEATED : Label.LABEL_OPTIONAL);
            if (map || single.fieldType() instanceof FieldType.Struct) {
                String nested = "N" + number;
                message.addNestedType(map ? entry(nested, column.properties()) : message(nested, single.properties()));
                field.setType(Type.TYPE_MESSAGE).setTypeName(nested);
            } else if (single.fieldType() instanceof FieldType.Timestamp timestamp && timestamp.zoned()) {
                field.setType(Type.TYPE_MESSAGE).setTypeName(".google.protobuf.Timestamp");
            } else {
                field.setType(type(single.fieldType()));
            }
            if (!repeated && field.getType() != Type.TYPE_MESSAGE) {
                field.setProto3Optional(true).setOneofIndex(message.getOneofDeclCount());
                message.addOneofDeclBuilder().setName("_f" + (number - 1));
            }
            message.addField(field);
        }
        return message.build();
    }

    private static DescriptorProto entry(String name, List<Property> keyAndValue) {
        var entry = DescriptorProto.newBuilder().setName(name);
        entry.getOptionsBuilder().setMapEntry(true);
        for (Property part : keyAndValue) {
            entry.addField(FieldDescriptorProto.newBuilder()
                    .setName(part.name())
                    .setNumber(entry.getFieldCount() + 1)
                    .setLabel(Label.LABEL_OPTIONAL)
                    .setType(type(part.fieldType())));
        }
        return entry.build();
    }

    private static Type type(FieldType type) {
        return switch (type) {
            case FieldType.Bool ignored -> Type.TYPE_BOOL;
            case FieldType.Int integer ->
                switch (integer.bits()) {
                    case 8 -> Type.TYPE_SINT32;
                    case 16 -> integer.signed() ? Type.TYPE_SINT32 : Type.TYPE_FIXED32;
                    case 32 -> Type.TYPE_INT32;
                    default -> integer.signed() ? Type.TYPE_SINT64 : Type.TYPE_UINT64;
                };
            case FieldType.Floating floating -> floating.bits() == 32 ? Type.TYPE_FLOAT : Type.TYPE_DOUBLE;
            case FieldType.Binary ignored -> Type.TYPE_BYTES;
            default -> Type.TYPE_STRING;
        };
    }

    /** With Confluent's header and the message's number. */
    static byte[] record(int id, Descriptor descriptor, List<Property> columns, JsonNode record) {
        byte[] message = message(descriptor, columns, record).toByteArray();
        return java.nio.ByteBuffer.allocate(7 + message.length)
                .put((byte) 0)
                .putInt(id)
                .put(new byte[] {2, 2})
                .put(message)
                .array();
    }

    private static DynamicMessage message(Descriptor descriptor, List<Property> columns, JsonNode record) {
        var message = DynamicMessage.newBuilder(descriptor);
        for (int i = 0; i < columns.size(); i++) {
            JsonNode value = record.path(columns.get(i).name());
            FieldDescriptor field = descriptor.getFields().get(i);
            if (columns.get(i).fieldType() instanceof FieldType.MapOf) {
                List<Property> parts = columns.get(i).properties();
                Descriptor entry = field.getMessageType();
                value.properties().forEach(one -> {
                    JsonNode key = parts.getFirst().fieldType() instanceof FieldType.Int
                            ? JsonNodeFactory.instance.numberNode(Integer.parseInt(one.getKey()))
                            : JsonNodeFactory.instance.textNode(one.getKey());
                    message.addRepeatedField(
                            field,
                            DynamicMessage.newBuilder(entry)
                                    .setField(
                                            entry.getFields().getFirst(),
                                            value(entry.getFields().getFirst(), parts.getFirst(), key))
                                    .setField(
                                            entry.getFields().getLast(),
                                            value(entry.getFields().getLast(), parts.getLast(), one.getValue()))
                                    .build());
                });
            } else if (value.isArray()) {
                value.forEach(one -> message.addRepeatedField(
                        field,
                        value(field, columns.get(field.getIndex()).items().orElseThrow(), one)));
            } else if (!value.isNull() && !value.isMissingNode()) {
                message.setField(field, value(field, columns.get(i), value));
            }
        }
        return message.build();
    }

    private static Object value(FieldDescriptor field, Property column, JsonNode value) {
        return switch (column.fieldType()) {
            case FieldType.Bool ignored -> value.booleanValue();
            case FieldType.Int integer -> integer.bits() < 64 ? (Object) value.intValue() : value.longValue();
            case FieldType.Floating floating ->
                floating.bits() == 32 ? (Object) value.floatValue() : value.doubleValue();
            case FieldType.Binary ignored ->
                ByteString.copyFrom(Base64.getDecoder().decode(value.textValue()));
            case FieldType.Timestamp timestamp
            when timestamp.zoned() -> {
                Instant instant = Instant.parse(value.textValue());
                yield Timestamp.newBuilder()
                        .setSeconds(instant.getEpochSecond())
                        .setNanos(instant.getNano())
                        .build();
            }
            case FieldType.Struct ignored -> message(field.getMessageType(), column.properties(), value);
            default ->
                value.isTextual() ? value.textValue() : value.decimalValue().toPlainString();
        };
    }

    static String base64(FileDescriptorProto file) {
        return Base64.getEncoder().encodeToString(file.toByteArray());
    }
}
