package dev.millrace.security;

import dev.millrace.config.Settling;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that are read again when they have changed. A change is taken up when two looks have found the same, so that one that
 * is being written is not read; what cannot be read then is an error in the log and leaves what was read before.
 */
final class WatchedFiles implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(WatchedFiles.class);

    private final List<Watched<?>> all = new CopyOnWriteArrayList<>();
    private final Vertx vertx;
    private volatile BiConsumer<List<Path>, String> onChange = (files, outcome) -> {};
    private final long timer;

    WatchedFiles(Vertx vertx, Duration interval) {
        this.vertx = vertx;
        this.timer = vertx.setPeriodic(
                Math.max(1, interval.toMillis()),
                tick -> vertx.executeBlocking(
                        () -> {
                            look();
                            return true;
                        },
                        true));
    }

    /** Tells of each change that is taken up, or is not, which files and with what outcome. */
    WatchedFiles onChange(BiConsumer<List<Path>, String> told) {
        onChange = told;
        return this;
    }

    /** What the files say, read now, and again whenever one of them has changed. Blocks; the supplier does not. */
    <T> Supplier<T> read(List<Path> files, Callable<T> reading) throws Exception {
        var watched = new Watched<>(List.copyOf(files), reading);
        all.add(watched);
        return () -> watched.value;
    }

    /** What is wrong with what stands in the files now; nothing where it is what is used. */
    List<String> broken() {
        return all.stream().flatMap(each -> each.broken.stream()).toList();
    }

    /** Looks once at all of them. */
    synchronized void look() {
        all.stream()
                .filter(Watched::look)
                .forEach(each -> onChange.accept(each.files, each.broken.isEmpty() ? "ok" : "invalid-configuration"));
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }

    private static final class Watched<T> {
        private final List<Path> files;
        private final Callable<T> reading;
        private volatile T value;
        private volatile Optional<String> broken = Optional.empty();
        private final Settling<List<String>> stamps;

        Watched(List<Path> files, Callable<T> reading) throws Exception {
            this.files = files;
            this.reading = reading;
            this.stamps = new Settling<>(stamps());
            this.value = reading.call();
        }

        /** Whether a change was looked at. */
        @SuppressWarnings("CatchingUnchecked") // whatever is wrong with the files, what was read of them stays
        boolean look() {
            if (!stamps.changed(stamps())) {
                return false;
            }
            try {
                value = reading.call();
                broken = Optional.empty();
                LOG.info("Read again: {}", files);
            } catch (Exception failure) {
                broken = Optional.of(files + ": " + failure.getMessage());
                LOG.error("{} cannot be used; what was read before stays: {}", files, failure.getMessage());
            }
            return true;
        }

        private List<String> stamps() {
            return files.stream().map(Watched::stamp).toList();
        }

        private static String stamp(Path file) {
            try {
                var attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return attributes.lastModifiedTime() + " " + attributes.size() + " " + attributes.fileKey();
            } catch (IOException missing) {
                return "missing";
            }
        }
    }
}
