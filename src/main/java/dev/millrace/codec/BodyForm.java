package dev.millrace.codec;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the records of a writing request can be. */
public enum BodyForm {
    /** One object, or an array of objects. */
    JSON("a JSON object, or an array of such, in UTF-8.", "application/json"),
    /** An object a line. */
    NDJSON("a JSON object a line, in UTF-8.", "application/x-ndjson", "application/jsonl"),
    /** An Avro object container file. */
    AVRO("an Avro object container file without compression.", "application/avro", "avro/binary"),
    /** An Arrow IPC stream, each row a record. */
    ARROW("an Arrow IPC stream without compression.", "application/vnd.apache.arrow.stream");

    /** What a body should be. */
    final String expected;

    private final List<String> mediaTypes;

    BodyForm(String expected, String... mediaTypes) {
        this.expected = expected;
        this.mediaTypes = List.of(mediaTypes);
    }

    /** The media types that name it. */
    public List<String> mediaTypes() {
        return mediaTypes;
    }

    /** The form that a media type, in lower case and without parameters, names. */
    public static Optional<BodyForm> of(String mediaType) {
        return Stream.of(values())
                .filter(form -> form.mediaTypes.contains(mediaType))
                .findFirst();
    }
}
