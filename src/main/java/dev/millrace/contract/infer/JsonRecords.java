package dev.millrace.contract.infer;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * Cuts a stream into records: the elements of a JSON array, where its first character opens one, else its lines without
 * the blank ones. Holds one record at a time, of which it keeps at most {@link Sample#MAX_RECORD_BYTES} and one more
 * byte, so that whoever reads it sees that it is too large. One thread, which may block; the stream is borrowed.
 */
public final class JsonRecords {
    private static final int BYTE_ORDER_MARK = 0xEF;

    private final InputStream in;
    private final ByteArrayOutputStream record = new ByteArrayOutputStream();
    private boolean begun;
    private boolean array;
    private boolean ended;

    public JsonRecords(InputStream in) {
        this.in = new BufferedInputStream(in, 1 << 16);
    }

    /** The next record, well-formed or not; empty at the end. */
    public Optional<byte[]> next() throws IOException {
        record.reset();
        int first = ended ? -1 : first();
        if (first < 0) {
            return Optional.empty();
        }
        if (array) {
            element(first);
        } else {
            for (int c = first; c >= 0 && c != '\n'; c = in.read()) {
                keep(c);
            }
        }
        return Optional.of(record.toByteArray());
    }

    /** The first byte of a record; negative at the end. */
    private int first() throws IOException {
        int c = in.read();
        if (!begun && c == BYTE_ORDER_MARK) {
            in.skipNBytes(2);
            c = in.read();
        }
        while (isSpace(c) || array && c == ',') {
            c = in.read();
        }
        if (!begun && c == '[') {
            begun = true;
            array = true;
            return first();
        }
        begun = true;
        return array && c == ']' ? -1 : c;
    }

    private void element(int first) throws IOException {
        int depth = 0;
        boolean text = false;
        boolean escaped = false;
        for (int c = first; c >= 0; c = in.read()) {
            if (!text && depth == 0 && (c == ',' || c == ']')) {
                ended = c == ']';
                return;
            }
            keep(c);
            if (text) {
                text = c != '"' || escaped;
                escaped = c == '\\' && !escaped;
            } else if (c == '"') {
                text = true;
            } else if (c == '{' || c == '[') {
                depth++;
            } else if ((c == '}' || c == ']') && --depth == 0) {
                return;
            }
        }
    }

    private void keep(int c) {
        if (record.size() <= Sample.MAX_RECORD_BYTES) {
            record.write(c);
        }
    }

    private static boolean isSpace(int c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }
}
