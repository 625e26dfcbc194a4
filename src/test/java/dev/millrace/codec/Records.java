package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.config.yaml.Place;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.LogicalType;
import dev.millrace.contract.Property;
import dev.millrace.contract.Rules;
import dev.millrace.contract.UnknownFields;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Columns and records for the tests and benchmarks of this room. */
final class Records {
    static final FieldType TEXT = new FieldType.Text();
    static final FieldType INT64 = new FieldType.Int(64, true);
    static final FieldType DOUBLE = new FieldType.Floating(64);
    static final FieldType MICROS = new FieldType.Timestamp(FieldType.Unit.MICROS, true, FieldType.Encoding.ISO);
    static final FieldType EPOCH =
            new FieldType.Timestamp(FieldType.Unit.MILLIS, true, FieldType.Encoding.EPOCH_MILLIS);

    private Records() {}

    static Property optional(String name, FieldType type) {
        return column(name, type, false, Rules.NONE, List.of(), Optional.empty());
    }

    static Property required(String name, FieldType type) {
        return column(name, type, true, Rules.NONE, List.of(), Optional.empty());
    }

    static Property ruled(String name, FieldType type, Rules rules) {
        return column(name, type, true, rules, List.of(), Optional.empty());
    }

    static Property struct(String name, boolean required, Property... fields) {
        var type =
                new FieldType.Struct(Arrays.stream(fields).map(Property::field).toList());
        return column(name, type, required, Rules.NONE, List.of(fields), Optional.empty());
    }

    static Property list(String name, Property item) {
        return list(name, item, Rules.NONE);
    }

    static Property list(String name, Property item, Rules rules) {
        return column(name, new FieldType.ListOf(item.field()), false, rules, List.of(), Optional.of(item));
    }

    static Property map(String name, boolean required, Property key, Property value) {
        var type = new FieldType.MapOf(new FieldType.Field("key", key.fieldType(), true), value.field());
        return column(name, type, required, Rules.NONE, List.of(key, value), Optional.empty());
    }

    static Property vector(String name, int size, int bits) {
        var type = new FieldType.VectorOf(size, new FieldType.Floating(bits));
        return column(name, type, false, items(size, size), List.of(), Optional.of(required("item", type.element())));
    }

    private static Rules items(int min, int max) {
        Rules none = Rules.NONE;
        return new Rules(
                0,
                Integer.MAX_VALUE,
                none.pattern(),
                "",
                none.minimum(),
                none.maximum(),
                none.exclusiveMinimum(),
                none.exclusiveMaximum(),
                none.multipleOf(),
                min,
                max,
                false,
                List.of(),
                Optional.empty());
    }

    static Property column(
            String name,
            FieldType type,
            boolean required,
            Rules rules,
            List<Property> properties,
            Optional<Property> items) {
        return new Property(
                new Place("test", 1, 1),
                name,
                name,
                LogicalType.STRING,
                "",
                required,
                false,
                0,
                false,
                "",
                "",
                type,
                rules,
                properties,
                items,
                List.of(),
                Map.of());
    }

    static Rules length(int min, int max) {
        return rules(min, max, null, null, null, null, List.of());
    }

    static Rules pattern(String pattern) {
        return rules(0, Integer.MAX_VALUE, pattern, null, null, null, List.of());
    }

    static Rules range(String min, String max) {
        return rules(0, Integer.MAX_VALUE, null, min, max, null, List.of());
    }

    static Rules multiple(String of) {
        return rules(0, Integer.MAX_VALUE, null, null, null, of, List.of());
    }

    static Rules values(String... values) {
        return rules(0, Integer.MAX_VALUE, null, null, null, null, List.of(values));
    }

    private static Rules rules(
            int minLength,
            int maxLength,
            @Nullable String pattern,
            @Nullable String min,
            @Nullable String max,
            @Nullable String multipleOf,
            List<String> values) {
        return new Rules(
                minLength,
                maxLength,
                Optional.ofNullable(pattern),
                "",
                Optional.ofNullable(min).map(BigDecimal::new),
                Optional.ofNullable(max).map(BigDecimal::new),
                Optional.empty(),
                Optional.empty(),
                Optional.ofNullable(multipleOf).map(BigDecimal::new),
                0,
                Integer.MAX_VALUE,
                false,
                values,
                Optional.empty());
    }

