package dev.millrace.codec;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.jspecify.annotations.Nullable;

/** A contract's columns as an Avro schema, and JSON records as Avro ones, made by Avro's own library. */
final class AvroForm {
    private AvroForm() {}

    static Schema schema(String name, List<Property> columns) {
        List<Schema.Field> fields = new ArrayList<>();
        for (Property column : columns) {
            Schema type = type(column, name + "_" + fields.size());
            fields.add(new Schema.Field(
                    avroName(column),
                    column.required() ? type : Schema.createUnion(Schema.create(Schema.Type.NULL), type)));
            if (!avroName(column).equals(column.name())) {
                fields.getLast().addAlias(column.name());
            }
        }
        fields.add(new Schema.Field(
                "unknownToTheContract", Schema.createMap(Schema.createArray(Schema.create(Schema.Type.STRING)))));
        return Schema.createRecord(name, null, "test", false, fields);
    }

    static String avroName(Property column) {
        return column.name().replaceAll("[^A-Za-z0-9_]", "_");
    }

    private static Schema type(Property column, String name) {
        return switch (column.fieldType()) {
            case FieldType.Bool ignored -> Schema.create(Schema.Type.BOOLEAN);
            case FieldType.Int integer ->
                integer.bits() == 64 && !integer.signed()
                        ? LogicalTypes.decimal(20, 0).addToSchema(Schema.create(Schema.Type.BYTES))
                        : Schema.create(integer.bits() < 32 ? Schema.Type.INT : Schema.Type.LONG);
            case FieldType.Floating floating ->
                Schema.create(floating.bits() == 32 ? Schema.Type.FLOAT : Schema.Type.DOUBLE);
            case FieldType.Decimal decimal ->
                LogicalTypes.decimal(decimal.precision(), decimal.scale())
                        .addToSchema(Schema.create(Schema.Type.BYTES));
            case FieldType.Text ignored -> Schema.create(Schema.Type.STRING);
            case FieldType.Binary ignored -> Schema.create(Schema.Type.BYTES);
            case FieldType.Date ignored -> LogicalTypes.date().addToSchema(Schema.create(Schema.Type.INT));
            case FieldType.Time ignored -> LogicalTypes.timeMicros().addToSchema(Schema.create(Schema.Type.LONG));
            case FieldType.Timestamp timestamp -> {
                LogicalType type =
                        timestamp.zoned() ? LogicalTypes.timestampMicros() : LogicalTypes.localTimestampNanos();
                yield type.addToSchema(Schema.create(Schema.Type.LONG));
            }
            case FieldType.Uuid ignored -> LogicalTypes.uuid().addToSchema(Schema.create(Schema.Type.STRING));
            case FieldType.OneOf ignored -> Schema.create(Schema.Type.STRING);
            case FieldType.MapOf ignored -> {
                Schema value = type(column.properties().getLast(), name + "_value");
                yield Schema.createMap(Schema.createUnion(Schema.create(Schema.Type.NULL), value));
            }
            case FieldType.VectorOf ignored ->
                Schema.createArray(type(column.items().orElseThrow(), name + "_item"));
            case FieldType.Struct ignored -> schema(name, column.properties());
            case FieldType.ListOf ignored ->
                Schema.createArray(Schema.createUnion(
                        Schema.create(Schema.Type.NULL), type(column.items().orElseThrow(), name + "_item")));
        };
    }

    /** With Confluent's header. */
    static byte[] record(int id, Schema schema, List<Property> columns, JsonNode record) {
        try {
            var out = new ByteArrayOutputStream();
            out.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
            BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(out, null);
            new GenericDatumWriter<>(schema).write(object(schema, columns, record), encoder);
            encoder.flush();
            return out.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** An object container file with a block now and then. */
    static byte[] container(Schema schema, List<Property> columns, List<JsonNode> records, java.util.Random random)
            throws IOException {
        var out = new ByteArrayOutputStream();
        try (var writer = new org.apache.avro.file.DataFileWriter<GenericData.Record>(
                new org.apache.avro.generic.GenericDatumWriter<>(schema))) {
            writer.create(schema, out);
            for (JsonNode record : records) {
                writer.append(object(schema, columns, record));
                if (random.nextInt(3) == 0) {
                    writer.sync();
                }
            }
        }
        return out.toByteArray();
    }

    private static GenericData.Record object(Schema schema, List<Property> columns, JsonNode record) {
        var made = new GenericData.Record(schema);
        for (int i = 0; i < columns.size(); i++) {
            Schema type = schema.getFields().get(i).schema();
            Schema inner = type.getType() == Schema.Type.UNION ? type.getTypes().getLast() : type;
            made.put(i, value(inner, columns.get(i), record.path(columns.get(i).name())));
        }
        made.put(columns.size(), Map.of("a", List.of("b", "c"), "d", List.of()));
        return made;
    }

    private static @Nullable Object value(Schema schema, Property column, JsonNode value) {
        if (value.isNull() || value.isMissingNode()) {
            return null;
        }
        return switch (column.fieldType()) {
            case FieldType.Bool ignored -> value.booleanValue();
            case FieldType.Int ignored ->
                schema.getType() == Schema.Type.BYTES
                        ? ByteBuffer.wrap(value.bigIntegerValue().toByteArray())
                        : schema.getType() == Schema.Type.INT ? (Object) value.intValue() : value.longValue();
            case FieldType.Floating floating ->
                floating.bits() == 32 ? (Object) value.floatValue() : value.doubleValue();
            case FieldType.Decimal decimal ->
                ByteBuffer.wrap(value.decimalValue()
                        .setScale(decimal.scale())
                        .unscaledValue()
                        .toByteArray());
            case FieldType.Text ignored -> value.textValue();
            case FieldType.OneOf ignored -> value.textValue();
            case FieldType.MapOf ignored -> {
                Map<String, @Nullable Object> entries = new LinkedHashMap<>();
                Schema type = schema.getValueType().getTypes().getLast();
                value.properties()
                        .forEach(one -> entries.put(
                                one.getKey(), value(type, column.properties().getLast(), one.getValue())));
                yield entries;
            }
            case FieldType.VectorOf ignored -> {
                List<@Nullable Object> items = new ArrayList<>();
                value.forEach(one ->
                        items.add(value(schema.getElementType(), column.items().orElseThrow(), one)));
                yield items;
            }
            case FieldType.Uuid ignored -> value.textValue();
            case FieldType.Binary ignored -> ByteBuffer.wrap(Base64.getDecoder().decode(value.textValue()));
            case FieldType.Date ignored ->
                (int) LocalDate.parse(value.textValue()).toEpochDay();
            case FieldType.Time ignored -> LocalTime.parse(value.textValue()).toNanoOfDay() / 1000;
            case FieldType.Timestamp timestamp -> {
                Instant instant = instant(timestamp, value.textValue());
                long unit = timestamp.zoned() ? 1_000_000 : 1_000_000_000;
                yield instant.getEpochSecond() * unit + instant.getNano() / (1_000_000_000 / unit);
            }
            case FieldType.Struct ignored -> object(schema, column.properties(), value);
            case FieldType.ListOf ignored -> {
                List<@Nullable Object> items = new ArrayList<>();
                Schema item = schema.getElementType().getTypes().getLast();
                value.forEach(one -> items.add(value(item, column.items().orElseThrow(), one)));
                yield items;
            }
        };
    }

    static Instant instant(FieldType.Timestamp type, String text) {
        return type.zoned() ? Instant.parse(text) : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
    }

    static BigDecimal decimal(FieldType.Decimal type, JsonNode value) {
        return value.decimalValue().setScale(type.scale());
    }
}
