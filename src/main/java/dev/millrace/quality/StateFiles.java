package dev.millrace.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of whole segments in a folder of their own. Derived data: not forced, and what is missing or broken is made
 * anew from the rows. One thread at a time; blocks.
 *
 * @param folder made when it is missing; empty for nothing kept
 * @param unclaimed names of files that no segment has asked for
 * @param failing whether the last attempt failed, which is said once
 */
record StateFiles(Plan plan, Optional<Path> folder, Set<String> unclaimed, AtomicBoolean failing) {
    private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);

    private interface Work {
        void on(Path folder) throws IOException;
    }

    StateFiles(Plan plan, Optional<Path> folder) {
        this(plan, folder, new HashSet<>(), new AtomicBoolean());
        list();
    }

    private void attempt(Work work) {
        folder.ifPresent(given -> {
            try {
                work.on(Files.createDirectories(given));
                failing.set(false);
            } catch (IOException failure) {
                if (failing.compareAndSet(false, true)) {
                    LOG.warn("Quality is looked at anew after the next start: {}", failure.toString());
                }
            }
        });
    }

    /** Begins anew: what is not read or written from now on belongs to no segment. */
    void list() {
        attempt(from -> {
            try (Stream<Path> files = Files.list(from)) {
                files.forEach(file -> unclaimed.add(file.getFileName().toString()));
            }
        });
    }

    /** The state of a segment; empty when there is none, or none of this plan. */
    Optional<State> read(String segment) {
        if (!unclaimed.remove(segment)) {
            return Optional.empty();
        }
        var bytes = new byte[1][0];
        attempt(from -> bytes[0] = Files.readAllBytes(from.resolve(segment)));
        return State.parse(plan, bytes[0]);
    }

    void write(String segment, State state) {
        attempt(into -> {
            Path temporary = into.resolve(segment + ".tmp");
            Files.write(temporary, state.toBytes());
            Files.move(
                    temporary,
                    into.resolve(segment),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        });
    }

    /** Deletes what belongs to no segment. */
    void deleteUnclaimed() {
        for (String name : unclaimed) {
            attempt(from -> Files.deleteIfExists(from.resolve(name)));
        }
        unclaimed.clear();
    }
}
