package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Hash;
import dev.millrace.arrow.Layout;
import dev.millrace.store.StoreSchema;
import java.util.List;
import java.util.Optional;

/** The columns that a view shows, and how its rows are told apart. Immutable; any thread. */
public final class Shape {
    private final Layout layout;
    private final List<ColumnLayout> columns;
    private final List<ColumnLayout> key;
    private final boolean upsert;
    private final long id;

    /** What all rows with these columns have in common. */
    public Shape(StoreSchema schema) {
        this(
                schema.layout(),
                schema.columns(),
                schema.key().stream().map(schema.columns()::get).toList(),
                schema.upsert(),
                "");
    }

    /**
     * @param columns those of the layout that are shown
     * @param key among them
     * @param masks what else makes values of these columns other ones
     */
    Shape(Layout layout, List<ColumnLayout> columns, List<ColumnLayout> key, boolean upsert, String masks) {
        this.layout = layout;
        this.columns = List.copyOf(columns);
        this.key = List.copyOf(key);
        this.upsert = upsert;
        byte[] content = (columns.stream().map(ColumnLayout::field).toList() + "|"
                        + key.stream().map(columns::indexOf).toList() + "|" + upsert + masks)
                .getBytes(UTF_8);
        this.id = Hash.of(content, 0, content.length);
    }

    /** A digest of the content: views of one shape have encoders, parsers, schemas and documents in common. */
    public long id() {
        return id;
    }

    /** The top-level columns, in the contract's order. */
    public List<ColumnLayout> columns() {
        return columns;
    }

    /** The column at a path of names such as {@code properties.mag}; lists are not entered. */
    public Optional<ColumnLayout> find(String path) {
        return columns().stream()
                .filter(column -> (path + ".").startsWith(column.path() + "."))
                .findFirst()
                .flatMap(column -> layout.find(path));
    }

    /** The key's columns in key order; empty when there is no key. */
    public List<ColumnLayout> key() {
        return key;
    }

    /** Whether a later record of a key supersedes the earlier one. */
    public boolean upsert() {
        return upsert;
    }

    /** What batches of readings have. */
    Layout layout() {
        return layout;
    }
}
