package dev.millrace.codec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;

/** Random records of columns of every type, fields in any order, and random damage to their bytes. */
final class RandomRecords {
    static final List<Property> COLUMNS = List.of(
            Records.required("id", Records.TEXT),
            Records.optional("flag", new FieldType.Bool()),
            Records.optional("i8", new FieldType.Int(8, true)),
            Records.optional("u16", new FieldType.Int(16, false)),
            Records.optional("i32", new FieldType.Int(32, true)),
            Records.optional("i64", Records.INT64),
            Records.optional("u64", new FieldType.Int(64, false)),
            Records.optional("float", new FieldType.Floating(32)),
            Records.optional("double", Records.DOUBLE),
            Records.optional("money", new FieldType.Decimal(12, 2)),
            Records.optional("wide", new FieldType.Decimal(38, 10)),
            Records.optional("day", new FieldType.Date()),
            Records.optional("clock", new FieldType.Time(FieldType.Unit.MILLIS)),
            Records.optional("instant", Records.MICROS),
            Records.optional("local", new FieldType.Timestamp(FieldType.Unit.NANOS, false, FieldType.Encoding.ISO)),
            Records.optional("raw", new FieldType.Binary()),
            Records.optional("uuid", new FieldType.Uuid()),
            Records.optional("huge", new FieldType.Decimal(76, 20)),
            Records.optional("state", new FieldType.OneOf(List.of("new", "paid", "México", "a \"quoted\" one"))),
            Records.vector("embedding", 3, 32),
            Records.map(
                    "labels", false, Records.required("key", Records.TEXT), Records.optional("value", Records.TEXT)),
            Records.map(
                    "byNumber",
                    false,
                    Records.required("key", new FieldType.Int(16, true)),
                    Records.required("value", Records.DOUBLE)),
            Records.struct(
                    "place",
                    false,
                    Records.required("näme", Records.TEXT),
                    Records.optional("a rather long name of a field", Records.DOUBLE),
                    Records.list(
                            "points",
                            Records.struct(
                                    "item",
                                    false,
                                    Records.optional("x", Records.DOUBLE),
                                    Records.list("tags", Records.optional("item", Records.TEXT))))));

    private static final String SYMBOLS = "{}[]\",:\\ -+.0123456789eEtrufalsn/bT\u0000\n\u00e9";

    private RandomRecords() {}

    static JsonNode record(Random random) {
        return object(COLUMNS, random);
    }

