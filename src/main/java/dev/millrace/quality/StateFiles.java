package dev.millrace.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of whole segments in a folder of their own. Derived data: not forced, and what is missing or broken is made
 * anew from the rows. One thread at a time; blocks.
 */
final class StateFiles {
    private static final Logger LOG = LoggerFactory.getLogger(StateFiles.class);

    private final Plan plan;
    private final Optional<Path> folder;
    private final Set<String> unclaimed = new HashSet<>();
    private boolean writable = true;

    /** @param folder made when it is missing; empty for nothing kept */
    StateFiles(Plan plan, Optional<Path> folder) {
        this.plan = plan;
        this.folder = folder;
        list();
    }

    /** Begins anew: what is not read or written from now on belongs to no segment. */
    void list() {
        unclaimed.clear();
        folder.filter(Files::isDirectory).ifPresent(from -> {
            try (Stream<Path> files = Files.list(from)) {
                files.forEach(file -> unclaimed.add(file.getFileName().toString()));
            } catch (IOException failure) {
                failed(failure);
            }
        });
    }

    /** The state of a segment; empty when there is none, or none of this plan. */
    Optional<State> read(String segment) {
        if (!unclaimed.contains(segment)) {
            return Optional.empty();
        }
        Optional<State> state = folder.flatMap(from -> {
            try {
                return State.parse(plan, Files.readAllBytes(from.resolve(segment)));
            } catch (IOException failure) {
                return Optional.empty();
            }
        });
        if (state.isPresent()) {
            unclaimed.remove(segment);
        } else {
            LOG.debug("{} is of another contract or broken, and is made anew", segment);
        }
        return state;
    }

    void write(String segment, State state) {
        unclaimed.remove(segment);
        folder.ifPresent(into -> {
            try {
                Files.createDirectories(into);
                Path file = into.resolve(segment);
                Path temporary = into.resolve(segment + ".tmp");
                Files.write(temporary, state.toBytes());
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                writable = true;
            } catch (IOException failure) {
                failed(failure);
            }
        });
    }

    /** Deletes what belongs to no segment. */
    void deleteUnclaimed() {
        for (String name : unclaimed) {
            folder.ifPresent(from -> {
                try {
                    Files.deleteIfExists(from.resolve(name));
                } catch (IOException failure) {
                    failed(failure);
                }
            });
        }
        unclaimed.clear();
    }

    private void failed(IOException failure) {
        if (writable) {
            LOG.warn("Quality is computed anew at the next start: {}", failure.toString());
        }
        writable = false;
    }
}
