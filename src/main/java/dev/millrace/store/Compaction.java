package dev.millrace.store;

import dev.millrace.arrow.ArrowFile;
import dev.millrace.arrow.Column;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Neighbouring segments of a partition that become one, without the rows that no readable position sees any more. A
 * background thread chooses and writes; the ingest thread puts the result in their place.
 *
 * <p>Rows that were superseded below the bound of what is readable go, and those of the oldest run that are {@link
 * Dispensable}. The last row of a run always stays,
 * which saves files of nothing; if it is dead, what superseded it is behind the run and stays, too.
 *
 * <p>When rows are due to be erased, their segment is written anew whatever its share of dead rows, without any row that
 * no readable position sees, the last one too. Then the file's last offset is that of a row which is not there.
 *
 * @param selected of each source the rows that stay; {@link RowMap#ALL} for all
 */
record Compaction(List<Segment> sources, List<int[]> selected, boolean thins) {
    /** So many segments are merged at once, none of them as large as the others together. */
    private static final int MERGED = 8;

    private static final int THIN_PERCENT = 30;

    Compaction {
        sources = List.copyOf(sources);
        selected = List.copyOf(selected);
    }

    /** A file for a compaction, mapped; the batch is the receiver's to release. */
    record Written(Manifest.SegmentFile file, ArrowFile.Mapped mapped) {}

    /** What is worth the writing; the segments are borrowed. */
    static Optional<Compaction> choose(
            StoreSchema schema, StoreOptions options, List<Segment> segments, Dispensable dispensable) {
        var rows = new ArrayList<int[]>();
        for (int i = 0; i < segments.size(); i++) {
            rows.add(isCandidate(segments.get(i)) ? alive(schema, segments.get(i), dispensable, i == 0) : RowMap.ALL);
        }
        for (int first = 0; first < segments.size(); first++) {
            int thinEnd = first;
            long all = 0;
            long alive = 0;
            long largest = 0;
            long bytes = 0;
            int end = first;
            for (; end < segments.size() && isCandidate(segments.get(end)); end++) {
                Segment segment = segments.get(end);
                long left = count(segment, rows.get(end));
                long size = java.util.Objects.requireNonNull(segment.file()).sizeBytes() * left / segment.rows();
                if (end > first
                        && (alive + left > (long) options.segmentRows() * StoreOptions.MERGED_SEGMENTS
                                || bytes + size > options.segmentBytes() * StoreOptions.MERGED_SEGMENTS)) {
                    break;
                }
                all += segment.rows();
                alive += left;
                largest = Math.max(largest, left);
                bytes += size;
                // The last row of a run stays in any case, so that a run of one dead row is left alone.
                if (all > 1 && (all - Math.max(alive, 1)) * 100 >= all * THIN_PERCENT) {
                    thinEnd = end + 1;
                }
            }
            int chosen = end - first >= MERGED && largest * 2 <= alive ? end : thinEnd;
            if (chosen > first) {
                return Optional.of(of(segments.subList(first, chosen), rows.subList(first, chosen)));
            }
        }
        return Optional.empty();
    }

    /**
     * The first segment with a row that is {@code due}, without any that is dispensable; one of which nothing stays
     * together with neighbours until something does, so that it is known on which offsets there were rows. The segments
     * are borrowed.
     */
    static Optional<Compaction> erase(
            StoreSchema schema, List<Segment> segments, Dispensable due, Dispensable dispensable) {
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            if (segment.file() == null || alive(schema, segment, due, true) == RowMap.ALL) {
                continue;
            }
            int from = i;
            int to = i + 1;
            var selected = new ArrayList<int[]>();
            selected.add(alive(schema, segment, dispensable, true));
            while (isNothing(selected) && from > 0 && isLike(segments.get(from - 1), segment)) {
                selected.addFirst(alive(schema, segments.get(--from), dispensable, true));
            }
            while (isNothing(selected) && to < segments.size() && isLike(segments.get(to), segment)) {
                selected.add(alive(schema, segments.get(to++), dispensable, true));
            }
            if (selected.stream().anyMatch(rows -> rows != RowMap.ALL)) {
                return Optional.of(new Compaction(segments.subList(from, to), selected, true));
            }
        }
        return Optional.empty();
    }

    private static boolean isLike(Segment neighbour, Segment segment) {
        return neighbour.file() != null
                && neighbour.facts().retiredAt() == segment.facts().retiredAt();
    }

    /** Whether no row stays; there is no file to be written then. */
    boolean leavesNothing() {
        return isNothing(selected);
    }

    private static boolean isNothing(List<int[]> selected) {
        return selected.stream().allMatch(rows -> rows != RowMap.ALL && rows.length == 0);
    }

    private static boolean isCandidate(Segment segment) {
        return segment.file() != null && segment.facts().retiredAt() == Marks.NEVER;
    }

    private static Compaction of(List<Segment> run, List<int[]> alive) {
        var selected = new ArrayList<>(alive);
        int last = run.getLast().rows() - 1;
        int[] rows = selected.getLast();
        if (rows != RowMap.ALL && (rows.length == 0 || rows[rows.length - 1] != last)) {
            rows = Arrays.copyOf(rows, rows.length + 1);
            rows[rows.length - 1] = last;
            selected.set(selected.size() - 1, rows);
        }
        return new Compaction(run, selected, selected.stream().anyMatch(each -> each != RowMap.ALL));
    }

    /** The rows that some position may need; {@code asks} of those that none of their own partition supersedes. */
    private static int[] alive(StoreSchema schema, Segment segment, Dispensable dispensable, boolean asks) {
        Marks marks = segment.marks();
        long bound = dispensable.bound();
        boolean each = asks && dispensable.mayBeIn(segment);
        if (!schema.upsert() || (marks.first() >= bound && !each)) {
            return RowMap.ALL;
        }
        int[] rows = new int[segment.rows()];
        int count = 0;
        for (int row = 0; row < rows.length; row++) {
            if (marks.get(row) >= bound && !(each && dispensable.has(segment, row))) {
                rows[count++] = row;
            }
        }
        return count == rows.length ? RowMap.ALL : Arrays.copyOf(rows, count);
    }

    private static long count(Segment segment, int[] rows) {
        return rows == RowMap.ALL ? segment.rows() : rows.length;
    }

    /** Writes the file, which no manifest names yet. Blocks. */
    Written write(StoreSchema schema, PartitionFiles files, String topicId) throws IOException {
        var parts = new ArrayList<ArrowFile.Part>();
        int rows = 0;
        int deletedRows = 0;
        long firstOffset = Marks.NEVER;
        long firstDeleted = Marks.NEVER;
        for (int i = 0; i < sources.size(); i++) {
            Segment source = sources.get(i);
            int[] taken = selected.get(i);
            int count = (int) count(source, taken);
            if (count == 0) {
                continue;
            }
            parts.add(new ArrowFile.Part(source.batch(), source.rows(), taken == RowMap.ALL ? null : taken));
            firstOffset = Math.min(firstOffset, source.offset(taken == RowMap.ALL ? 0 : taken[0]));
            rows += count;
            Column deleted = source.batch().column(schema.deletedColumn());
            for (int k = 0; k < count && source.facts().deletedRows() > 0; k++) {
                int row = taken == RowMap.ALL ? k : taken[k];
                if (deleted.bit(row)) {
                    deletedRows++;
                    firstDeleted = Math.min(firstDeleted, source.offset(row));
                }
            }
        }
        long lastOffset = sources.getLast().facts().lastOffset();
        long retiredAt = sources.getFirst().facts().retiredAt();
        var facts = new Segment.Facts(1, 1, rows, firstOffset, lastOffset, deletedRows, firstDeleted, retiredAt);
        boolean thinned =
                thins || sources.stream().anyMatch(source -> source.gaps().isPresent());
        Optional<Gaps> gaps = thinned ? Optional.of(Gaps.of(sources)) : Optional.empty();
        Manifest.SegmentFile file = files.write(facts, parts, topicId, gaps);
        return new Written(file, files.map(file));
    }

    /** Takes a row; false to be given no more. */
    interface LeftOut {
        boolean take(Segment segment, int row);
    }

    /** Gives each row that is left out and that its own partition does not supersede below a bound; false when one was refused. */
    boolean eachLeftOut(long bound, LeftOut leftOut) {
        for (int i = 0; i < sources.size(); i++) {
            int[] rows = selected.get(i);
            Segment source = sources.get(i);
            for (int row = 0, k = 0; rows != RowMap.ALL && row < source.rows(); row++) {
                boolean stays = k < rows.length && rows[k] == row;
                k += stays ? 1 : 0;
                if (!stays && source.marks().get(row) >= bound && !leftOut.take(source, row)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** How many of the rows left out are visible in their partition at a bound. */
    long visibleRows(StoreSchema schema, long bound) {
        var count = new long[1];
        eachLeftOut(bound, (segment, row) -> {
            count[0] += segment.batch().column(schema.deletedColumn()).bit(row) ? 0 : 1;
            return true;
        });
        return count[0];
    }

    /** How many rows are left out. */
    long droppedRows() {
        long dropped = 0;
        for (int i = 0; i < sources.size(); i++) {
            dropped += sources.get(i).rows() - count(sources.get(i), selected.get(i));
        }
        return dropped;
    }

    List<Manifest.SegmentFile> files() {
        return sources.stream()
                .flatMap(source -> Optional.ofNullable(source.file()).stream())
                .toList();
    }

    /** The segment that takes the place of the sources, with the marks that they have now. Only the partition's ingest thread. */
    Segment merged(StoreSchema schema, StoreContext context, Written written) {
        Segment.Facts facts = written.file()
                .facts(sources.getFirst().ordinal(), sources.getLast().facts().lastOrdinal());
        var marks = new Marks(context.mappedAllocator(), facts.rows());
        int to = 0;
        for (int i = 0; i < sources.size(); i++) {
            Segment source = sources.get(i);
            int[] taken = selected.get(i);
            int count = (int) count(source, taken);
            for (int k = 0; k < count && source.marks().first() != Marks.NEVER; k++) {
                marks.carry(source.marks(), taken == RowMap.ALL ? k : taken[k], to + k);
            }
            to += count;
        }
        return new Segment(
                schema,
                facts,
                written.mapped().batch(),
                marks,
                Segment.Origin.of(written.file(), written.mapped()),
                RowMap.of(sources, selected));
    }
}
