package dev.millrace.store;

import dev.millrace.arrow.SecretHash;
import dev.millrace.problem.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A product's data in memory and in one folder of the local disk, which it has for itself while it is open. */
public final class LocalStore implements ProductStore {
    private static final Logger LOG = LoggerFactory.getLogger(LocalStore.class);
    static final String NO_TOPIC = "-";

    private final Path folder;
    private final Disk disk;
    private final FileChannel lock;
    private final StoreContext context;
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final Aside aside;
    private final Scrub scrub;
    private final IntPredicate isHere;
    private volatile AtomicReference<BoundedSnapshot.Hidden> hidden =
            new AtomicReference<>(BoundedSnapshot.Hidden.NONE);
    private volatile CompletableFuture<Void> condition = CompletableFuture.completedFuture(null);
    private volatile PartitionLog[] logs = {};
    private volatile @Nullable String topicId;

    private LocalStore(
            StoreSchema schema,
            StoreOptions options,
            Path folder,
            StoreResources resources,
            Disk disk,
            LongSupplier nanoClock,
            LongSupplier millisClock,
            SecretHash keyHash,
            Aside aside,
            FileChannel lock) {
        this.folder = folder;
        this.disk = disk;
        this.lock = lock;
        this.aside = aside;
        this.isHere = resources.isHere();
        this.context = new StoreContext(
                schema,
                options,
                resources.memory(),
                resources.mapped(),
                new SerialQueue(resources.files()),
                resources.background(),
                nanoClock,
                millisClock,
                this::size,
                new MemoryGate(options.budgetBytes(), this::memoryBytes, this::seal, this::isPending),
                () -> condition,
                this::suspect,
                this::topicName,
                new Beside(disk, folder, aside),
                keyHash,
                resources.keys(),
                new SharedKeys(schema, () -> logs, resources.background(), resources.keys()),
                new Departures(schema),
                new LongAdder());
        this.scrub = new Scrub(aside, resources.background(), notes);
    }

    private void suspect(int partition, Path part, Manifest.SegmentFile file) {
        scrub.add(partition, part, List.of(file));
        scrub.start();
    }

    /**
     * Opens a product's folder, makes it if it is missing, and brings back what is durable in it. Blocks: reads every key
     * of a product with a key.
     *
     * @throws IOException when the disk fails
     * @throws dev.millrace.problem.ProblemException with {@code CannotStart} when another process has the folder, or its
     *     data was written under another contract
     */
    public static LocalStore open(StoreSchema schema, StoreOptions options, Path folder, StoreResources resources)
            throws IOException {
        return open(
                schema,
                options,
                folder,
                resources,
                new LocalDisk(),
                System::nanoTime,
                System::currentTimeMillis,
                SecretHash.random());
    }

    /** A store over any disk, with clocks and a secret of its own. */
    static LocalStore open(
            StoreSchema schema,
            StoreOptions options,
            Path folder,
            StoreResources resources,
            Disk disk,
            LongSupplier nanoClock,
            LongSupplier millisClock,
            SecretHash keyHash)
            throws IOException {
        disk.createFolder(folder);
        var aside = new Aside(disk, folder, millisClock);
        FileChannel lock = StoreFolder.lock(folder);
        var store =
                new LocalStore(schema, options, folder, resources, disk, nanoClock, millisClock, keyHash, aside, lock);
        boolean opened = false;
        try {
            store.recover();
            opened = true;
            return store;
        } finally {
            if (!opened) {
                store.release();
            }
        }
    }

    private void recover() throws IOException {
        int partitions = disk.list(folder).stream()
                .map(path -> StoreFolder.PARTITION.matcher(path.getFileName().toString()))
                .filter(Matcher::matches)
                .mapToInt(matcher -> Integer.parseInt(matcher.group(1)) + 1)
                .max()
                .orElse(0);
        if (partitions > 0) {
            recover(partitions);
        }
        if (logs.length > 1
                && context.schema().upsert()
                && !Stream.of(logs).allMatch(log -> log.files().manifest().unshared())) {
            context.sharedKeys().read();
        }
        for (PartitionLog log : logs) {
            String stored = log.topicId();
            if (!stored.isEmpty() && topicId != null && !stored.equals(topicId)) {
                throw new Problem.CannotStart("The partitions in " + folder + " are of different topics. Rename or "
                                + "delete that folder to read them again from Kafka.")
                        .exception();
            }
            topicId = stored.isEmpty() ? topicId : stored;
        }
        notes.forEach(note -> LOG.warn("{}", note));
        IntStream.range(0, logs.length).forEach(this::tellIfReadAlone);
    }

