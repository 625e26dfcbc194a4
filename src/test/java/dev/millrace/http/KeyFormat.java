package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import dev.millrace.query.RowSource;
import java.util.function.BooleanSupplier;

/** A form of rows that main code does not know: the first column of each, text, a line each. */
record KeyFormat() implements RowFormat {
    @Override
    public Named named() {
        return new Named("text/x-keys", "keys", "text/x-keys");
    }

    @Override
    public boolean isExport() {
        return true;
    }

    @Override
    public RowWriter writer(Rows rows) {
        RowSource source = rows.rows();
        return new RowWriter() {
            @Override
            public boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop) {
                while (source.next()) {
                    for (int i = 0; i < source.count(); i++) {
                        byte[] key = source.batch().column(0).bytes(source.selection()[i]);
                        sink.reserve(key.length + 1);
                        sink.put(key);
                        sink.put((byte) '\n');
                    }
                }
                return true;
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }
}
