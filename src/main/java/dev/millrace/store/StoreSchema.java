package dev.millrace.store;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a product's rows look like in the store: the contract's columns, then three of the store's own. Immutable.
 *
 * <p>The store's own columns have names that no contract may give: {@code $offset} (the record's offset in its
 * partition), {@code $timestamp} (the record's, epoch milliseconds) and {@code $deleted} (the row says that its key was
 * deleted; such a row has only its key and is never visible).
 */
public final class StoreSchema {
    static final int OWN_COLUMNS = 3;

    private final Layout layout;
    private final int contractColumns;
    private final List<Integer> key;
    private final boolean upsert;

    /**
     * @param contract the contract's columns
     * @param keyColumns names of the top-level key columns in key order; may be empty for an append product
     * @param upsert whether a later record of a key supersedes the earlier one
     */
    public StoreSchema(Schema contract, List<String> keyColumns, boolean upsert) {
        if (upsert && keyColumns.isEmpty()) {
            throw new IllegalArgumentException("an upsert product needs a key");
        }
        var int64 = FieldType.notNullable(new ArrowType.Int(64, true));
        this.layout = Layout.of(new Schema(Stream.concat(
                        contract.getFields().stream(),
                        Stream.of(
                                new Field("$offset", int64, List.of()),
                                new Field("$timestamp", int64, List.of()),
                                new Field("$deleted", FieldType.notNullable(ArrowType.Bool.INSTANCE), List.of())))
                .toList()));
        this.contractColumns = contract.getFields().size();
        this.upsert = upsert;
        this.key = keyColumns.stream().map(this::column).toList();
        if (key.contains(-1)) {
            throw new IllegalArgumentException("a key column is missing: " + keyColumns);
        }
    }

    /** All columns, the store's own last. */
    public Layout layout() {
        return layout;
    }

    /** The contract's columns, in its order. */
    public List<ColumnLayout> columns() {
        return layout.top().subList(0, contractColumns);
    }

    /** The number of a contract's column in {@link #columns()}; -1 when there is none. */
    public int column(String name) {
        return columns().stream().map(ColumnLayout::name).toList().indexOf(name);
    }

    /** Numbers of the key's columns in {@link #columns()}, in key order; empty when there is no key. */
    public List<Integer> key() {
        return key;
    }

    /** Whether a later record of a key supersedes the earlier one. */
    public boolean upsert() {
        return upsert;
    }

    /** Whether rows stored with that schema can be read with this one: the same key and mode, columns that may differ. */
    public boolean reads(StoreSchema stored) {
        return upsert == stored.upsert
                && keyNames().equals(stored.keyNames())
                && layout.reads(stored.layout.schema().getFields());
    }

    List<String> keyNames() {
        return key.stream().map(column -> columns().get(column).name()).toList();
    }

    public int offsetColumn() {
        return contractColumns;
    }

    public int timestampColumn() {
        return contractColumns + 1;
    }

    public int deletedColumn() {
        return contractColumns + 2;
    }
}
