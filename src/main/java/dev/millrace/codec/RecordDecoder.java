package dev.millrace.codec;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import java.util.List;

/**
 * Reads records of one format into a batch's columns, each checked against its contract on the way. One thread, the
 * batch's writer.
 *
 * <p>A decoder writes the contract's columns, which are the batch's first, and leaves the rest of the rows and their end
 * to its caller. A record that is broken or breaks its contract is taken back without trace, all of its rows.
 */
public sealed interface RecordDecoder permits JsonDecoder, RegistryDecoder, ArrowDecoder {
    /** {@link #prepare} says: ask again later, and give no record before this one is in. */
    int WAITING = -1;

    /** The decoder of a product's records; {@code writer} is borrowed, its first columns are the contract's. */
    static RecordDecoder of(
            ProductDefinition product, BatchWriter writer, JsonLimits limits, SchemaSource schemas, int maxRows) {
        List<Property> columns = product.object().properties();
        List<String> key = product.key().stream().map(Property::name).toList();
        JsonDecoder json = JsonDecoder.of(product, writer, limits);
        return switch (product.format()) {
            case JSON -> json;
            case AVRO, PROTOBUF ->
                new RegistryDecoder(
                        columns, key, product.unknownFields(), writer, limits, json, product.format(), schemas);
            case ARROW -> new ArrowDecoder(columns, product.unknownFields(), writer, limits, json, maxRows);
        };
    }

    /** The decoder of the keys of a product's deleted rows, whatever the format of its records. */
    static RecordDecoder ofKeys(ProductDefinition product, BatchWriter writer, SchemaSource schemas) {
        return new RegistryDecoder(
                product.object().properties(),
                product.key().stream().map(Property::name).toList(),
                product.unknownFields(),
                writer,
                JsonLimits.DEFAULT,
                JsonDecoder.of(product, writer, JsonLimits.DEFAULT),
                product.format(),
                schemas);
    }

    /**
     * What a record needs before it can be decoded: room for so many rows, or {@link #WAITING} for its schema. Tells
     * nothing of whether it is good.
     *
     * @param isKey whether it is the key of a deleted row
     */
    default int prepare(byte[] record, int from, int length, boolean isKey) {
        return 1;
    }

    /**
     * Reads one record; true when the values of its rows stand in the columns, false when it broke a rule: then nothing
     * does, and {@link #violation()} says why.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when the writer's allocator has reached its limit; the record
     *     is taken back then
     */
    boolean decode(byte[] record, int from, int length);

    /**
     * Reads the key of a deleted row: the columns of the key get their values, all others null (or zero, where null is
     * not allowed).
     *
     * @see #decode
     */
    boolean decodeKey(byte[] key);

    /** How many rows the last good record has: 1 but for Arrow. */
    default int rows() {
        return 1;
    }

    /** The rules over several columns, which count warnings. */
    RecordRules rules();

    /** Why the last record was refused. */
    Violation violation();
}
