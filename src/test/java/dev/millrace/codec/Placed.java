package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.text.JsonEncoder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;

/**
 * A decoder that is given the same record in several places: alone in an array of its own size, and between the bytes of
 * others. What comes of it must be the same, or something outside the record was read. Nothing may be thrown, and nothing
 * but the rows of a good record be left in the columns.
 */
record Placed(RecordDecoder decoder, BatchWriter writer, BufferAllocator allocator) {
    private static final int AROUND = 80;

    /** What came of it: the rows as JSON, or the broken rule. */
    String outcome(byte[] record) {
        String alone = outcome(record, 0, record.length);
        byte[] among = new byte[record.length + 2 * AROUND];
        for (int filling = 0; filling < 3; filling++) {
            for (int i = 0; i < among.length; i++) {
                among[i] = switch (filling) {
                    case 0 -> 0;
                    case 1 -> -1;
                    default -> record.length == 0 ? 7 : record[i % record.length];
                };
            }
            System.arraycopy(record, 0, among, AROUND, record.length);
            assertEquals(alone, outcome(among, AROUND, record.length), "something beside the record was read");
        }
        return alone;
    }

    boolean isGood(byte[] record) {
        return outcome(record).startsWith("{");
    }

    private String outcome(byte[] bytes, int from, int length) {
        int rows = decoder.prepare(bytes, from, length, false);
        boolean good = decoder.decode(bytes, from, length);
        String outcome = good ? rows(rows) : refusal(decoder.violation());
        writer.truncate(0);
        return outcome;
    }

    /** Only that nothing is thrown and nothing left. */
    boolean isKey(byte[] key) {
        boolean good = decoder.decodeKey(key);
        String outcome = good ? rows(1) : refusal(decoder.violation());
        writer.truncate(0);
        return good && outcome.startsWith("{");
    }

    private String rows(int rows) {
        assertEquals(rows, decoder.rows());
        writer.endRows(rows);
        assertCounts(rows);
        var text = new StringBuilder("{" + rows + "}");
        try (var target = new ByteSink.ArrowTarget(allocator, 64)) {
            ByteSink sink = new ByteSink(target);
            JsonEncoder encoder = JsonEncoder.of(writer.layout().top(), false);
            for (int row = 0; row < rows; row++) {
                encoder.row(writer.batch(), row, sink);
            }
            return text.append(new String(sink.toBytes(), UTF_8)).toString();
        }
    }

    private String refusal(Violation violation) {
        assertFalse(violation.rule().isEmpty());
        assertFalse(violation.reason().isEmpty());
        // What was not foreseen is refused, but should have been.
        assertFalse(violation.rule().equals(RecordFaults.UNREADABLE), violation::reason);
        assertCounts(0);
        return violation.toString();
    }

    private void assertCounts(int rows) {
        for (int column = 0; column < writer.layout().top().size(); column++) {
            assertEquals(rows, writer.column(column).count());
        }
    }

    /** Runs cases until the time is up, each by a seed of its own, which is told with the bytes of one that fails. */
    static void fuzz(Case each) throws Exception {
        long first = Long.getLong("millrace.seed", System.nanoTime());
        long end = System.nanoTime() + 2_000_000_000L;
        for (long seed = first; seed == first || System.nanoTime() < end; seed++) {
            byte[][] at = {{}};
            try {
                each.run(new Random(seed), at);
            } catch (Exception | AssertionError | StackOverflowError failure) {
                throw new AssertionError(
                        "seed " + seed + " (of " + first + " on), record "
                                + HexFormat.of().formatHex(at[0]),
                        failure);
            }
        }
    }

    /** One case; it puts the record at hand into {@code at}. */
    interface Case {
        void run(Random random, byte[][] at) throws Exception;
    }

    /** Two words of the record, each of 4 or 8 bytes at such a place, become the same: lengths, offsets, numbers of things. */
    static byte[] confuse(byte[] good, Random random) {
        int width = random.nextBoolean() ? 4 : 8;
        byte[] bytes = good.clone();
        int words = bytes.length / width;
        if (words > 0) {
            int from = random.nextInt(words) * width;
            System.arraycopy(
                    Arrays.copyOfRange(good, from, from + width), 0, bytes, random.nextInt(words) * width, width);
        }
        return bytes;
    }
}