    /** Brings partitions back side by side, since reading their keys takes long; what was opened is in {@link #logs}. */
    private void recover(int partitions) throws IOException {
        List<Future<PartitionLog>> opening;
        try (ExecutorService pool = Executors.newFixedThreadPool(
                Math.min(partitions, Runtime.getRuntime().availableProcessors()),
                Thread.ofPlatform().name("recovery-", 0).factory())) {
            opening = IntStream.range(0, partitions)
                    .mapToObj(partition -> pool.submit(() -> recoverOne(partition)))
                    .toList();
        }
        logs = opening.stream()
                .filter(log -> log.state() == Future.State.SUCCESS)
                .map(Future::resultNow)
                .toArray(PartitionLog[]::new);
        for (Future<PartitionLog> log : opening) {
            if (log.state() == Future.State.FAILED) {
                switch (log.exceptionNow()) {
                    case IOException failure -> throw failure;
                    case RuntimeException expected -> throw expected;
                    case Throwable other -> throw new IllegalStateException(other);
                }
            }
        }
    }

    private PartitionRecovery.Found recovered(int partition) throws IOException {
        return new PartitionRecovery(
                        disk,
                        partitionFolder(partition),
                        FolderOwner.of(folder, partition),
                        aside,
                        context.schema(),
                        context.mappedAllocator(),
                        notes)
                .recover();
    }

    private PartitionLog recoverOne(int partition) throws IOException {
        PartitionRecovery.Found found = recovered(partition);
        scrub.add(partition, partitionFolder(partition), found.manifest().segments());
        return open(partition, found, new SharedRows());
    }

    private void add(int partition) {
        PartitionLog[] longer = Arrays.copyOf(logs, logs.length + 1);
        longer[partition] = open(
                partition,
                new PartitionRecovery.Found(
                        Manifest.empty(context.schema(), FolderOwner.of(folder, partition)), List.of()),
                new SharedRows());
        logs = longer;
    }

    private PartitionLog open(int partition, PartitionRecovery.Found found, SharedRows shared) {
        var files = new PartitionFiles(
                disk,
                partitionFolder(partition),
                context.schema(),
                context.mappedAllocator(),
                found.manifest(),
                shared);
        return new PartitionLog(partition, context, files, found, shared);
    }

    @Override
    public void rewind(int partition, long offset) {
        PartitionLog log = logs[partition];
        behind(true);
        log.stop();
        log.flush()
                .exceptionally(failure -> {
                    LOG.warn("{}: what is not written yet is read again", partitionFolder(partition), failure);
                    return null;
                })
                .join();
        onFiles(() -> log.files().rewind(offset));
        tellIfReadAlone(partition);
        renew(partition, log.shared());
    }

    /** What others have left out because of a partition's rows counts on those; they may be other ones now. */
    private void tellIfReadAlone(int partition) {
        long next = logs[partition].files().next();
        long counted = Stream.of(logs)
                .filter(log -> log.partition() != partition)
                .mapToLong(log -> log.files().manifest().kept().bound(partition))
                .max()
                .orElse(0);
        if (next < counted) {
            LOG.warn(
                    "{} is read again from offset {} on, but not the other partitions, in which rows were erased that those"
                            + " up to offset {} hid, and deletes of such. Till it is there again rows may be missing; rows of"
                            + " it that were deleted in another partition may be back until the product is rebuilt",
                    partitionFolder(partition),
                    next,
                    counted);
        }
    }

