package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.BatchWriter;
import java.util.Optional;
import org.apache.arrow.memory.OutOfMemoryException;

/**
 * The segment of a partition that rows are written into, and what is known of them; one after the other in the same
 * object. Has memory only between {@link #makeRoom()} and {@link #seal()}. Only the partition's ingest thread.
 */
final class OpenSegment {
    private static final int MOST_FIRST_ROWS = 1024;
    private static final int FEWEST_FIRST_ROWS = 8;
    private static final int FIRST_MARKS = 64;
    private static final int MAX_ROWS_UNCHECKED = 256;

    private final StoreContext context;
    private final StoreSchema schema;
    private final BatchWriter writer;
    private final int firstRows;
    private int ordinal;
    private Marks marks;
    private int rowCapacity;
    private int deletedRows;
    private long firstOffset;
    private long lastOffset;
    private long firstDeleted = Marks.NEVER;

    OpenSegment(StoreContext context, int ordinal) {
        this.context = context;
        this.schema = context.schema();
        this.writer = new BatchWriter(schema.layout(), context.productAllocator());
        this.firstRows = firstRows(context.options(), schema.layout().buffers());
        this.ordinal = ordinal;
        this.marks = new Marks(context.mappedAllocator(), FIRST_MARKS);
    }

    /** So many that thousands of columns do not fill a segment, or the budget, before there are rows in them. */
    private static int firstRows(StoreOptions options, int buffers) {
        long share = Math.min(options.segmentBytes(), options.budgetBytes()) / 16;
        long rows = Math.clamp(share / ((long) buffers * Long.BYTES), FEWEST_FIRST_ROWS, MOST_FIRST_ROWS);
        return Integer.highestOneBit((int) rows);
    }

    BatchWriter writer() {
        return writer;
    }

    int ordinal() {
        return ordinal;
    }

    int rows() {
        return writer.rows();
    }

    /** Marks with room for all rows written so far; borrowed. */
    Marks marks() {
        if (rows() > marks.capacity()) {
            Marks grown = marks.grown(Integer.highestOneBit(rows() - 1) << 1);
            marks.release();
            marks = grown;
        }
        return marks;
    }

    /** Whether a row was superseded, is a delete or may be hidden by another partition, below an offset. */
    boolean isDead(long bound, SharedRows shared) {
        return rows() > 0
                && (marks.first() < bound
                        || firstDeleted < bound
                        || shared.any(firstOffset, Math.min(bound, lastOffset + 1)));
    }

    long allocatedBytes() {
        return writer.isOpen() ? writer.allocatedBytes() : 0;
    }

    /** Whether so many rows more must go into another segment. */
    boolean isFull(int more) {
        return rows() + more > context.options().segmentRows()
                || (rows() > 0 && allocatedBytes() >= context.options().segmentBytes());
    }

    /**
     * Allocates what the next rows need of the store's own columns, so that {@link #append} cannot run out of memory.
     *
     * @return the row count up to which this need not be asked again
     * @throws OutOfMemoryException when the allocator's limit is reached; nothing has changed then
     */
    int makeRoom(int more) {
        int maxRows = context.options().segmentRows();
        if (!writer.isOpen()) {
            int capacity = Math.min(Math.max(firstRows, more), maxRows);
            writer.open(capacity);
            rowCapacity = capacity;
        }
        if (rowCapacity - rows() < more) {
            writer.column(schema.offsetColumn()).reserve(more);
            writer.column(schema.timestampColumn()).reserve(more);
            writer.column(schema.deletedColumn()).reserve(more);
            rowCapacity = Math.max(2 * rowCapacity, rows() + more);
        }
        long allocated = allocatedBytes();
        long bytesPerRow = 1 + allocated / (1 + rows());
        long unchecked = (context.options().segmentBytes() - allocated) / (8 * bytesPerRow);
        return Math.min(rows() + (int) Math.clamp(unchecked, 1, MAX_ROWS_UNCHECKED), Math.min(rowCapacity, maxRows));
    }

    /** Ends the rows of one record, whose contract columns are written. */
    void append(long offset, long timestampMillis, boolean deleted, int rows) {
        if (rows() == 0) {
            firstOffset = offset;
        }
        for (int i = 0; i < rows; i++) {
            writer.column(schema.offsetColumn()).putInt64(offset);
            writer.column(schema.timestampColumn()).putInt64(timestampMillis);
            writer.column(schema.deletedColumn()).putBit(deleted);
        }
        writer.endRows(rows);
        lastOffset = offset;
        if (deleted) {
            deletedRows++;
            firstDeleted = Math.min(firstDeleted, offset);
        }
    }

    /** Copies a short sealed segment in, so that restarts do not leave many; false when it is long or memory short. */
    boolean reopen(Segment.Facts facts, long sizeBytes, ArrowFile.Mapped mapped) {
        StoreOptions options = context.options();
        if (facts.retiredAt() != Marks.NEVER
                || mapped.metadata().containsKey(Gaps.METADATA)
                || facts.rows() >= options.segmentRows() / 2
                || sizeBytes >= options.segmentBytes() / 2
                || sizeBytes >= options.budgetBytes() / 4) {
            return false;
        }
        int capacity = Math.max(firstRows, Integer.highestOneBit(facts.rows()) << 1);
        try {
            writer.open(capacity);
            for (int row = 0; row < facts.rows(); row++) {
                writer.copyRow(mapped.batch(), row);
            }
        } catch (OutOfMemoryException tooMuch) {
            writer.close();
            return false;
        }
        rowCapacity = capacity;
        ordinal = facts.ordinal();
        deletedRows = facts.deletedRows();
        firstOffset = facts.firstOffset();
        lastOffset = facts.lastOffset();
        firstDeleted = facts.firstDeleted();
        return true;
    }

    /** The rows written so far, to be read beside the writer; the caller releases it. Empty when there are none. */
    Optional<Segment> readable() {
        if (rows() == 0) {
            return Optional.empty();
        }
        return Optional.of(new Segment(schema, facts(), writer.batch().retain(), marks().retain(), null, null));
    }

    /** Ends the segment, which has rows, and begins the next; the caller releases it. */
    Segment seal() {
        Marks last = marks();
        Segment.Facts facts = facts();
        var segment = new Segment(schema, facts, writer.seal(), last, null, null);
        if (ordinal == Location.MAX_ORDINAL) {
            throw new IllegalStateException("a partition has more than " + Location.MAX_ORDINAL + " segments");
        }
        ordinal++;
        marks = new Marks(context.mappedAllocator(), FIRST_MARKS);
        deletedRows = 0;
        firstDeleted = Marks.NEVER;
        return segment;
    }

    private Segment.Facts facts() {
        return new Segment.Facts(
                ordinal, ordinal, rows(), firstOffset, lastOffset, deletedRows, firstDeleted, Marks.NEVER);
    }

    /** Gives the memory of a segment without rows back. */
    void giveBack() {
        writer.close();
    }

    void close() {
        writer.close();
        marks.release();
    }
}
