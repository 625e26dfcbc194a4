package dev.millrace.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What lies in a product's folder beside its partitions and holds values of rows: what was derived of segments, and what
 * was set aside. Only file threads.
 */
record Beside(Disk disk, Path product, Aside aside) {
    static final String DERIVED = "derived";

    /** Partition, first and last offset and number of rows of a segment. */
    private static final Pattern OF_SEGMENT = Pattern.compile("p(\\d+)-(\\d+)-(\\d+)-(\\d+)(\\.tmp)?");

    /**
     * Deletes what was derived of segments that a partition's manifest does not name as they were, and what was set aside
     * before a time and is in the partition again.
     *
     * @param holds whether the partition has, or had, a row of an offset
     */
    void sweep(int partition, Manifest manifest, long setAsideBefore, LongPredicate holds) throws IOException {
        for (Path kind : disk.list(product.resolve(DERIVED))) {
            for (Path file : disk.list(kind)) {
                Matcher name = OF_SEGMENT.matcher(file.getFileName().toString());
                if (name.matches() && name.group(1).equals(Integer.toString(partition)) && !isNamed(manifest, name)) {
                    disk.delete(file);
                }
            }
        }
        aside.deleteReadAgain(partition, setAsideBefore, holds);
    }

    private static boolean isNamed(Manifest manifest, Matcher name) {
        return manifest.segments().stream()
                .anyMatch(segment -> Long.toString(segment.firstOffset()).equals(name.group(2))
                        && Integer.toString(segment.rows()).equals(name.group(4)));
    }
}
