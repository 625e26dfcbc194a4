package dev.millrace.bench.scale;

import dev.millrace.Folders;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.store.LocalStore;
import dev.millrace.store.PartitionWriter;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What it costs to look for a new key in a product's other partitions, by their number: rows with a key of their own into an
 * upsert product, and into an append product, which indexes the key and looks nowhere. One thread writes the store alone.
 */
public final class KeysBench implements Bench {
    private static final String METRIC = "time per row";
    private static final int RUN = 500;
    private static final int TEXT = 12;
    private static final List<Integer> PARTITIONS = List.of(1, 4, 64);
    private static final Schema CONTRACT = new Schema(List.of(
            new Field("id", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
            new Field("value", FieldType.notNullable(new ArrowType.Int(64, true)), List.of())));

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of("rows", "2000000", "rounds", "5"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException {
        int rows = arguments.number("rows", this);
        int rounds = arguments.number("rounds", this);
        Map<String, List<Double>> nanos = new LinkedHashMap<>();
        for (int round = -1; round < rounds; round++) { // the first one warms up
            for (int partitions : PARTITIONS) {
                // In turns, since the second finds the memory that the first gave back.
                for (boolean upsert : new boolean[] {round % 2 == 0, round % 2 != 0}) {
                    double taken = nanosPerRow(partitions, upsert, rows);
                    if (round >= 0) {
                        nanos.computeIfAbsent(name(partitions, upsert), name -> new ArrayList<>())
                                .add(taken);
                    }
                }
            }
            progress.accept("round " + (round + 1) + " of " + rounds);
        }
        List<Series> results = nanos.entrySet().stream()
                .map(each -> new Series(each.getKey(), METRIC, "ns", each.getValue()))
                .toList();
        List<Ratio> ratios = PARTITIONS.stream()
                .map(each ->
                        Report.ratio(results, METRIC, name(each, true), name(each, false), 1.15, Ratio.Better.LOWER))
                .flatMap(Optional::stream)
                .toList();
        return Report.of("keys", String.format("%,d rows with a key of their own", rows), results, ratios, List.of());
    }

    private static String name(int partitions, boolean upsert) {
        return partitions + " partitions, " + (upsert ? "upsert" : "append");
    }

    private static double nanosPerRow(int partitions, boolean upsert, int rows) throws IOException {
        Path folder = Files.createTempDirectory("millrace-bench-keys");
        try (var allocator = new RootAllocator();
                ExecutorService files = Executors.newSingleThreadExecutor();
                LocalStore store = LocalStore.open(
                        new StoreSchema(CONTRACT, List.of("id"), upsert),
                        TestOptions.of(4L << 30, Duration.ofHours(1)),
                        folder,
                        new StoreResources(allocator, allocator, files))) {
            store.topic("t", partitions);
            List<PartitionWriter> writers = Stream.iterate(0, p -> p + 1)
                    .limit(partitions)
                    .map(store::writer)
                    .toList();
            byte[] id = new byte[TEXT];
            long begun = System.nanoTime();
            for (int row = 0; row < rows; ) {
                PartitionWriter writer = writers.get(row / RUN % partitions);
                for (int end = Math.min(rows, row + RUN); row < end; row++) {
                    if (!writer.ready(1)) {
                        throw new IllegalStateException("no memory for the rows");
                    }
                    text(id, row);
                    writer.batch().column(0).putBytes(id, 0, id.length);
                    writer.batch().column(1).putInt64(row);
                    writer.commit(row, row, false);
                }
                writer.publish();
            }
            double taken = (double) (System.nanoTime() - begun) / rows;
            try (Snapshot snapshot = store.snapshot()) {
                if (snapshot.rows() != rows) {
                    throw new IllegalStateException(snapshot.rows() + " rows of " + rows);
                }
            }
            return taken;
        } finally {
            Folders.delete(folder);
        }
    }

    private static void text(byte[] into, int number) {
        int rest = number;
        for (int i = TEXT - 1; i >= 0; i--) {
            into[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
    }
}
