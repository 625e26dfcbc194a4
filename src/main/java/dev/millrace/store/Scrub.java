package dev.millrace.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the files that a start found, one after the other and each as a task of its own, and compares their checksums:
 * the start itself looks at sizes and footers only. A file that is not what was written is set {@link Aside}; its
 * mapping goes on serving until the partition is read again from before it, or the next start cuts it off.
 */
final class Scrub {
    private static final Logger LOG = LoggerFactory.getLogger(Scrub.class);

    private record Task(int partition, Path file, Manifest.SegmentFile expected) {}

    private final Aside aside;
    private final Executor background;
    private final List<String> notes;
    private final Queue<Task> left = new ConcurrentLinkedQueue<>();
    private final Queue<ProductStore.Broken> broken = new ConcurrentLinkedQueue<>();

    /** {@code notes}, which takes lines from any thread, gets one for each broken file. */
    Scrub(Aside aside, Executor background, List<String> notes) {
        this.aside = aside;
        this.background = background;
        this.notes = notes;
    }

    void add(int partition, Path folder, List<Manifest.SegmentFile> files) {
        files.forEach(file -> left.add(new Task(partition, folder.resolve(file.file()), file)));
    }

    void start() {
        background.execute(this::next);
    }

    /** Looks at no further file. */
    void stop() {
        left.clear();
    }

    Optional<ProductStore.Broken> broken() {
        return Optional.ofNullable(broken.poll());
    }

    private void next() {
        Task task = left.poll();
        if (task != null) {
            try {
                check(task);
            } catch (IOException | RuntimeException | Error failure) {
                LOG.warn("{} cannot be checked", task.file(), failure);
            }
            if (!left.isEmpty()) {
                background.execute(this::next);
            }
        }
    }

    private void check(Task task) throws IOException {
        Path file = task.file();
        Optional<String> fault =
                Files.exists(file) ? task.expected().fault(file) : Optional.empty(); // else merged since
        if (fault.isPresent()) {
            aside.put(file);
            String note = file + " " + fault.get() + "; it is set aside, and offsets from "
                    + task.expected().firstOffset() + " on are read again from the topic";
            LOG.warn("{}", note);
            notes.add(note);
            broken.add(new ProductStore.Broken(task.partition(), task.expected().firstOffset()));
        }
    }
}