    @Override
    public void clear() {
        PartitionLog[] old = logs;
        Stream.of(old).forEach(PartitionLog::stop);
        scrub.stop(); // names of files begin anew
        onFiles(() -> {
            for (PartitionLog log : old) {
                log.files().clear();
            }
            for (Path derived : disk.list(folder.resolve(Beside.DERIVED))) {
                for (Path file : disk.list(derived)) {
                    disk.delete(file);
                }
            }
        });
        topicId = null;
        for (int partition = 0; partition < old.length; partition++) {
            renew(partition, new SharedRows());
        }
        context.sharedKeys().clear();
    }

    private interface FileWork {
        void run() throws IOException;
    }

    /** Has something done on the file threads after what was asked before, and waits for it. */
    private void onFiles(FileWork work) {
        try {
            CompletableFuture.runAsync(
                            () -> {
                                try {
                                    work.run();
                                } catch (IOException failure) {
                                    throw new UncheckedIOException(failure);
                                }
                            },
                            context.files())
                    .join();
        } catch (CompletionException failure) {
            throw unavailable(failure.getCause());
        }
    }

    private RuntimeException unavailable(@Nullable Throwable cause) {
        return new Problem.Unavailable("The data in " + folder, "it cannot be changed: " + cause).exception();
    }

    /** Puts a partition as it is on disk now in the place of the one in memory. */
    private void renew(int partition, SharedRows shared) {
        PartitionLog old = logs[partition];
        try {
            PartitionLog[] changed = logs.clone();
            // What is left of it has been scrubbed or waits.
            changed[partition] = open(partition, recovered(partition), shared);
            logs = changed;
            hidden = new AtomicReference<>(BoundedSnapshot.Hidden.NONE); // positions may come again with other rows
        } catch (IOException failure) {
            throw unavailable(failure);
        }
        old.close();
    }

    private Path partitionFolder(int partition) {
        return folder.resolve("p" + partition);
    }

    @Override
    public StoreSchema schema() {
        return context.schema();
    }

    @Override
    public Snapshot snapshot() {
        return snapshot(Optional.empty());
    }

    @Override
    public Snapshot snapshotAt(Position position) {
        if (!position.topicId().equals(topicName())) {
            throw new Problem.Gone("The position is of another topic, " + position.topicId() + ".", oldest())
                    .exception();
        }
        return snapshot(Optional.of(position));
    }

    private Snapshot snapshot(Optional<Position> at) {
        AtomicReference<BoundedSnapshot.Hidden> counted = hidden;
        while (true) {
            long version = context.departures().version();
            var parts = new ArrayList<BoundedSnapshot.Part>();
            boolean made = false;
            try {
                Position position = views(at, parts);
                if (version % 2 == 0 && version == context.departures().version()) {
                    made = true;
                    return new BoundedSnapshot(context.schema(), position, parts, version, counted);
                }
            } finally {
                if (!made) {
                    parts.forEach(part -> part.view().release());
                }
            }
            Thread.onSpinWait();
        }
    }

    /** Takes a view of each partition, with the bound that a position gives it; says what the position is. */
    private Position views(Optional<Position> at, List<BoundedSnapshot.Part> parts) {
        PartitionLog[] now = logs;
        long[] next = new long[now.length];
        for (int partition = 0; partition < now.length; partition++) {
            PartitionView view = now[partition].acquire();
            next[partition] = view.next();
            parts.add(new BoundedSnapshot.Part(view, at.isPresent() ? at.get().next(partition) : view.next()));
        }
        Position reached = Position.of(topicName(), next);
        at.ifPresent(position -> {
            if (!IntStream.range(0, now.length)
                    .allMatch(each -> parts.get(each).view().kept().covers(position, each))) {
                throw new Problem.Gone("The position '" + position + "' is older than what is kept.", oldest())
                        .exception();
            }
            if (!reached.hasReached(position)) {
                throw new Problem.InvalidParameter(
                                "as_of", "'" + position + "' is not reached yet.", "a position up to " + reached + ".")
                        .exception();
            }
        });
        return at.orElse(reached);
    }

    private String oldest() {
        List<Kept> kept = Stream.of(logs).map(PartitionLog::kept).toList();
        return Position.of(topicName(), Kept.oldest(kept)).toString();
    }