    static Layout layout(List<Property> columns) {
        return Layout.of(ArrowSchemas.of(columns));
    }

    static JsonDecoder decoder(List<Property> columns, BatchWriter writer) {
        return JsonDecoder.of(
                columns, List.of(columns.getFirst().name()), UnknownFields.IGNORE, writer, JsonLimits.DEFAULT);
    }

    static List<Property> orders(boolean ruled) {
        return List.of(
                ruled("orderId", TEXT, ruled ? length(1, 40) : Rules.NONE),
                ruled("customerId", INT64, ruled ? range("1", "99999999") : Rules.NONE),
                ruled("amount", DOUBLE, ruled ? range("0", "1000000") : Rules.NONE),
                ruled("currency", TEXT, ruled ? values("EUR", "USD", "GBP", "CHF", "JPY") : Rules.NONE),
                ruled("placedAt", MICROS, Rules.NONE),
                ruled("state", TEXT, ruled ? pattern("^[a-z]{1,9}$") : Rules.NONE));
    }

    static byte[][] orderJson(int count) {
        var random = new Random(42);
        String[] currencies = {"EUR", "USD", "GBP", "CHF", "JPY"};
        String[] states = {"new", "paid", "shipped", "returned"};
        return IntStream.range(0, count)
                .mapToObj(i -> ("{\"orderId\":\"o-%07d\",\"customerId\":%d,\"amount\":%d.%02d,\"currency\":\"%s\","
                                + "\"placedAt\":\"2026-%02d-%02dT%02d:%02d:%02dZ\",\"state\":\"%s\"}")
                        .formatted(
                                random.nextInt(10_000_000),
                                10_000 + random.nextInt(90_000),
                                random.nextInt(2000),
                                random.nextInt(100),
                                currencies[random.nextInt(5)],
                                1 + random.nextInt(12),
                                1 + random.nextInt(28),
                                random.nextInt(24),
                                random.nextInt(60),
                                random.nextInt(60),
                                states[random.nextInt(4)])
                        .getBytes(UTF_8))
                .toArray(byte[][]::new);
    }

    static List<Property> earthquakes() {
        List<Property> properties = new ArrayList<>();
        properties.add(optional("mag", DOUBLE));
        properties.add(optional("place", TEXT));
        properties.add(required("time", EPOCH));
        properties.add(required("updated", EPOCH));
        properties.add(optional("tz", new FieldType.Int(32, true)));
        for (String name : List.of("url", "detail")) {
            properties.add(required(name, TEXT));
        }
        properties.add(optional("felt", new FieldType.Int(32, true)));
        properties.add(optional("cdi", DOUBLE));
        properties.add(optional("mmi", DOUBLE));
        properties.add(optional("alert", TEXT));
        properties.add(required("status", TEXT));
        properties.add(required("tsunami", new FieldType.Int(8, true)));
        properties.add(required("sig", new FieldType.Int(32, true)));
        for (String name : List.of("net", "code", "ids", "sources", "types")) {
            properties.add(required(name, TEXT));
        }
        properties.add(optional("nst", new FieldType.Int(32, true)));
        for (String name : List.of("dmin", "rms", "gap")) {
            properties.add(optional(name, DOUBLE));
        }
        for (String name : List.of("magType", "type", "title")) {
            properties.add(required(name, TEXT));
        }
        return List.of(
                required("type", TEXT),
                struct("properties", true, properties.toArray(Property[]::new)),
                struct("geometry", false, required("type", TEXT), list("coordinates", required("item", DOUBLE))),
                required("id", TEXT));
    }

    static byte[][] earthquakeJson(int limit) {
        var mapper = new ObjectMapper();
        try (InputStream source = Records.class.getResourceAsStream("/demo/data/earthquakes.json")) {
            List<byte[]> found = new ArrayList<>();
            for (JsonNode feature : mapper.readTree(source).get("features")) {
                if (found.size() < limit) {
                    found.add(mapper.writeValueAsBytes(feature));
                }
            }
            return found.toArray(byte[][]::new);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
