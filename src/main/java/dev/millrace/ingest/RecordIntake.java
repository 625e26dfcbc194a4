package dev.millrace.ingest;

import dev.millrace.codec.Violation;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Reads the records of one partition into its store's columns. Only that partition's ingest thread.
 *
 * <p>Keys and values are views of the fetched batches on the heap: right as long as anyone holds them, with the bytes
 * of other records around.
 */
interface RecordIntake {
    /** What a record is. */
    enum Reading {
        /** The columns of the next {@link RecordIntake#rows} rows are written. */
        ROW,
        /** The columns of the next row are written; they name the key of a row that is no more. */
        DELETE,
        /** It leaves no row, and nothing is wrong with it. */
        NOTHING,
        /** It breaks its contract; nothing is written. */
        BROKEN
    }

    /**
     * How many rows the writer must have room for to read a record, or {@link
     * dev.millrace.codec.RecordDecoder#WAITING} when it cannot be read yet.
     */
    default int prepare(ConsumerRecord<ByteBuffer, ByteBuffer> record) {
        return 1;
    }

    /** How many rows the last record gave. */
    default int rows() {
        return 1;
    }

    /**
     * Reads a record; the writer of the partition is ready.
     *
     * @throws org.apache.arrow.memory.OutOfMemoryException when it does not fit
     */
    Reading read(ConsumerRecord<ByteBuffer, ByteBuffer> record);

    /** Ends the last record; its warnings count if it is in now, and was not counted before. */
    default void end(boolean counts) {}

    /** How many rows broke which rule of severity warning and count, since the reader was made. */
    default Map<String, Long> warnings() {
        return Map.of();
    }

    /** Why the last record was broken. */
    Violation violation();
}
