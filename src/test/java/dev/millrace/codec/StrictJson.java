package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** What a record is by Jackson, the JDK and the types alone: the judge of the decoder's properties. */
final class StrictJson {
    private static final ObjectMapper MAPPER = mapper();
    private static final Pattern DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\d");
    private static final Pattern TIME = Pattern.compile("(\\d\\d:\\d\\d)(?:(:\\d\\d)(?:\\.(\\d{1,9}))?)?");
    private static final Pattern OFFSET = Pattern.compile("[Zz]|([+-])(\\d\\d)(?::?(\\d\\d))?");
    private static final Pattern TIMESTAMP = Pattern.compile("(" + DATE + ")[Tt ](" + TIME + ")(" + OFFSET + ")?");

    private StrictJson() {}

    static ObjectMapper mapper() {
        return JsonMapper.builder()
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .enable(DeserializationFeature.USE_BIG_INTEGER_FOR_INTS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .build();
    }

    /** The tree of a record that is an object in strict JSON. */
    static Optional<JsonNode> read(byte[] json) {
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
            if (text.indexOf(0) >= 0 || text.startsWith("\uFEFF")) {
                // Jackson would take the bytes for UTF-16 or pass over the mark.
                return Optional.empty();
            }
            // From the bytes: of characters, Jackson's reader looks at eight bits only where it wants a hexadecimal
            // digit.
            return Optional.of(MAPPER.readTree(json)).filter(tree -> tree.isObject() && hasWholeCharacters(tree));
        } catch (CharacterCodingException | JsonProcessingException notJson) {
            return Optional.empty();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static boolean hasWholeCharacters(JsonNode node) {
        if (node.isTextual()) {
            return isWhole(node.textValue());
        }
        boolean names = true;
        for (var names0 = node.fieldNames(); names0.hasNext(); ) {
            names &= isWhole(names0.next());
        }
        return names && StreamSupport.stream(node.spliterator(), false).allMatch(StrictJson::hasWholeCharacters);
    }

    private static boolean isWhole(String text) {
        return UTF_8.newEncoder().canEncode(text);
    }

    /** Whether an object has the columns' types. */
    static boolean fits(JsonNode object, List<Property> columns) {
        return object.isObject()
                && columns.stream().allMatch(column -> {
                    JsonNode value = object.get(column.name());
                    return value == null ? !column.required() : fits(value, column);
                });
    }

    private static boolean fits(JsonNode value, Property column) {
        if (value.isNull()) {
            return !column.required();
        }
        return switch (column.fieldType()) {
            case FieldType.Bool ignored -> value.isBoolean();
            case FieldType.Int integer -> value.isNumber() && whole(value.decimalValue(), integer);
            case FieldType.Floating floating ->
                value.isNumber()
                        && (floating.bits() == 32
                                ? Float.isFinite(value.decimalValue().floatValue())
                                : Double.isFinite(value.decimalValue().doubleValue()));
            case FieldType.Decimal decimal -> value.isNumber() && decimal(value.decimalValue(), decimal);
            case FieldType.Text ignored -> value.isTextual();
            case FieldType.OneOf(var values) -> value.isTextual() && values.contains(value.textValue());
            case FieldType.Uuid ignored ->
                value.isTextual()
                        && value.textValue()
                                .toLowerCase(Locale.ROOT)
                                .matches("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
            case FieldType.Binary ignored -> value.isTextual() && base64(value.textValue());
            case FieldType.Date ignored -> value.isTextual() && date(value.textValue());
            case FieldType.Time time -> value.isTextual() && time(value.textValue(), time.unit());
            case FieldType.Timestamp timestamp -> value.isTextual() && timestamp(value.textValue(), timestamp);
            case FieldType.Struct ignored -> fits(value, column.properties());
            case FieldType.ListOf ignored ->
                value.isArray()
                        && StreamSupport.stream(value.spliterator(), false)
                                .allMatch(item -> fits(item, column.items().orElseThrow()));
            case FieldType.VectorOf vector ->
                value.isArray()
                        && value.size() == vector.size()
                        && StreamSupport.stream(value.spliterator(), false)
                                .allMatch(item -> fits(item, column.items().orElseThrow()));
            case FieldType.MapOf ignored ->
                value.isObject()
                        && value.propertyStream()
                                .allMatch(entry -> isKey(
                                                entry.getKey(),
                                                column.properties().getFirst().fieldType())
                                        && fits(
                                                entry.getValue(),
                                                column.properties().getLast()));
        };
    }

    private static boolean isKey(String name, FieldType type) {
        return switch (type) {
            case FieldType.Int integer -> name.matches("0|-?[1-9]\\d{0,24}") && whole(new BigDecimal(name), integer);
            case FieldType.OneOf(var values) -> values.contains(name);
            default -> true;
        };
    }

    private static boolean whole(BigDecimal value, FieldType.Int type) {
        BigDecimal plain = value.stripTrailingZeros();
        if (plain.scale() > 0 || plain.precision() - plain.scale() > 25) {
            return false;
        }
        BigInteger integer = plain.toBigIntegerExact();
        return type.signed()
                ? integer.bitLength() < type.bits()
                : integer.signum() >= 0 && integer.bitLength() <= type.bits();
    }

    private static boolean decimal(BigDecimal value, FieldType.Decimal type) {
        BigDecimal plain = value.stripTrailingZeros();
        return plain.scale() <= type.scale() && plain.precision() - plain.scale() <= type.precision() - type.scale();
    }

    private static boolean base64(String text) {
        try {
            return Base64.getEncoder()
                    .encodeToString(Base64.getDecoder().decode(text))
                    .equals(text);
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    private static boolean date(String text) {
        try {
            return DATE.matcher(text).matches() && LocalDate.parse(text).getYear() >= 0;
        } catch (DateTimeException notADate) {
            return false;
        }
    }

    /** A comma for a point, and a space before an offset, mean the same. */
    private static String plain(String text) {
        return text.replaceFirst("(:\\d\\d),(\\d)", "$1.$2").replaceFirst(" (?=Z$|[+-]\\d\\d(:?\\d\\d)?$)", "");
    }

    private static boolean time(String given, FieldType.Unit unit) {
        String text = plain(given);
        Matcher matcher = TIME.matcher(text);
        try {
            return matcher.matches() && LocalTime.parse(text).getNano() % (1_000_000_000 / unit.perSecond()) == 0;
        } catch (DateTimeException notATime) {
            return false;
        }
    }

    private static boolean timestamp(String given, FieldType.Timestamp type) {
        Matcher matcher = TIMESTAMP.matcher(plain(given));
        if (!matcher.matches() || matcher.group(6) != null && !type.zoned()) {
            return false;
        }
        if (!date(matcher.group(1)) || !time(matcher.group(2), type.unit())) {
            return false;
        }
        LocalDateTime local = LocalDateTime.parse(matcher.group(1) + "T" + matcher.group(2));
        if (matcher.group(7) != null) {
            int hours = Integer.parseInt(matcher.group(8));
            int minutes = matcher.group(9) == null ? 0 : Integer.parseInt(matcher.group(9));
            if (hours > 18 || minutes > 59) {
                return false;
            }
            Duration offset = Duration.ofHours(hours).plusMinutes(minutes);
            local = matcher.group(7).equals("-") ? local.plus(offset) : local.minus(offset);
        }
        boolean nanos = type.unit() == FieldType.Unit.NANOS;
        return nanos ? fitsNanos(local) : local.getYear() >= 0 && local.getYear() <= 9999;
    }

    private static boolean fitsNanos(LocalDateTime local) {
        BigInteger nanos = BigInteger.valueOf(local.toEpochSecond(ZoneOffset.UTC))
                .multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(local.getNano()));
        return nanos.bitLength() < 64;
    }

    /** One text for all trees that mean the same under these columns. */
    static String normal(JsonNode object, List<Property> columns) {
        Map<String, String> fields = new TreeMap<>();
        for (Property column : columns) {
            JsonNode value = object.get(column.name());
            fields.put(column.name(), value == null || value.isNull() ? "null" : normal(value, column));
        }
        return fields.toString();
    }

    private static String normal(JsonNode value, Property column) {
        if (value.isNull()) {
            return "null";
        }
        return switch (column.fieldType()) {
            case FieldType.Int ignored -> value.decimalValue().toBigInteger().toString();
            case FieldType.Floating floating ->
                floating.bits() == 32
                        ? Float.toString(value.decimalValue().floatValue() + 0f)
                        : Double.toString(value.decimalValue().doubleValue() + 0d);
            case FieldType.Decimal decimal ->
                value.decimalValue().setScale(decimal.scale()).toPlainString();
            case FieldType.Time ignored ->
                LocalTime.parse(plain(value.textValue())).toString();
            case FieldType.Timestamp ignored -> instant(value.textValue()).toString();
            case FieldType.Struct ignored -> normal(value, column.properties());
            case FieldType.ListOf _, FieldType.VectorOf _ ->
                StreamSupport.stream(value.spliterator(), false)
                        .map(item -> normal(item, column.items().orElseThrow()))
                        .toList()
                        .toString();
            case FieldType.Bool ignored -> value.asText();
            case FieldType.MapOf ignored -> {
                Map<String, String> entries = new TreeMap<>();
                value.propertyStream()
                        .forEach(entry -> entries.put(
                                entry.getKey(),
                                normal(entry.getValue(), column.properties().getLast())));
                yield entries.toString();
            }
            case FieldType.Text _, FieldType.OneOf _ -> value.textValue();
            case FieldType.Uuid ignored -> value.textValue();
            case FieldType.Binary ignored -> value.textValue();
            case FieldType.Date ignored -> value.textValue();
        };
    }

    private static LocalDateTime instant(String text) {
        Matcher matcher = TIMESTAMP.matcher(plain(text));
        if (!matcher.matches()) {
            throw new AssertionError(text);
        }
        LocalDateTime local = LocalDateTime.parse(matcher.group(1) + "T" + matcher.group(2));
        if (matcher.group(7) == null) {
            return local;
        }
        Duration offset = Duration.ofHours(Long.parseLong(matcher.group(8)))
                .plusMinutes(matcher.group(9) == null ? 0 : Long.parseLong(matcher.group(9)));
        return matcher.group(7).equals("-") ? local.plus(offset) : local.minus(offset);
    }
}