    private String topicName() {
        String id = topicId;
        return id == null ? NO_TOPIC : id;
    }

    @Override
    public Position position() {
        return Position.of(
                topicName(),
                Stream.of(logs).mapToLong(PartitionLog::visibleNext).toArray());
    }

    @Override
    public Position durable() {
        return Position.of(
                topicName(),
                Stream.of(logs).mapToLong(PartitionLog::durableNext).toArray());
    }

    @Override
    public Optional<String> topicId() {
        return Optional.ofNullable(topicId);
    }

    @Override
    public synchronized void topic(String id, int partitions) {
        String stored = topicId;
        if (stored != null && !stored.equals(id)) {
            throw new Problem.Unavailable(
                            "The product",
                            "its topic was recreated: the data is of topic id " + stored + ", the topic now has " + id
                                    + ".")
                    .exception();
        }
        topicId = id;
        for (int partition = logs.length; partition < partitions; partition++) {
            add(partition);
        }
    }

    @Override
    public void behind(boolean isBehind) {
        context.sharedKeys().behind(isBehind);
    }

    @Override
    public PartitionWriter writer(int partition) {
        return logs[partition];
    }

    @Override
    public Optional<Path> derivedFolder() {
        return Optional.of(folder.resolve(Beside.DERIVED));
    }

    @Override
    public long memoryBytes() {
        return Stream.of(logs).mapToLong(PartitionLog::memoryBytes).sum();
    }

    @Override
    public long indexBytes() {
        return context.sharedKeys().sizeBytes()
                + Stream.of(logs).mapToLong(PartitionLog::indexBytes).sum();
    }

    @Override
    public long deletesWithoutRow() {
        return context.deletesWithoutRow().sum();
    }

    @Override
    public List<String> recoveryNotes() {
        return List.copyOf(notes);
    }

    @Override
    public int setAside() {
        return aside.count();
    }

    @Override
    public Optional<String> fileFault() {
        return Stream.of(logs).flatMap(log -> log.fault().stream()).findFirst();
    }

    @Override
    public Optional<String> keyFault() {
        return Stream.of(logs).anyMatch(PartitionLog::isShortOfKeys)
                ? Optional.of(context.keyMemory().fault())
                : Optional.empty();
    }

    private Retention.Size size() {
        List<Retention.Size> each = Stream.of(logs).map(PartitionLog::size).toList();
        return new Retention.Size(
                each.stream().mapToLong(Retention.Size::rows).sum(),
                each.stream().mapToLong(Retention.Size::bytes).sum());
    }

    @Override
    public void scrub() {
        scrub.start();
    }

    @Override
    public Optional<Broken> broken() {
        return scrub.broken();
    }

    private void seal() {
        for (PartitionLog log : logs) {
            if (isHere.test(log.partition())) {
                log.seal();
            } else {
                log.sealSoon();
            }
        }
    }

    private boolean isPending() {
        PartitionLog[] now = logs;
        Stream.of(now).filter(log -> isHere.test(log.partition())).forEach(PartitionLog::giveWay);
        return Stream.of(now).anyMatch(PartitionLog::isPending);
    }

    @Override
    public synchronized void durableAfter(CompletableFuture<Void> next) {
        boolean met = condition.isDone() && !condition.isCompletedExceptionally();
        condition = met ? next : CompletableFuture.allOf(condition, next);
    }

    @Override
    public CompletableFuture<Void> flush() {
        return CompletableFuture.allOf(Stream.of(logs).map(PartitionLog::flush).toArray(CompletableFuture<?>[]::new));
    }

    @Override
    public void close() {
        try {
            flush().join();
        } catch (CompletionException failure) {
            LOG.warn("{} is closed at its durable position {}: {}", folder, durable(), failure.toString());
        } finally {
            release();
        }
    }

    private void release() {
        scrub.stop();
        Stream.of(logs).forEach(PartitionLog::stop); // they look into each other
        Stream.of(logs).forEach(PartitionLog::close);
        context.sharedKeys().clear();
        try {
            lock.close();
        } catch (IOException failure) {
            LOG.warn("The lock of {} stays until the process ends", folder, failure);
        }
    }
}
