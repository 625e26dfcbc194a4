package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.ByteSink;
import dev.millrace.codec.JsonEncoder;
import dev.millrace.query.RowsScan;
import java.util.function.BooleanSupplier;

/** Encodes the rows of a scan, a buffer at a time, as a JSON page or as NDJSON. One thread at a time. */
final class RowWriter {
    private static final byte[] BEGIN = "{\"data\":[".getBytes(UTF_8);

    /** Makes the text of the cursor that leads on from a row. */
    interface Onward {
        String cursor(int partition, long offset, int skip);
    }

    private final RowsScan scan;
    private final JsonEncoder encoder;
    private final Format format;
    private final String position;
    private final Onward onward;
    private long rowsLeft;
    private int index;
    private boolean begun;
    private boolean first = true;

    /** @param rows most rows to write */
    RowWriter(RowsScan scan, JsonEncoder encoder, Format format, long rows, String position, Onward onward) {
        this.scan = scan;
        this.encoder = encoder;
        this.format = format;
        this.rowsLeft = rows;
        this.position = position;
        this.onward = onward;
    }

    /**
     * Writes on until about {@code softBytes} are in the sink, or {@code stop} says so between two steps of the scan.
     *
     * @return whether all has been written
     */
    boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop) {
        if (!begun) {
            begun = true;
            if (format == Format.JSON) {
                text(sink, BEGIN);
            }
        }
        while (true) {
            if (index == scan.count()) {
                if (rowsLeft == 0 && format == Format.NDJSON) {
                    return true;
                }
                if (stop.getAsBoolean()) {
                    return false;
                }
                index = 0;
                if (!scan.next()) {
                    end(sink, false);
                    return true;
                }
            } else if (rowsLeft == 0) {
                end(sink, true);
                return true;
            } else if (sink.position() >= softBytes) {
                return false;
            } else {
                row(sink);
            }
        }
    }

    private void row(ByteSink sink) {
        if (format == Format.JSON && !first) {
            sink.reserve(1);
            sink.put((byte) ',');
        }
        first = false;
        encoder.row(scan.batch(), scan.selection()[index], sink);
        if (format == Format.NDJSON) {
            sink.reserve(1);
            sink.put((byte) '\n');
        }
        index++;
        rowsLeft--;
    }

    private void end(ByteSink sink, boolean more) {
        if (format == Format.JSON) {
            // Neither a position nor a cursor has a character that JSON escapes.
            String next =
                    more ? '"' + onward.cursor(scan.partition(), scan.offset(index), scan.skip(index)) + '"' : "null";
            text(sink, ("],\"position\":\"" + position + "\",\"next\":" + next + "}").getBytes(UTF_8));
        }
    }

    private static void text(ByteSink sink, byte[] utf8) {
        sink.reserve(utf8.length);
        sink.put(utf8);
    }
}
