package dev.millrace.codec;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What the records of a writing request can be. */
public enum BodyForm {
    /** One object, or an array of objects. */
    JSON("application/json"),
    /** An object a line. */
    NDJSON("application/x-ndjson", "application/jsonl"),
    /** An Avro object container file. */
    AVRO("application/avro", "avro/binary"),
    /** An Arrow IPC stream, each row a record. */
    ARROW("application/vnd.apache.arrow.stream");

    private final List<String> mediaTypes;

    BodyForm(String... mediaTypes) {
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
