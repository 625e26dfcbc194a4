package dev.millrace.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * The folder beside a product's partitions for files that no manifest names or that are broken: {@code
 * aside/<when>/p<partition>/<file>}. They may be all that is left of rows, so that they are moved there and not deleted.
 * Any thread; blocks.
 */
final class Aside {
    static final String FOLDER = "aside";

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
        Path partition = file.toAbsolutePath().getParent();
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
