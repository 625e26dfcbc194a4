package dev.millrace.domain;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many records were served though they broke a rule of severity warning, by rule. The counts are kept in a file with
 * the offset up to which each partition was counted, so that records that are read again are not counted again. Each
 * partition's ingest thread counts; any thread asks and saves.
 */
public final class Warnings {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Logger LOG = LoggerFactory.getLogger(Warnings.class);

    /**
     * What was counted of a partition.
     *
     * @param topicId of the topic that {@code next} belongs to
     * @param next the offset behind the last record that was counted
     */
    public record Counted(String topicId, long next, Map<String, Long> byRule) {
        static final Counted NOTHING = new Counted("-", 0, Map.of());

        public Counted {
            byRule = Map.copyOf(byRule);
        }
    }

    private final Optional<Path> file;
    private final Map<Integer, Counted> partitions = new ConcurrentHashMap<>();
    private Map<Integer, Counted> saved = Map.of();

    /** Reads the counts that a file has; without one, or where it is broken, they begin at zero. Blocks. */
    Warnings(Optional<Path> file) {
        this.file = file;
        file.filter(Files::exists).ifPresent(this::read);
        saved = Map.copyOf(partitions);
    }

    /** What was counted of a partition of the topic with that id. */
    public Counted of(int partition, String topicId) {
        Counted known = partitions.getOrDefault(partition, Counted.NOTHING);
        return known.topicId().equals(topicId) ? known : new Counted(topicId, 0, known.byRule());
    }

    /** Says what was counted of a partition; its ingest thread. */
    public void put(int partition, Counted counted) {
        partitions.put(partition, counted);
    }

    /** All counts, by rule. */
    Map<String, Long> sums() {
        Map<String, Long> sums = new HashMap<>();
        partitions.values().forEach(each -> each.byRule().forEach((rule, count) -> sums.merge(rule, count, Long::sum)));
        return sums;
    }

    /** Writes the counts down if they are others than before. Blocks. */
    synchronized void save() {
        Map<Integer, Counted> now = Map.copyOf(partitions);
        Path to = file.orElse(null);
        if (to == null || now.equals(saved)) {
            return;
        }
        try {
            Files.createDirectories(to.getParent());
            Path other = to.resolveSibling(to.getFileName() + ".tmp");
            JSON.writeValue(other.toFile(), now);
            Files.move(other, to, StandardCopyOption.ATOMIC_MOVE);
            saved = now;
        } catch (IOException failure) {
            LOG.debug("{} is not written", to, failure); // and tried again by the next call
        }
    }

    private void read(Path from) {
        try {
            partitions.putAll(JSON.readValue(from.toFile(), new TypeReference<Map<Integer, Counted>>() {}));
        } catch (IOException broken) {
            LOG.warn("{} cannot be read, warnings are counted from zero: {}", from, broken.toString());
        }
    }
}
