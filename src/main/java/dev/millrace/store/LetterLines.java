package dev.millrace.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/** Dead letters as JSON, a line each. */
final class LetterLines {
    private static final ObjectMapper JSON = new ObjectMapper();

    private LetterLines() {}

    static byte[] toBytes(List<DeadLetter> letters) {
        var out = new ByteArrayOutputStream();
        try {
            for (DeadLetter letter : letters) {
                out.writeBytes(JSON.writeValueAsBytes(letter));
                out.write('\n');
            }
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
        return out.toByteArray();
    }

    static List<DeadLetter> parse(byte[] lines) throws IOException {
        try (MappingIterator<DeadLetter> letters =
                JSON.readerFor(DeadLetter.class).readValues(lines)) {
            return letters.readAll();
        }
    }
}
