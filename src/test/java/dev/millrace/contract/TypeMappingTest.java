package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.contract.FieldType.Encoding;
import dev.millrace.contract.FieldType.Field;
import dev.millrace.contract.FieldType.Unit;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TypeMappingTest {
    static List<Arguments> table() {
        return List.of(
                row("boolean", "", new FieldType.Bool()),
                row("boolean", "STRING", new FieldType.Bool()),
                row("integer", "", new FieldType.Int(64, true)),
                row("integer", "integer", new FieldType.Int(64, true)),
                row("integer", "int", new FieldType.Int(32, true)),
                row("integer", "INT32", new FieldType.Int(32, true)),
                row("integer", "smallint", new FieldType.Int(16, true)),
                row("integer", "tinyint", new FieldType.Int(8, true)),
                row("integer", "bigint", new FieldType.Int(64, true)),
                row("integer", "INT UNSIGNED", new FieldType.Int(32, false)),
                row("integer", "uint16", new FieldType.Int(16, false)),
                row("integer", "STRING", new FieldType.Int(64, true)),
                row("integer", "NUMBER(10)", new FieldType.Int(64, true)),
                row("integer", "NUMBER(38)", new FieldType.Decimal(38, 0)),
                row("number", "", new FieldType.Floating(64)),
                row("number", "double precision", new FieldType.Floating(64)),
                row("number", "real", new FieldType.Floating(32)),
                row("number", "decimal(18, 2)", new FieldType.Decimal(18, 2)),
                row("number", "NUMERIC(38,38)", new FieldType.Decimal(38, 38)),
                row("number", "decimal(76,6)", new FieldType.Decimal(76, 6)),
                row("number", "NUMBER(10)", new FieldType.Decimal(10, 0)),
                row("number", "numeric", new FieldType.Floating(64)),
                row("number", "int4", new FieldType.Int(32, true)),
                row("string", "", new FieldType.Text()),
                row("string", "varchar[50]", new FieldType.Text()),
                row("string", "uuid", new FieldType.Uuid()),
                row("string", "BYTEA", new FieldType.Binary()),
                row("date", "", new FieldType.Date()),
                row("date", "timestamp", timestamp(Unit.MICROS, true)),
                row("date", "time", new FieldType.Time(Unit.MICROS)),
                row("timestamp", "", timestamp(Unit.MICROS, true)),
                row("timestamp", "TIMESTAMP(6) WITH TIME ZONE", timestamp(Unit.MICROS, true)),
                row("timestamp", "timestamp(3) without time zone", timestamp(Unit.MILLIS, false)),
                row("timestamp", "timestamp_ntz", timestamp(Unit.MICROS, false)),
                row("timestamp", "timestamp_ms", timestamp(Unit.MILLIS, true)),
                row("timestamp", "timestamp(9)", timestamp(Unit.NANOS, true)),
                row("timestamp", "epoch_millis", new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_MILLIS)),
                row("timestamp", "epoch_seconds", new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_SECONDS)),
                row("timestamp", "epoch_micros", new FieldType.Timestamp(Unit.MICROS, true, Encoding.EPOCH_MICROS)),
                row("timestamp", "epoch_nanos", new FieldType.Timestamp(Unit.NANOS, true, Encoding.EPOCH_NANOS)),
                row("date", "epoch_days", new FieldType.Date(Encoding.EPOCH_DAYS)),
                row("object", "uuid", new FieldType.Uuid()),
                row("time", "", new FieldType.Time(Unit.MICROS)),
                row("time", "time(3)", new FieldType.Time(Unit.MILLIS)));
    }

    @ParameterizedTest
    @MethodSource("table")
    void map_logicalAndPhysicalType_givesTheFieldType(String logical, String physical, FieldType expected) {
        String given = physical.isEmpty() ? "" : ", physicalType: '" + physical + "'";
        assertEquals(
                expected,
                ContractReaderTest.property("logicalType: " + logical + given).fieldType());
    }

    @Test
    void map_formats_narrowTheType() {
        assertEquals(new FieldType.Int(8, true), typed("integer", "format: i8"));
        assertEquals(new FieldType.Int(64, false), typed("integer", "format: u64"));
        assertEquals(new FieldType.Decimal(39, 0), typed("integer", "format: i128"));
        assertEquals(new FieldType.VectorOf(3, new FieldType.Floating(32)), typed("vector", "dimensions: 3"));
        assertEquals(
                new FieldType.VectorOf(65_536, new FieldType.Floating(64)),
                typed("vector", "dimensions: 65536, elementType: float64"));
        for (int bits : List.of(8, 16, 32, 64)) {
            assertEquals(new FieldType.Int(bits, false), typed("integer", "format: u" + bits));
        }
        assertEquals(new FieldType.Floating(32), typed("number", "format: f32"));
        assertEquals(new FieldType.Uuid(), typed("string", "format: uuid"));
        assertEquals(new FieldType.Decimal(10, 2), typed("number", "precision: 10, scale: 2"));
        assertEquals(new FieldType.Decimal(38, 4), typed("number", "scale: 4"));
        assertEquals(new FieldType.Decimal(30, 0), typed("integer", "precision: 30"));
        assertEquals(new FieldType.Int(64, true), typed("integer", "precision: 18"));
        assertEquals(
                new FieldType.Timestamp(Unit.MICROS, true, Encoding.ISO, java.time.ZoneId.of("Europe/Berlin")),
                typed("timestamp", "defaultTimezone: Europe/Berlin"));
        assertEquals(timestamp(Unit.MICROS, true), typed("timestamp", "defaultTimezone: Etc/UTC"));
        assertEquals(new FieldType.Binary(), typed("string", "format: byte"));
        assertEquals(timestamp(Unit.MICROS, false), typed("timestamp", "timezone: false"));
        assertEquals(timestamp(Unit.MICROS, true), typed("timestamp", "format: \"yyyy-MM-dd'T'HH:mm:ss.SSSXXX\""));
    }

    @Test
    void map_objectAndArray_nest() {
        FieldType type = ContractReaderTest.property("logicalType: array, items: {logicalType: object, required: true,"
                        + " properties: [{name: b, logicalType: string, required: true}, {name: c, logicalType:"
                        + " array, items: {logicalType: number}}]}")
                .fieldType();

        assertEquals(
                new FieldType.ListOf(new Field(
                        "item",
                        new FieldType.Struct(List.of(
                                new Field("b", new FieldType.Text(), true),
                                new Field(
                                        "c",
                                        new FieldType.ListOf(new Field("item", new FieldType.Floating(64), false)),
                                        false))),
                        true)),
                type);
    }

    @Test
    void map_enumMapAndVector_areTypesOfTheirOwn() {
        Property state = ContractReaderTest.property("logicalType: string, enum: [{value: a}, {value: b}]");
        assertEquals(new FieldType.OneOf(List.of("a", "b")), state.fieldType());
        assertEquals(List.of("a", "b"), state.rules().values());
        String many = IntStream.range(0, 4097).mapToObj(Integer::toString).collect(Collectors.joining(","));
        assertEquals(
                new FieldType.Text(),
                ContractReaderTest.property("logicalType: string, enum: [" + many + "]")
                        .fieldType());
        assertEquals(
                FieldType.OneOf.class,
                ContractReaderTest.property("logicalType: string, enum: [" + many.substring(2) + "]")
                        .fieldType()
                        .getClass());

        Property map = ContractReaderTest.property("logicalType: map, map: {key: {logicalType: integer, physicalType:"
                + " int}, value: {logicalType: array, required: true, items: {logicalType: string, enum: [x]}}}");
        assertEquals(
                new FieldType.MapOf(
                        new Field("key", new FieldType.Int(32, true), true),
                        new Field(
                                "value",
                                new FieldType.ListOf(new Field("item", new FieldType.OneOf(List.of("x")), false)),
                                true)),
                map.fieldType());
        assertEquals(
                List.of("key", "value"),
                map.properties().stream().map(Property::name).toList());

        Property vector = ContractReaderTest.property("logicalType: vector, logicalTypeOptions: {dimensions: 7}");
        assertEquals(7, vector.rules().minItems());
        assertEquals(7, vector.rules().maxItems());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "logicalType: number, physicalType: 'decimal(77,0)'",
                "logicalType: number, physicalType: 'decimal(0,0)'",
                "logicalType: number, physicalType: 'decimal(5,6)'",
                "logicalType: object",
                "logicalType: array",
                "logicalType: map",
                "logicalType: map, map: {key: {logicalType: string}}",
                "logicalType: map, map: {key: {logicalType: number}, value: {logicalType: string}}",
                "logicalType: map, map: {key: {logicalType: string}, value: {logicalType: object}}",
                "logicalType: vector",
                "logicalType: vector, logicalTypeOptions: {dimensions: 0}",
                "logicalType: vector, logicalTypeOptions: {dimensions: 65537}",
                "logicalType: date, logicalTypeOptions: {format: MM/dd/yyyy}",
                "logicalType: date, logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm'}",
                "logicalType: time, logicalTypeOptions: {format: 'yyyy-MM-dd'}",
                "logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Mars/Base}",
                "logicalType: timestamp, physicalType: epoch_minutes",
                "physicalType: geometry"
            })
    void map_whatCannotBeServed_isOneError(String property) {
        assertEquals(1, ContractReaderTest.errors("{name: a, " + property + "}").size());
    }

    private static FieldType typed(String logical, String options) {
        return ContractReaderTest.property("logicalType: " + logical + ", logicalTypeOptions: {" + options + "}")
                .fieldType();
    }

    private static FieldType timestamp(Unit unit, boolean zoned) {
        return new FieldType.Timestamp(unit, zoned, Encoding.ISO);
    }

    private static Arguments row(String logical, String physical, FieldType expected) {
        return Arguments.of(logical, physical, expected);
    }
}
