package dev.millrace.query;

import dev.millrace.store.Key;

/** A key of a view's product, for {@link Reading#find}. Immutable; any thread. */
public final class RowKey {
    private final Key key;

    RowKey(Key key) {
        this.key = key;
    }

    Key key() {
        return key;
    }
}
