package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.SecretHash;

/** A key to be looked for: one that was written down, or a row's. */
public interface KeyMatch {
    /** The key of a row, which must be held as long as this is used. */
    record OfRow(StoreSchema schema, Batch batch, int row) implements KeyMatch {
        @Override
        public long hash(SecretHash secret) {
            return Key.hash(schema, secret, batch, row);
        }

        @Override
        public boolean matches(Batch other, int otherRow) {
            return Key.same(schema, batch, row, other, otherRow);
        }
    }

    /** The same as {@link Key#hash(StoreSchema, SecretHash, Batch, int)} for a row with this key. */
    long hash(SecretHash secret);

    /** Whether a row has this key. */
    boolean matches(Batch batch, int row);
}
