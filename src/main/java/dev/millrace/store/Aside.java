package dev.millrace.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder beside a product's partitions for files that no manifest names or that are broken: {@code
 * aside/<when>/p<partition>/<file>}. They may be all that is left of rows, so that they are moved there and not deleted
 * until the partition has their rows again. Any thread; blocks.
 */
final class Aside {
    static final String FOLDER = "aside";

    private static final Logger LOG = LoggerFactory.getLogger(Aside.class);
    private static final Pattern ROWS = Pattern.compile("(\\d{1,18})-(\\d{1,18})-\\d+\\.arrow.*");
    private static final String WHEN_FORM = "\\d{8}T\\d{6}\\.\\d{3}Z";
    private static final DateTimeFormatter WHEN =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

    private final Disk disk;
    private final Path product;
    private final LongSupplier millisClock;
    private final AtomicInteger count = new AtomicInteger();

    Aside(Disk disk, Path product, LongSupplier millisClock) throws IOException {
        this.disk = disk;
        this.product = product;
        this.millisClock = millisClock;
        this.count.set(files(disk, product).size());
    }

    /** How many files there are. */
    int count() {
        return count.get();
    }

    /** Moves a partition's file there; durable when it returns. */
    void put(Path file) throws IOException {
        Path partition = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path folder = product.resolve(FOLDER)
                .resolve(WHEN.format(Instant.ofEpochMilli(millisClock.getAsLong())))
                .resolve(String.valueOf(partition.getFileName()));
        disk.createFolder(folder);
        Path target = folder.resolve(file.getFileName());
        for (int i = 1; Files.exists(target); i++) {
            target = folder.resolve(file.getFileName() + "." + i);
        }
        disk.rename(file, target);
        disk.forceFolder(folder);
        disk.forceFolder(partition);
        count.incrementAndGet();
    }

    /**
     * Deletes a partition's files of rows that were set aside before a time, and whose first and last row the partition has
     * again.
     */
    void deleteReadAgain(int partition, long beforeMillis, LongPredicate holds) throws IOException {
        if (count.get() == 0) {
            return;
        }
        for (Path when : disk.list(product.resolve(FOLDER))) {
            if (!when.getFileName().toString().matches(WHEN_FORM) || millis(when) >= beforeMillis) {
                continue;
            }
            for (Path file : disk.list(when.resolve("p" + partition))) {
                Matcher rows = ROWS.matcher(String.valueOf(file.getFileName()));
                if (rows.matches()
                        && holds.test(Long.parseLong(rows.group(1)))
                        && holds.test(Long.parseLong(rows.group(2)))) {
                    LOG.info("{} is deleted: its rows were read again", file);
                    disk.delete(file);
                    count.decrementAndGet();
                }
            }
        }
    }

    private static long millis(Path when) {
        return Instant.from(WHEN.parse(when.getFileName().toString())).toEpochMilli();
    }

    /** All that was set aside of a product. */
    static List<Path> files(Disk disk, Path product) throws IOException {
        var found = new ArrayList<Path>();
        for (Path when : disk.list(product.resolve(FOLDER))) {
            for (Path partition : disk.list(when)) {
                found.addAll(disk.list(partition));
            }
        }
        return found;
    }
}
