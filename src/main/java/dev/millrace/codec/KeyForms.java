package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a key without a schema may be beside the plain text of its only column: a JSON object with the key's columns, a JSON
 * string or number, either of them also as Kafka Connect wraps it, {@code {"schema":…,"payload":…}}, and the 4 or 8 bytes
 * of Kafka's serializers of integers.
 */
final class KeyForms {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    /** Bytes to be read as the object with the key's columns, or as the plain text of the only one. */
    record Form(byte[] bytes, boolean isObject) {}

    private KeyForms() {}

    /** Whether the key may be JSON, which is then looked for first. */
    static boolean mayBeJson(byte[] key) {
        return key.length > 0 && (key[0] == '{' || key[0] == '"');
    }

    /** What the key is as JSON; empty when it is none, or nothing that can be a key. */
    static Optional<Form> json(byte[] key) {
        try (JsonParser parser = JSON.createParser(key)) {
            Optional<Form> form = parser.nextToken() == JsonToken.START_OBJECT
                    ? object(key, parser)
                    : scalar(parser.currentToken(), parser);
            return parser.nextToken() == null ? form : Optional.empty();
        } catch (IOException noJson) {
            return Optional.empty();
        }
    }

    private static Optional<Form> object(byte[] key, JsonParser parser) throws IOException {
        Optional<Form> payload = Optional.empty();
        boolean schema = false;
        int fields = 0;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            fields++;
            schema |= name.equals("schema");
            if (name.equals("payload")) {
                int from = (int) parser.currentTokenLocation().getByteOffset();
                payload = token.isScalarValue() ? scalar(token, parser) : Optional.empty();
                parser.skipChildren();
                if (token == JsonToken.START_OBJECT) {
                    int to = (int) parser.currentLocation().getByteOffset();
                    payload = Optional.of(new Form(Arrays.copyOfRange(key, from, to), true));
                }
            } else {
                parser.skipChildren();
            }
        }
        return schema && fields == 2 && payload.isPresent() ? payload : Optional.of(new Form(key, true));
    }

    private static Optional<Form> scalar(JsonToken token, JsonParser parser) throws IOException {
        return switch (token) {
            case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE ->
                Optional.of(new Form(parser.getText().getBytes(UTF_8), false));
            default -> Optional.empty();
        };
    }

    /**
     * The number that Kafka's serializers of integers wrote. Eight bytes that all are printable are no number that anybody
     * counted to, but a text that somebody wrote; so are the four of {@code null}.
     */
    static Optional<Form> integer(byte[] key) {
        boolean printable = true;
        for (byte c : key) {
            printable &= c >= ' ' && c <= '~';
        }
        boolean text = printable && (key.length == 8 || Arrays.equals(key, "null".getBytes(UTF_8)));
        if (text || (key.length != 4 && key.length != 8)) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.wrap(key);
        long value = key.length == 4 ? bytes.getInt() : bytes.getLong();
        return Optional.of(new Form(Long.toString(value).getBytes(UTF_8), false));
    }
}
