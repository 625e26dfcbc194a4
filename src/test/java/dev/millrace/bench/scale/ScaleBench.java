package dev.millrace.bench.scale;

import dev.millrace.Folders;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Dictionary;
import dev.millrace.arrow.Layout;
import dev.millrace.arrow.SparseFile;
import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.PageCursor;
import dev.millrace.query.QueryParser;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.RowsScan;
import dev.millrace.query.Shape;
import dev.millrace.store.LocalStore;
import dev.millrace.store.Snapshot;
import dev.millrace.store.SparseStore;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a product costs by the number of its bytes and of its files: opening it, and finding a few rows in it. The files
 * are sparse, so that they need no disk of their size; what is read of them are true rows. All of it happens in this
 * process, warm after the first round, with the files' first and last pages in the page cache.
 */
public final class ScaleBench implements Bench {
    private static final String PRODUCT = "bench.scale";
    private static final int PARTITIONS = 4;
    private static final int ROWS = 8192;
    private static final int SMALL_ROWS = 16;
    private static final int PAGE = 100;
    private static final int STATISTICS_ROWS = 65_536;

    private final CursorCodec cursors = new CursorCodec(new byte[16]);
    private final Map<List<String>, List<Double>> figures = new LinkedHashMap<>();

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of(
                "part",
                "files",
                "gigabytes",
                "200",
                "small-files",
                "20000",
                "rounds",
                "5",
                "folder",
                "",
                "rows",
                "16000000",
                "seconds",
                "10"));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) throws IOException, InterruptedException {
        String given = arguments.text("folder", this);
        Path folder = given.isEmpty()
                ? Files.createTempDirectory("millrace-scale")
                : Files.createTempDirectory(Path.of(given), "millrace-scale");
        try {
            return switch (arguments.text("part", this)) {
                case "files" -> files(arguments, folder, progress);
                case "bystander" -> bystander(arguments, folder, progress);
                case String other -> throw new IllegalArgumentException("There is no part '" + other + "'.");
            };
        } finally {
            Folders.delete(folder);
        }
    }

    private Report bystander(Arguments arguments, Path folder, Consumer<String> progress)
            throws IOException, InterruptedException {
        int rows = arguments.number("rows", this);
        List<Series> results = new ArrayList<>();
        List<Ratio> ratios = new ArrayList<>();
        progress.accept("writing " + rows + " rows");
        try (var bystanders = new Bystanders(folder, rows)) {
            bystanders.measure(
                    arguments.number("rounds", this), arguments.number("seconds", this), results, ratios, progress);
        }
        return Report.of(
                "scale",
                String.format(
                        Locale.ROOT,
                        "sorts of %,d rows by a column in random order, and a filtered page of a small product of another"
                                + " domain every 5 ms",
                        rows),
                results,
                ratios,
                List.of());
    }

    private Report files(Arguments arguments, Path folder, Consumer<String> progress) throws IOException {
        int rounds = arguments.number("rounds", this);
        long fileBytes = ROWS * (SparseStore.FLOATS * 4L + SparseStore.FLOATS / 8 + 32);
        int files = (int) Math.max(1, arguments.number("gigabytes", this) * 1_000_000_000L / fileBytes / PARTITIONS);
        int smallFiles = Math.max(1, arguments.number("small-files", this) / PARTITIONS);
        try (BufferAllocator root = new RootAllocator()) {
            progress.accept("statistics");
            statistics(root);
            progress.accept("making " + PARTITIONS * files + " sparse files");
            Path large = folder.resolve("large");
            long bytes = SparseStore.make(SparseStore.SCHEMA, large, PARTITIONS, files, ROWS, root);
            for (int round = 0; round < rounds; round++) {
                round("sparse, " + PARTITIONS * files + " files", SparseStore.SCHEMA, large, files * (long) ROWS, root);
                progress.accept("round " + (round + 1) + " over the sparse files");
            }
            progress.accept("making " + PARTITIONS * smallFiles + " small files");
            Path small = folder.resolve("small");
            SparseStore.make(SparseStore.NARROW, small, PARTITIONS, smallFiles, SMALL_ROWS, root);
            for (int round = 0; round < rounds; round++) {
                round(
                        "small, " + PARTITIONS * smallFiles + " files",
                        SparseStore.NARROW,
                        small,
                        smallFiles * (long) SMALL_ROWS,
                        root);
                progress.accept("round " + (round + 1) + " over the small files");
            }
            return Report.of(
                    "scale",
                    String.format(
                            Locale.ROOT,
                            "%,d rows, %.1f GB in %,d files of which %.2f GB are on the disk; pages of %d rows",
                            (long) PARTITIONS * files * ROWS,
                            bytes / 1e9,
                            PARTITIONS * files,
                            allocatedBytes(large) / 1e9,
                            PAGE),
                    figures.entrySet().stream()
                            .map(each -> new Series(
                                    each.getKey().get(0),
                                    each.getKey().get(1),
                                    each.getKey().get(2),
                                    each.getValue()))
                            .toList(),
                    List.of(),
                    List.of());
        }
    }

    private void round(String name, StoreSchema schema, Path folder, long rows, BufferAllocator root)
            throws IOException {
        var options = TestOptions.of(65_536, 32 << 20, 256 << 20, Duration.ofHours(1));
        long begin = System.nanoTime();
        LocalStore store = LocalStore.open(schema, options, folder, new StoreResources(root, root, Runnable::run));
        add(name, "open", begin);
        begin = System.nanoTime();
        try (Snapshot snapshot = store.snapshot()) {
            snapshot.slices(0);
            add(name, "snapshot", begin);
            long middle = rows / 2;
            RowsQuery all = parse(schema, Map.of());
            page(
                    name,
                    "page from a cursor",
                    snapshot,
                    parse(
                            schema,
                            Map.of(
                                    "cursor",
                                    cursors.encode(
                                            PRODUCT,
                                            new PageCursor(
                                                    snapshot.position(),
                                                    PARTITIONS - 1,
                                                    middle,
                                                    0,
                                                    all.fingerprint())))));
            page(name, "page by id", snapshot, parse(schema, Map.of("id[gte]", Long.toString(rows - PAGE))));
            page(name, "row by id", snapshot, parse(schema, Map.of("id", Long.toString(middle))));
            page(
                    name,
                    "page by time",
                    snapshot,
                    parse(schema, Map.of("at[gte]", time(middle), "at[lt]", time(middle + PAGE))));
            page(name, "no row, by time", snapshot, parse(schema, Map.of("at[lt]", time(-1))));
        }
        begin = System.nanoTime();
        store.close();
        add(name, "close", begin);
    }

    private static String time(long row) {
        return Instant.ofEpochMilli(SparseStore.FIRST_MILLIS + row * SparseStore.STEP_MILLIS)
                .toString();
    }

    private RowsQuery parse(StoreSchema schema, Map<String, String> parameters) {
        return new QueryParser(PRODUCT, new Shape(schema), 0, QueryParser.Limits.USUAL, cursors)
                .parse(new ArrayList<>(parameters.entrySet()));
    }

    private void page(String name, String metric, Snapshot snapshot, RowsQuery query) {
        long begin = System.nanoTime();
        var scan = new RowsScan(snapshot, query);
        int found = 0;
        while (found < PAGE && scan.next()) {
            found += scan.count();
        }
        add(name, metric, begin);
        if ((found == 0) != metric.startsWith("no row")) {
            throw new IllegalStateException(metric + " found " + found);
        }
    }

    private void statistics(BufferAllocator root) {
        var types = new LinkedHashMap<String, ArrowType>();
        types.put("integer", new ArrowType.Int(64, true));
        types.put("floating", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE));
        types.put("decimal", new ArrowType.Decimal(20, 2, 128));
        types.put("boolean", ArrowType.Bool.INSTANCE);
        types.put("text", ArrowType.Utf8.INSTANCE);
        var fields = new ArrayList<Field>();
        types.forEach((name, type) -> fields.add(new Field(name, FieldType.notNullable(type), List.of())));
        fields.add(Dictionary.field(
                new Field("enum", FieldType.notNullable(ArrowType.Utf8.INSTANCE), List.of()),
                0,
                List.of("EUR", "USD", "GBP")));
        var random = new Random(1);
        try (var writer = new BatchWriter(Layout.of(new Schema(fields)), root)) {
            writer.open(STATISTICS_ROWS);
            for (int i = 0; i < STATISTICS_ROWS; i++) {
                writer.column(0).putInt64(random.nextLong());
                writer.column(1).putFloat64(random.nextDouble());
                writer.column(2).putDecimal(random.nextLong(), 0);
                writer.column(3).putBit(random.nextBoolean());
                byte[] text = Long.toString(random.nextLong(), 36).getBytes(java.nio.charset.StandardCharsets.UTF_8);
                writer.column(4).putBytes(text, 0, text.length);
                writer.column(5).putFixed(random.nextInt(3));
                writer.endRow();
            }
            Batch batch = writer.batch();
            for (int round = 0; round < 5; round++) {
                for (int c = 0; c < fields.size(); c++) {
                    double nanos = SparseFile.statisticsNanos(batch, c, STATISTICS_ROWS);
                    if (round > 1) {
                        figure("statistics", fields.get(c).getName() + ", a value", "ns", nanos);
                    }
                }
            }
        }
    }

    private void add(String name, String metric, long begin) {
        figure(name, metric, "ms", (System.nanoTime() - begin) / 1e6);
    }

    private void figure(String name, String metric, String unit, double value) {
        figures.computeIfAbsent(List.of(name, metric, unit), _ -> new ArrayList<>())
                .add(value);
    }

    /** What the files take of the disk, by {@code du}; 0 where there is none. */
    private static long allocatedBytes(Path folder) throws IOException {
        Process du = new ProcessBuilder("du", "-s", "-k", folder.toString()).start();
        String out = new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        return Long.parseLong(out.split("\\s")[0]) * 1024;
    }
}