    /** Columns of any types, nested at most so deep. */
    static List<Property> columns(Random random, int depth) {
        List<Property> columns = new ArrayList<>();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            columns.add(column(random.nextInt(4) == 0 ? "a name of mönths " + i : "c" + i, random, depth));
        }
        return columns;
    }

    private static Property column(String name, Random random, int depth) {
        boolean required = random.nextInt(3) == 0;
        int kind = random.nextInt(depth == 0 ? 12 : 18);
        FieldType.Unit unit = FieldType.Unit.values()[random.nextInt(3)];
        FieldType type = switch (kind) {
            case 0 -> new FieldType.Bool();
            case 1 -> new FieldType.Int(8 << random.nextInt(4), random.nextBoolean());
            case 2 -> new FieldType.Floating(32 << random.nextInt(2));
            case 3 -> {
                int precision = 1 + random.nextInt(FieldType.Decimal.MAX_PRECISION);
                yield new FieldType.Decimal(precision, random.nextInt(precision + 1));
            }
            case 4 -> oneOf(random);
            case 5 -> new FieldType.Binary();
            case 6 -> new FieldType.Date();
            case 7 -> new FieldType.Time(unit);
            case 8 -> new FieldType.Timestamp(unit, random.nextBoolean(), FieldType.Encoding.ISO);
            case 9 -> new FieldType.Uuid();
            default -> Records.TEXT;
        };
        return switch (kind) {
            case 11 -> Records.vector(name, 1 + random.nextInt(9), 32 << random.nextInt(2));
            case 12, 13 ->
                Records.struct(name, required, columns(random, depth - 1).toArray(Property[]::new));
            case 14, 15 -> Records.list(name, column("item", random, depth - 1));
            case 16, 17 -> {
                FieldType key = switch (random.nextInt(4)) {
                    case 0 -> new FieldType.Int(8 << random.nextInt(4), random.nextBoolean());
                    case 1 -> oneOf(random);
                    case 2 -> new FieldType.Uuid();
                    default -> Records.TEXT;
                };
                yield Records.map(name, required, Records.required("key", key), column("value", random, depth - 1));
            }
            default -> required ? Records.required(name, type) : Records.optional(name, type);
        };
    }

    private static FieldType oneOf(Random random) {
        int count = random.nextInt(5) == 0 ? 127 + random.nextInt(4) : 1 + random.nextInt(5);
        return new FieldType.OneOf(IntStream.range(0, count)
                .mapToObj(i -> i % 3 == 0 ? "v" + i : i + text(random).replaceAll("[\\x{10000}-\\x{10FFFF}]", "€"))
                .toList());
    }

    static ObjectNode object(List<Property> columns, Random random) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        List<Property> order = new ArrayList<>(columns);
        if (random.nextInt(4) == 0) {
            Collections.shuffle(order, random);
        }
        for (Property column : order) {
            int choice = random.nextInt(8);
            if (choice > 1 || column.required()) {
                node.set(column.name(), value(column, random));
            } else if (choice == 0) {
                node.putNull(column.name());
            }
        }
        if (random.nextInt(5) == 0) {
            node.set("unknown" + random.nextInt(3), object(columns.subList(0, 1), random));
        }
        return node;
    }

    private static JsonNode value(Property column, Random random) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return switch (column.fieldType()) {
            case FieldType.Bool ignored -> nodes.booleanNode(random.nextBoolean());
            case FieldType.Int integer -> {
                BigInteger any = new BigInteger(1 + random.nextInt(integer.bits()), random);
                yield nodes.numberNode(
                        integer.signed() ? any.shiftRight(1).multiply(BigInteger.valueOf(sign(random))) : any);
            }
            case FieldType.Floating floating ->
                floating.bits() == 32
                        ? nodes.numberNode(random.nextBoolean() ? random.nextInt(100_000) / 100f : random.nextFloat())
                        : nodes.numberNode(
                                random.nextBoolean() ? random.nextInt(100_000) / 100d : random.nextGaussian());
            case FieldType.Decimal decimal -> {
                int digits = 1 + random.nextInt(decimal.precision());
                BigInteger most = BigInteger.TEN.pow(digits).subtract(BigInteger.ONE);
                BigInteger unscaled = (random.nextInt(4) == 0 ? most : new BigInteger(digits * 3, random))
                        .multiply(BigInteger.valueOf(sign(random)));
                yield nodes.numberNode(new BigDecimal(unscaled, decimal.scale()));
            }
            case FieldType.Text ignored -> nodes.textNode(text(random));
            case FieldType.OneOf(var values) -> nodes.textNode(values.get(random.nextInt(values.size())));
            case FieldType.Binary ignored -> {
                byte[] bytes = new byte[random.nextInt(10)];
                random.nextBytes(bytes);
                yield nodes.textNode(Base64.getEncoder().encodeToString(bytes));
            }
            case FieldType.Date ignored ->
                nodes.textNode(LocalDate.ofEpochDay(random.nextInt(-700_000, 2_900_000))
                        .toString());
            case FieldType.Time time ->
                nodes.textNode(LocalTime.ofSecondOfDay(random.nextInt(86_400))
                        .plusNanos(fraction(time.unit(), random))
                        .toString());
            case FieldType.Timestamp timestamp -> {
                long nanos = fraction(timestamp.unit(), random);
                Instant instant = Instant.ofEpochSecond(random.nextInt(), random.nextBoolean() ? nanos : 0);
                yield nodes.textNode(
                        timestamp.zoned()
                                ? instant.toString()
                                : instant.atOffset(ZoneOffset.UTC)
                                        .toLocalDateTime()
                                        .toString());
            }
            case FieldType.Uuid ignored -> nodes.textNode(new UUID(random.nextLong(), random.nextLong()).toString());
            case FieldType.Struct ignored -> object(column.properties(), random);
            case FieldType.ListOf ignored -> {
                ArrayNode array = nodes.arrayNode();
                Property item = column.items().orElseThrow();
                for (int i = random.nextInt(4); i > 0; i--) {
                    array.add(item(item, random));
                }
                yield array;
            }
            case FieldType.VectorOf vector -> {
                ArrayNode array = nodes.arrayNode();
                for (int i = 0; i < vector.size(); i++) {
                    array.add(value(column.items().orElseThrow(), random));
                }
                yield array;
            }
            case FieldType.MapOf ignored -> {
                ObjectNode map = nodes.objectNode();
                for (int i = random.nextInt(4); i > 0; i--) {
                    // Jackson escapes characters beyond 16 bits, and does not read them when they are in a name.
                    map.set(
                            value(column.properties().getFirst(), random)
                                    .asText()
                                    .replaceAll("[\\x{10000}-\\x{10FFFF}]", "€"),
                            item(column.properties().getLast(), random));
                }
                yield map;
            }
        };
    }

    private static JsonNode item(Property item, Random random) {
        return !item.required() && random.nextInt(6) == 0 ? JsonNodeFactory.instance.nullNode() : value(item, random);
    }

    private static long fraction(FieldType.Unit unit, Random random) {
        return random.nextBoolean() ? 0 : random.nextInt(unit.perSecond()) * (1_000_000_000L / unit.perSecond());
    }

    private static int sign(Random random) {
        return random.nextBoolean() ? 1 : -1;
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(random.nextBoolean() ? 8 : 40); i > 0; i--) {
            int codePoint = switch (random.nextInt(12)) {
                case 0 -> random.nextInt(0x20);
                case 1 -> "\"\\/".charAt(random.nextInt(3));
                case 2 -> random.nextInt(0x80, 0xD800);
                case 3 -> random.nextInt(0x10000, 0x110000);
                default -> random.nextInt(0x20, 0x7F);
            };
            text.appendCodePoint(codePoint);
        }
        return text.toString();
    }

    /** One to three changes: a byte replaced, inserted, removed, or a run doubled or cut. */
    static byte[] mutate(byte[] json, Random random) {
        byte[] bytes = json;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - at, 1 + random.nextInt(12));
            var out = new ByteArrayOutputStream();
            out.write(bytes, 0, at);
            switch (random.nextInt(6)) {
                case 0 -> out.write(random.nextInt(256));
                case 1 -> out.write(SYMBOLS.charAt(random.nextInt(SYMBOLS.length())));
                case 2 -> {
                    out.write(SYMBOLS.charAt(random.nextInt(SYMBOLS.length())));
                    out.write(bytes, at, 1);
                }
                case 3 -> {
                    out.write(bytes, at, length);
                    out.write(bytes, at, length);
                    at += length - 1;
                }
                case 4 -> at += length - 1;
                default -> {
                    out.write(' ');
                    out.write(bytes, at, 1);
                }
            }
            out.write(bytes, at + 1, bytes.length - at - 1);
            bytes = out.size() == 0 ? bytes : out.toByteArray();
        }
        return bytes;
    }

    /** Makes a list or map of every one that is null or missing in a record, and takes the nulls out of the others. */
    static void withLists(JsonNode record, List<Property> columns) {
        for (Property column : columns) {
            JsonNode value = record.path(column.name());
            if (column.fieldType() instanceof FieldType.ListOf) {
                ArrayNode items = JsonNodeFactory.instance.arrayNode();
                Property item = column.items().orElseThrow();
                value.forEach(one -> {
                    if (!one.isNull()) {
                        items.add(one);
                        withLists(one, item.properties());
                    }
                });
                ((ObjectNode) record).set(column.name(), items);
            } else if (column.fieldType() instanceof FieldType.MapOf) {
                ObjectNode entries = JsonNodeFactory.instance.objectNode();
                value.properties().forEach(one -> {
                    if (!one.getValue().isNull()) {
                        entries.set(one.getKey(), one.getValue());
                    }
                });
                ((ObjectNode) record).set(column.name(), entries);
            } else if (value.isObject()) {
                withLists(value, column.properties());
            }
        }
    }

    /** One to three changes to binary data behind its header: bits flipped, bytes replaced, removed, doubled, cut off. */
    static byte[] damage(byte[] good, int header, Random random) {
        byte[] bytes = good.clone();
        for (int i = 1 + random.nextInt(3); i > 0 && bytes.length > header; i--) {
            int at = random.nextInt(header, bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes[at] = (byte) (random.nextBoolean() ? 0xFF : 0x7F);
                case 3 -> bytes = java.util.Arrays.copyOf(bytes, at);
                case 4 -> {
                    byte[] longer = new byte[bytes.length + 1];
                    System.arraycopy(bytes, 0, longer, 0, at);
                    System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
                    bytes = longer;
                }
                default -> {
                    int length = Math.min(8, bytes.length - at);
                    java.util.Arrays.fill(bytes, at, at + length, (byte) (random.nextBoolean() ? 0xFF : 0x80));
                }
            }
        }
        return bytes;
    }
}
