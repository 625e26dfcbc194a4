package dev.millrace.config.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A part of a YAML document with its place. Immutable. An alias gives the very node of its anchor, so a node's place is
 * where it is written, not where it is used.
 */
public sealed interface Node {
    /** Where the node begins. */
    Place place();

    /**
     * A single value.
     *
     * @param text the value as written, without quotes and with escapes resolved
     * @param kind what YAML 1.2's core schema takes the value for
     */
    record Scalar(Place place, String text, Kind kind) implements Node {}

    /** What a scalar is in YAML 1.2's core schema: {@code yes} is a string there, {@code 0x1F} an integer. */
    enum Kind {
        STRING,
        INTEGER,
        NUMBER,
        BOOLEAN,
        NULL
    }

    /** A list of nodes. */
    record Sequence(Place place, List<Node> items) implements Node {
        public Sequence {
            items = List.copyOf(items);
        }
    }

    /** Named nodes in the order in which they are written. */
    record Mapping(Place place, Map<String, Entry> entries) implements Node {
        public Mapping {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        /** The node of that name; empty where there is none. */
        public Optional<Node> value(String name) {
            return Optional.ofNullable(entries.get(name)).map(Entry::value);
        }
    }

    /** A name's place and its value. */
    record Entry(Place key, Node value) {}
}
