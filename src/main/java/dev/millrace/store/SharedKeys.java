package dev.millrace.store;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.SecretHash;
import java.lang.invoke.VarHandle;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Knows of which rows to ask whether another partition has something newer of their key. A topic that grew, or that is
 * written by two partitioners, has records of a key in several partitions; each partition's index and marks know of its
 * own alone. Of the newest rows of the partitions at a position, deletes among them, the one with the greatest timestamp
 * counts, of equal ones that of the highest partition; so it depends on the position and on nothing else.
 *
 * <p>A thread that adds a key which is new in its partition writes the index entry, then looks into the other
 * partitions, and then shows the row. Of two that add the same key at once, each writes before it looks, with a fence
 * between; so one at least sees the other, and notes the rows of both in their {@link SharedRows}. A thread that adds a
 * row to a key it knows writes the entry, and then looks whether the row before is noted; who notes rows looks again
 * until it finds none that was not noted. Views are shown to the other threads with the rows whose entries are being
 * written, so that what is found can be read. Where rows are noted before a view shows them to readers, and where views
 * are taken before the rows of them are read, no reader has two rows of a key of which one is not noted.
 *
 * <p>Most keys are in one partition, which {@link KeyPresence} says with one load. It is made when the first key is
 * looked for; until all keys are in it the other partitions' indexes are asked themselves.
 *
 * <p>Of this the disk knows only whether a partition had noted rows ({@link Manifest#unshared}), written with them or
 * later. Of two rows of a key the thread that added the later one has noted both before its manifest named it. So where
 * no partition had noted any, no two durable rows of different partitions have one key, and nothing is looked for at a
 * start; else it is found anew, in the order of the indexes' entries.
 */
final class SharedKeys {
    private static final long SMALL_BYTES = 8 << 20;

    private final StoreSchema schema;
    private final Supplier<PartitionLog[]> logs;
    private final Executor background;
    private final KeyMemory memory;
    private long paidBytes;
    private volatile @Nullable KeyPresence presence;
    private volatile boolean complete;
    private volatile boolean everywhere;
    private volatile boolean behind;

    // Keeps loads ahead from being dropped as dead.
    @SuppressWarnings("UnusedVariable")
    private long warmed;

    SharedKeys(StoreSchema schema, Supplier<PartitionLog[]> logs, Executor background, KeyMemory memory) {
        this.schema = schema;
        this.logs = logs;
        this.background = background;
        this.memory = memory;
    }

    /** As {@link PartitionKeys.Elsewhere#find} for a partition's thread. */
    int find(PartitionLog log, PartitionKeys keys, long[] hashes, int[] which, int count, Batch batch, int first) {
        if (count == 0 || logs.get().length == 1) {
            return 0;
        }
        KeyPresence known = known();
        if (count > 1) {
            warmed = known.warm(hashes, which, count);
        }
        int found = 0;
        for (int i = 0; i < count; i++) {
            long hash = hashes[which[i]];
            boolean maybe = known.add(KeyIndex.prefix(hash));
            if ((maybe || everywhere || !complete) && share(log, keys, hash, batch, first + which[i])) {
                which[found++] = which[i];
            }
        }
        if (known.outgrows(count)) {
            // Some milliseconds at most; a thread that is late would be waited for longer, by look-ups in vain.
            Executor soon = known.sizeBytes() < SMALL_BYTES ? Runnable::run : background;
            soon.execute(() -> enlarge(known));
        }
        return found;
    }

    /** What every thread that adds a key tells of it before it looks for it, from the first on. */
    private KeyPresence known() {
        KeyPresence known = presence;
        return known == null ? begin() : known;
    }

    private synchronized KeyPresence begin() {
        KeyPresence known = presence;
        if (known != null) {
            return known;
        }
        PartitionLog[] all = logs.get();
        KeyPresence made = KeyPresence.of(keys(all));
        presence = made;
        pay();
        VarHandle.fullFence(); // a key that was added without it has its entry by now
        background.execute(() -> {
            fill(made, all);
            complete = true;
        });
        return made;
    }

    private static void fill(KeyPresence made, PartitionLog[] all) {
        for (PartitionLog log : all) {
            log.index()
                    .ifPresent(
                            index -> IntStream.range(0, KeyIndex.TABLES).forEach(table -> made.addAll(index, table)));
        }
    }

    /** Forgets what is known, with the rows. No partition's thread is at work. */
    synchronized void clear() {
        presence = null;
        complete = false;
        pay();
    }

    private synchronized void pay() {
        long now = sizeBytes();
        memory.count(now - paidBytes);
        paidBytes = now;
    }

    /** Whether the key of a row is in another partition, too; notes all rows of it there. */
    private boolean share(PartitionLog log, PartitionKeys keys, long hash, Batch batch, int row) {
        var key = new KeyMatch.OfRow(schema, batch, row);
        boolean found = false;
        for (PartitionLog other : logs.get()) {
            found |= other.partition() != log.partition()
                    && other.mayHave(keys.secret(), hash)
                    && share(other, key, keys.secret(), hash);
        }
        return found;
    }

    private static boolean share(PartitionLog other, KeyMatch key, SecretHash secret, long hash) {
        boolean found = false;
        while (true) {
            PartitionView view = other.acquire();
            PartitionKeys.Met met;
            try {
                PartitionKeys theirs = view.keys();
                met = theirs.share(view, key, theirs.secret() == secret ? hash : key.hash(theirs.secret()));
            } finally {
                view.release();
            }
            if (met != PartitionKeys.Met.NEW) {
                return found || met == PartitionKeys.Met.KNOWN;
            }
            found = true;
            VarHandle.fullFence();
        }
    }

    /**
     * Finds the keys that several partitions have, at a start: no partition's thread is at work, and a table of all
     * partitions' indexes has words of {@link KeyPresence} for itself.
     */
    void read() {
        PartitionLog[] all = logs.get();
        KeyPresence made = KeyPresence.of(keys(all));
        IntStream.range(0, KeyIndex.TABLES).parallel().forEach(table -> {
            for (int i = 0; i < all.length; i++) {
                read(all, i, table, made);
            }
        });
        presence = made;
        complete = true;
        pay();
    }

    private void read(PartitionLog[] all, int number, int table, KeyPresence made) {
        PartitionView view = all[number].acquire();
        try {
            view.keys().index().forEach(table, (prefix, location) -> {
                if (made.setAlone(prefix) && mayHave(all, number, view.keys().secret(), KeyIndex.hash(prefix))) {
                    share(all, number, view, location);
                }
            });
        } finally {
            view.release();
        }
    }

    private static boolean mayHave(PartitionLog[] all, int count, SecretHash secret, long hash) {
        for (int i = 0; i < count; i++) {
            if (all[i].mayHave(secret, hash)) {
                return true;
            }
        }
        return false;
    }

    /** Notes the rows of a key that the partitions before this one have, too. */
    private void share(PartitionLog[] all, int number, PartitionView view, long location) {
        Segment segment = view.holding(location);
        int row = segment == null ? RowMap.DROPPED : segment.row(location);
        if (segment == null || row == RowMap.DROPPED) {
            return;
        }
        SecretHash secret = view.keys().secret();
        var key = new KeyMatch.OfRow(schema, segment.batch(), row);
        long hash = key.hash(secret);
        boolean found = false;
        for (int i = 0; i < number; i++) {
            found |= share(all[i], key, secret, hash);
        }
        if (found) {
            view.keys().share(view, key, hash);
        }
    }

    private static long keys(PartitionLog[] all) {
        return Stream.of(all)
                .mapToLong(log -> log.index().map(KeyIndex::keys).orElse(0L))
                .sum();
    }

    private void enlarge(KeyPresence known) {
        PartitionLog[] all = logs.get();
        KeyPresence larger = known.enlarged(keys(all));
        fill(larger, all);
        boolean isCrowded = larger.outgrows((int) Math.min(Integer.MAX_VALUE, keys(all)));
        synchronized (this) {
            if (presence == known) {
                presence = larger;
                pay();
            }
        }
        if (isCrowded) {
            enlarge(larger);
        }
    }

    /** Has keys looked for without what is known of all: a partition's index is under another secret. */
    void lookEverywhere() {
        everywhere = true;
    }

    /** Says whether there are older records that have not been read yet. */
    void behind(boolean isBehind) {
        behind = isBehind;
    }

    /**
     * Whether a delete is still needed besides its own partition: another one holds a row of its key that it hides, or may
     * be about to get one.
     */
    boolean needsDelete(PartitionLog log, Segment segment, int row) {
        PartitionLog[] all = logs.get();
        if (all.length == 1 || !log.shared().has(segment.offset(row))) {
            return all.length > 1 && behind;
        }
        return behind
                || Stream.of(all)
                        .anyMatch(other -> asks(
                                log,
                                segment,
                                row,
                                other,
                                (view, key, hash, greater) -> view.keys()
                                        .holdsRow(view, key, hash, (theirs, at) -> !greater.take(theirs, at))));
    }

    /**
     * Whether rows of one other partition hide a row at every position that sees the row and at least {@code bounds} of
     * each partition; rows that are not yet shown are among them.
     */
    boolean isHidden(PartitionLog log, Segment segment, int row, long[] bounds) {
        return !behind // an older one may come
                && Stream.of(logs.get())
                        .limit(bounds.length)
                        .anyMatch(other -> asks(log, segment, row, other, (view, key, hash, greater) -> {
                            long bound = bounds[other.partition()];
                            return view.next() >= bound
                                    && view.keys()
                                            .allFrom(
                                                    view,
                                                    bound,
                                                    key,
                                                    hash,
                                                    (theirs, at) ->
                                                            theirs.facts().retiredAt() == Marks.NEVER
                                                                    && greater.take(theirs, at));
                        }));
    }

    private interface Question {
        boolean test(PartitionView view, KeyMatch key, long hash, PartitionKeys.Rest greater);
    }

    /** Asks a partition other than the row's; {@code greater} are rows of it that count more than the row. */
    private boolean asks(PartitionLog log, Segment segment, int row, PartitionLog other, Question question) {
        if (other.partition() == log.partition()) {
            return false;
        }
        int column = schema.timestampColumn();
        long millis = segment.batch().column(column).int64(row);
        boolean winsTies = other.partition() > log.partition();
        var key = new KeyMatch.OfRow(schema, segment.batch(), row);
        return other.read(view -> question.test(view, key, key.hash(view.keys().secret()), (theirs, at) -> {
            long time = theirs.batch().column(column).int64(at);
            return time > millis || (time == millis && winsTies);
        }));
    }

    /** A figure of each partition. */
    long[] bounds(ToLongFunction<PartitionLog> bound) {
        return Stream.of(logs.get()).mapToLong(bound).toArray();
    }

    /** Heap bytes of what is known of all keys. */
    long sizeBytes() {
        KeyPresence known = presence;
        return known == null ? 0 : known.sizeBytes();
    }
}
