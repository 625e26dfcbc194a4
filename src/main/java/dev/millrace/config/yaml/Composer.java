package dev.millrace.config.yaml;

import dev.millrace.config.yaml.Node.Entry;
import dev.millrace.config.yaml.Node.Kind;
import dev.millrace.config.yaml.Node.Mapping;
import dev.millrace.config.yaml.Node.Scalar;
import dev.millrace.config.yaml.Node.Sequence;
import dev.millrace.problem.Rule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.resolver.ScalarResolver;

/**
 * Composes one document of parser events into {@link Node}s. Done here and not by the parser's own composer, because
 * that one recurses without bound, stops at the first duplicate key and lets aliases grow what is walked later: here
 * depth is bounded, duplicates are all reported, and an alias counts with every node that stands behind it. An anchor
 * is known once its node has ended, so a recursive alias is an unknown one.
 */
final class Composer {
    static final int MAX_DEPTH = 100;
    static final int MAX_NODES = 500_000;

    /** A text counts as a node per so many characters, so that aliases of long ones are bounded, too. */
    private static final int CHARACTERS_PER_NODE = 128;

    private static final Map<String, Kind> KINDS = Map.of(
            Tag.NULL.getValue(), Kind.NULL,
            Tag.BOOL.getValue(), Kind.BOOLEAN,
            Tag.INT.getValue(), Kind.INTEGER,
            Tag.FLOAT.getValue(), Kind.NUMBER);

    private final ScalarResolver resolver = new CoreScalarResolver(false);
    private final Map<String, Anchored> anchors = new HashMap<>();
    private final String file;
    private final Iterator<Event> events;
    private final Faults faults;
    private int nodes;

    Composer(String file, Iterator<Event> events, Faults faults) {
        this.file = file;
        this.events = events;
        this.faults = faults;
    }

    /** The only document's root; empty with a fault where the file has none. */
    Optional<Node> compose() {
        Node root = null;
        while (events.hasNext()) {
            Event event = events.next();
            switch (event.getEventId()) {
                case StreamStart, StreamEnd, DocumentEnd, Comment -> {}
                case DocumentStart -> {
                    if (root != null) {
                        throw new Refused(place(event), "A second document begins here; one file holds one document.");
                    }
                    root = node(events.next(), 0);
                }
                case Alias, MappingEnd, MappingStart, Scalar, SequenceEnd, SequenceStart ->
                    throw new Refused(place(event), "There is content outside the document.");
            }
        }
        if (root == null) {
            faults.error(Rule.YAML, Place.of(file), "", "The file is empty.");
        }
        return Optional.ofNullable(root);
    }

    private Node node(Event event, int depth) {
        if (depth > MAX_DEPTH) {
            throw new Refused(place(event), "The document is nested deeper than " + MAX_DEPTH + " levels.");
        }
        if (event instanceof AliasEvent alias) {
            return anchored(alias);
        }
        int before = nodes;
        count(event instanceof ScalarEvent scalar ? 1 + scalar.getValue().length() / CHARACTERS_PER_NODE : 1, event);
        Node node = switch (event.getEventId()) {
            case Scalar -> scalar((ScalarEvent) event);
            case SequenceStart -> sequence(event, depth);
            case MappingStart -> mapping(event, depth);
            case Alias, Comment, DocumentEnd, DocumentStart, MappingEnd, SequenceEnd, StreamEnd, StreamStart ->
                throw new Refused(place(event), "A value is missing here.");
        };
        ((NodeEvent) event)
                .getAnchor()
                .ifPresent(anchor -> anchors.put(anchor.getValue(), new Anchored(node, nodes - before)));
        return node;
    }

    private Node anchored(AliasEvent alias) {
        Anchored anchored = anchors.get(alias.getAlias().getValue());
        if (anchored == null) {
            throw new Refused(
                    place(alias), "There is no anchor '&" + alias.getAlias().getValue() + "' before this alias.");
        }
        count(anchored.size(), alias);
        return anchored.node();
    }

    private void count(int more, Event event) {
        nodes += more;
        if (nodes > MAX_NODES) {
            throw new Refused(
                    place(event),
                    "The document has more than " + MAX_NODES + " nodes, counted with aliases spelt out.");
        }
    }

    private Node scalar(ScalarEvent event) {
        return new Scalar(place(event), event.getValue(), kind(event));
    }

    private Kind kind(ScalarEvent event) {
        String tag = event.getTag().filter(given -> !given.equals("!")).orElse("");
        if (tag.isEmpty()) {
            if (!event.isPlain() || event.getTag().isPresent()) {
                return Kind.STRING;
            }
            tag = resolver.resolve(event.getValue(), true).getValue();
        }
        return KINDS.getOrDefault(tag, Kind.STRING);
    }

    private Node sequence(Event start, int depth) {
        List<Node> items = new ArrayList<>();
        for (Event event = events.next(); event.getEventId() != Event.ID.SequenceEnd; event = events.next()) {
            items.add(node(event, depth + 1));
        }
        return new Sequence(place(start), items);
    }

    private Node mapping(Event start, int depth) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (Event event = events.next(); event.getEventId() != Event.ID.MappingEnd; event = events.next()) {
            Place key = place(event);
            Node name = node(event, depth + 1);
            Node value = node(events.next(), depth + 1);
            if (!(name instanceof Scalar scalar)) {
                faults.error(Rule.YAML, key, "", "A key must be a single value, not a list or a mapping.");
                continue;
            }
            Entry first = entries.putIfAbsent(scalar.text(), new Entry(key, value));
            if (first != null) {
                faults.error(
                        Rule.DUPLICATE_KEY,
                        key,
                        "",
                        "The key '" + scalar.text() + "' stands here a second time; the first is in line "
                                + first.key().line() + ".");
            }
        }
        return new Mapping(place(start), entries);
    }

    private Place place(Event event) {
        return event.getStartMark()
                .map(mark -> new Place(file, mark.getLine() + 1, mark.getColumn() + 1))
                .orElse(Place.of(file));
    }

    private record Anchored(Node node, int size) {}

    /** Ends the composing of a document that cannot be gone on with; never leaves this package. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @SuppressWarnings("serial") // never serialised
        private final Place place;

        private final String reason;

        Refused(Place place, String reason) {
            super(reason, null, false, false);
            this.place = place;
            this.reason = reason;
        }

        Place place() {
            return place;
        }

        String reason() {
            return reason;
        }
    }
}
