package dev.millrace.codec;

import java.util.List;

/** Where the writers' schemas of records are found by the ids that the records carry. Never blocks; any ingest thread. */
public interface SchemaSource {
    /** What is known of an id. */
    sealed interface Answer {}

    /**
     * The schema.
     *
     * @param type {@code AVRO} or {@code PROTOBUF}
     * @param text JSON of Avro; base64 of a serialized file descriptor of Protobuf
     * @param imports what it refers to, each before those that refer to it
     */
    record Known(String type, String text, List<Import> imports) implements Answer {
        public Known {
            imports = List.copyOf(imports);
        }
    }

    /** A text that a schema refers to by a name. */
    record Import(String name, String text) {}

    /** It has been asked for and has not come yet. */
    record Pending() implements Answer {}

    /** It cannot be had. */
    record Missing(String reason) implements Answer {}

    /** What is known now; the first call for an id begins to ask for it. */
    Answer find(int id);
}
