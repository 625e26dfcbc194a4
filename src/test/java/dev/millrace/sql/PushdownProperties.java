package dev.millrace.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.Folders;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Layout;
import dev.millrace.domain.Products;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.Filter;
import dev.millrace.query.Reading;
import dev.millrace.query.RowSource;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.SampleRows;
import dev.millrace.query.StatementDatabase;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import dev.millrace.text.JsonEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A statement over scans that leave rows out says what it says over all rows. */
class PushdownProperties {
    private static final int ROWS = 4_000;
    private static final Path FOLDER = folder();
    private static final SampleRows SAMPLE = new SampleRows(FOLDER.resolve("store"));
    private static final View VIEW = view();

    private static Path folder() {
        try {
            return Files.createTempDirectory("pushdown");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static View view() {
        SAMPLE.writeUsual(0, ROWS);
        return Products.of("d", "p", SAMPLE.store()).as(Principal.ANYBODY);
    }

    @AfterContainer
    static void close() throws IOException {
        SAMPLE.close();
        Folders.delete(FOLDER);
    }

    @Property(tries = 150, shrinking = ShrinkingMode.OFF)
    void statement_overPushedFilters_saysWhatItSaysOverAllRows(@ForAll long seed) {
        String sql = new Statements(new Random(seed)).statement();
        assertEquals(rows(sql, false).answer(), rows(sql, true).answer(), sql);
    }

    @Property(tries = 1)
    void comparisons_ofOneTable_leaveRowsOut() {
        for (String where : List.of(
                "delay = 5",
                "p.delay > 170 AND true",
                "origin IN ('SFO') AND \"limit\" = 3",
                "\"at\" < '2001-09-09 01:46:41'",
                "\"at\" < TIMESTAMP '2001-09-09 01:46:40.100'",
                "day BETWEEN DATE '2000-02-13' AND '2000-02-14'",
                "3 > \"limit\"",
                "price <= 1.25")) {
            Run run = rows("SELECT * FROM d.p WHERE " + where, true);
            assertTrue(run.scanned() < ROWS, () -> where + " scans " + run.scanned());
            assertEquals(rows("SELECT * FROM d.p WHERE " + where, false).answer(), run.answer());
        }
        for (String whole : List.of(
                "SELECT * FROM d.p WHERE delay = 5 OR true",
                "SELECT upper(origin) AS origin FROM d.p WHERE origin = 'SFO'",
                "SELECT count(*) FROM d.p a, d.p b WHERE a.delay = 5 AND b.id = 'id-1'",
                "SELECT * FROM d.p WHERE delay + 0 = 5",
                "SELECT * FROM d.p AS q(x, y, z) WHERE x = 'id-1'",
                "SELECT * FROM range(3) r ASOF JOIN d.p ON r.range >= p.\"limit\" WHERE p.delay = 5")) {
            assertEquals(true, rows(whole, true).scanned() % ROWS == 0, whole);
        }
    }

    /** DuckDB may have fewer of their digits, and then finds more rows. */
    @Property(tries = 1)
    void times_finerThanMicroseconds_areDuckDbsToCompare() {
        try (var database = new StatementDatabase("mesh", FOLDER, 256 << 20, 64 << 20, 1, () -> false)) {
            Judgement judgement = Judgement.of(database.parse("SELECT * FROM d.p WHERE \"at\" >= '2001-01-01'"));
            for (TimeUnit unit : List.of(TimeUnit.MILLISECOND, TimeUnit.MICROSECOND, TimeUnit.NANOSECOND)) {
                var schema = new Schema(List.of(Field.nullable("at", new ArrowType.Timestamp(unit, "UTC"))));
                Filter filter = Pushdown.filter(
                        judgement.pushed().getOrDefault("d.p", List.of()),
                        Layout.of(schema).top());
                assertEquals(unit == TimeUnit.NANOSECOND, filter.isAll(), unit::name);
            }
        }
    }

    private record Run(List<String> answer, long scanned) {}

    private static Run rows(String sql, boolean pushes) {
        var answer = new ArrayList<String>();
        long[] scanned = {0};
        try (var database = new StatementDatabase("mesh", FOLDER, 256 << 20, 64 << 20, 1, () -> false);
                Reading reading = VIEW.open()) {
            Judgement judgement = Judgement.of(database.parse(sql));
            Filter filter = pushes
                    ? Pushdown.filter(
                            judgement.pushed().getOrDefault("d.p", List.of()),
                            VIEW.shape().columns())
                    : Filter.ALL;
            List<ColumnLayout> columns = VIEW.shape().columns();
            database.table(
                    "d", "p", columns, leaves -> new Counted(reading.scan(RowsQuery.scan(leaves, filter)), scanned));
            var layout = database.prepare(sql, "");
            var encoder = JsonEncoder.of(layout.top(), false);
            database.run(SAMPLE.allocator(), (batch, rows) -> {
                for (int row = 0; row < rows; row++) {
                    answer.add(line(encoder, batch, row));
                }
            });
        } catch (StatementDatabase.Failed | ProblemException failed) { // a statement that is none, whatever is pushed
            answer.add(String.valueOf(failed.getMessage()).split("\n", 2)[0]);
        }
        answer.sort(null);
        return new Run(answer, scanned[0]);
    }

    private static String line(JsonEncoder encoder, Batch batch, int row) {
        try (var target = new ByteSink.ArrowTarget(SAMPLE.allocator(), 64)) {
            var sink = new ByteSink(target);
            encoder.row(batch, row, sink);
            return new String(sink.toBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    /** Counts what a scan gives. */
    private record Counted(RowSource rows, long[] scanned) implements RowSource {
        @Override
        public boolean next() {
            boolean more = rows.next();
            scanned[0] += rows.count();
            return more;
        }

        @Override
        public Batch batch() {
            return rows.batch();
        }

        @Override
        public int[] selection() {
            return rows.selection();
        }

        @Override
        public int count() {
            return rows.count();
        }

        @Override
        public boolean isTransient() {
            return rows.isTransient();
        }

        @Override
        public void close() {
            rows.close();
        }
    }

    /** Statements of every form that a filter might be read out of, and of many that it must not be. */
    private record Statements(Random random) {
        private static final List<String> CONDITIONS = List.of(
                "%sdelay = 5",
                "%sdelay > 100",
                "%sdelay >= 2.5",
                "%sdelay < '50'",
                "7 <= %sdelay",
                "%sdelay IN (1, 2, 3)",
                "%sdelay IN (1, NULL)",
                "%sdelay BETWEEN 10 AND 20",
                "%sdelay BETWEEN 1.5 AND 20",
                "%sdelay IS NULL",
                "%sdelay IS DISTINCT FROM 5",
                "NOT %sdelay = 5",
                "%sdelay = 5 OR %sok",
                "%sorigin = 'SFO'",
                "%sorigin IN ('SFO', 'LAX')",
                "%sorigin >= 'LAX'",
                "%sorigin = 'sfo' COLLATE NOCASE",
                "lower(%sorigin) = 'sfo'",
                "%sspeed > 10",
                "%sspeed = 0.25",
                "%sprice = 1.25",
                "%sprice > 1e1",
                "%sprice < 39.999",
                "%sday = '2000-02-14'",
                "%sday = DATE '2000-02-14'",
                "%sday < TIMESTAMP '2000-02-14 10:00'",
                "%s\"at\" > '2001-09-09'",
                "%s\"at\" > '2001-09-09T01:46:41'",
                "%s\"at\" > '2001-09-09 01:46:41+01'",
                "%s\"at\" <= TIMESTAMP '2001-09-09 01:46:42.5'",
                "%s\"at\" > '2001-09-09 10:00'::DATE",
                "%sok",
                "%sok = true",
                "%s\"limit\" = 9 - 1",
                "%s\"limit\" = -1",
                "%sid = 'id-17'",
                "%sproperties.mag = 3",
                "%sid = (SELECT max(id) FROM d.p WHERE delay = 3)");
        private static final List<String> FROMS = List.of(
                "d.p",
                "d.p",
                "d.p",
                "d.p AS q",
                "mesh.d.p AS q",
                "d.p q TABLESAMPLE 100%",
                "d.p q JOIN range(20) r(n) ON r.n = q.\"limit\"",
                "range(20) r(n) LEFT JOIN d.p q ON r.n = q.\"limit\"",
                "range(20) r(n) FULL JOIN d.p q ON r.n = q.\"limit\"",
                "d.p q SEMI JOIN range(5) r(n) ON r.n = q.\"limit\"",
                "range(20) r(n) ANTI JOIN d.p q ON r.n = q.\"limit\"",
                "range(20) r(n) ASOF JOIN d.p q ON r.n >= q.\"limit\"",
                "d.p q, range(2) r(n)",
                "d.p q, LATERAL (SELECT q.delay + 1 AS more) l",
                "d.p q JOIN d.p z USING (id)",
                "(SELECT * FROM d.p WHERE %s) q");

        String statement() {
            String from = FROMS.get(random.nextInt(FROMS.size()));
            boolean named = !from.equals("d.p");
            if (from.contains("%s)")) {
                from = from.formatted(condition(""));
            }
            String where = condition(named ? "q." : random.nextBoolean() ? "p." : "");
            for (int more = random.nextInt(3); more > 0; more--) {
                where += (random.nextInt(4) == 0 ? " OR " : " AND ") + condition(named ? "q." : "");
            }
            String select = switch (random.nextInt(5)) {
                case 0 -> "count(*), min(id), max(delay), sum(\"limit\")";
                case 1 -> named ? "q.id, q.delay" : "id, delay AS origin, origin AS id2";
                case 2 -> named ? "q.id AS delay" : "upper(origin) AS origin, -delay AS delay, id";
                default -> named ? "q.id" : "*";
            };
            if (from.contains("ANTI")) {
                return "SELECT * FROM " + from;
            }
            String statement = "SELECT " + select + " FROM " + from + " WHERE " + where;
            return switch (random.nextInt(8)) {
                case 0 -> "WITH w AS (" + statement + ") SELECT count(*) FROM w";
                case 1 -> "WITH w AS (" + statement + ") SELECT count(*) FROM w a, (SELECT * FROM w LIMIT 2) b";
                case 2 -> statement + " UNION ALL " + statement;
                case 3 -> "SELECT count(*) FROM (" + statement + ")";
                default -> statement;
            };
        }

        private String condition(String of) {
            return CONDITIONS.get(random.nextInt(CONDITIONS.size())).replace("%s", of);
        }
    }
}
