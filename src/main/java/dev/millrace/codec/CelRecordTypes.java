package dev.millrace.codec;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.NullableType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A contract's columns as CEL's variables, with a type for every object, so that a wrong name or type does not compile. */
record CelRecordTypes(ImmutableMap<String, CelType> variables, ImmutableMap<String, StructType> objects)
        implements CelTypeProvider {
    static CelRecordTypes of(List<Property> columns) {
        ImmutableMap.Builder<String, CelType> variables = ImmutableMap.builder();
        Map<String, StructType> objects = new LinkedHashMap<>();
        for (Property column : columns) {
            String path = "record." + column.name();
            variables.put(column.name(), type(column.fieldType(), column.required(), path, objects));
        }
        return new CelRecordTypes(variables.buildOrThrow(), ImmutableMap.copyOf(objects));
    }

    private static CelType type(FieldType type, boolean required, String path, Map<String, StructType> objects) {
        CelType plain = switch (type) {
            case FieldType.Bool ignored -> SimpleType.BOOL;
            case FieldType.Int integer -> Bounds.isUnsigned64(integer) ? SimpleType.UINT : SimpleType.INT;
            case FieldType.Floating _, FieldType.Decimal _ -> SimpleType.DOUBLE;
            case FieldType.Text _, FieldType.OneOf _, FieldType.Uuid _ -> SimpleType.STRING;
            case FieldType.Binary ignored -> SimpleType.BYTES;
            case FieldType.Date _, FieldType.Timestamp _ -> SimpleType.TIMESTAMP;
            case FieldType.Time ignored -> SimpleType.DURATION;
            case FieldType.Struct struct -> object(struct, path, objects);
            case FieldType.ListOf list ->
                ListType.create(type(list.element().type(), list.element().required(), path + ".item", objects));
            case FieldType.MapOf map ->
                MapType.create(
                        type(map.key().type(), true, path + ".key", objects),
                        type(map.value().type(), map.value().required(), path + ".value", objects));
            case FieldType.VectorOf ignored -> ListType.create(SimpleType.DOUBLE);
        };
        boolean primitive =
                plain instanceof SimpleType && plain != SimpleType.TIMESTAMP && plain != SimpleType.DURATION;
        return required || !primitive ? plain : NullableType.create(plain);
    }

    private static StructType object(FieldType.Struct struct, String path, Map<String, StructType> objects) {
        ImmutableMap.Builder<String, CelType> builder = ImmutableMap.builder();
        for (FieldType.Field field : struct.fields()) {
            builder.put(field.name(), type(field.type(), field.required(), path + "." + field.name(), objects));
        }
        ImmutableMap<String, CelType> fields = builder.buildOrThrow();
        StructType made = StructType.create(path, fields.keySet(), name -> Optional.ofNullable(fields.get(name)));
        objects.put(path, made);
        return made;
    }

    @Override
    public ImmutableCollection<CelType> types() {
        return ImmutableList.copyOf(objects.values());
    }

    @Override
    public Optional<CelType> findType(String name) {
        return Optional.ofNullable(objects.get(name));
    }
}
