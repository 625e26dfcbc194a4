package dev.millrace.http;

import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.RowEncoder;
import dev.millrace.query.RowCount;
import dev.millrace.query.RowSource;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Encodes the rows of a scan as a JSON page, as NDJSON or as CSV. */
final class TextRows implements RowWriter {
    private static final String BEGIN = "{\"data\":[";

    /** Makes the text of the cursor that leads on from a row. */
    interface Onward {
        String cursor(int partition, long offset, int skip);
    }

    private final RowSource scan;
    private final RowEncoder encoder;
    private final TextFormat format;
    private final String position;
    private final Optional<RowCount> count;
    private final Onward onward;
    private long rowsLeft;
    private int index;
    private boolean begun;
    private boolean first = true;

    /** @param rows most rows to write */
    TextRows(
            RowSource scan,
            RowEncoder encoder,
            TextFormat format,
            long rows,
            String position,
            Optional<RowCount> count,
            Onward onward) {
        this.scan = scan;
        this.encoder = encoder;
        this.format = format;
        this.rowsLeft = rows;
        this.position = position;
        this.count = count;
        this.onward = onward;
    }

    @Override
    public boolean fill(ByteSink sink, int softBytes, BooleanSupplier stop) {
        if (!begun) {
            begun = true;
            if (format == TextFormat.JSON) {
                sink.put(BEGIN);
            }
            encoder.header(sink);
        }
        while (true) {
            if (index == scan.count()) {
                if (rowsLeft == 0 && format != TextFormat.JSON) {
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

    @Override
    public void close() {
        scan.close();
    }

    private void row(ByteSink sink) {
        if (format == TextFormat.JSON && !first) {
            sink.reserve(1);
            sink.put((byte) ',');
        }
        first = false;
        encoder.row(scan.batch(), scan.selection()[index], sink);
        if (format == TextFormat.NDJSON) {
            sink.reserve(1);
            sink.put((byte) '\n');
        }
        index++;
        rowsLeft--;
    }

    private void end(ByteSink sink, boolean more) {
        if (format == TextFormat.JSON) {
            // Neither a position nor a cursor has a character that JSON escapes.
            String next = more
                    ? '"' + onward.cursor(scan.partition(index), scan.offset(index), scan.skip(index)) + '"'
                    : "null";
            String counted = count.map(number -> ",\"count\":" + number.rows()).orElse("");
            sink.put("],\"position\":\"" + position + "\",\"next\":" + next + counted + "}");
        }
    }
}
