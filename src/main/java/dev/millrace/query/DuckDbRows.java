package dev.millrace.query;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.problem.Problem;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.duckdb.DuckDBColumnType;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBLogicalType;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;
import org.jspecify.annotations.Nullable;

/**
 * The table function through which one DuckDB pulls rows of ours. DuckDB calls it on threads of its own or the asking one;
 * all that it calls goes through a question's {@link Callbacks}.
 */
final class DuckDbRows implements DuckDBTableFunction<DuckDbRows.Question, DuckDbRows.Scan, Object> {
    private static final String NAME = "millrace_rows";

    private final Map<Long, Question> questions = new ConcurrentHashMap<>();
    private final AtomicLong numbers = new AtomicLong();

    /** What gives the rows of one scan, of the columns with these numbers at least. */
    interface Opening {
        RowSource open(int[] projected);
    }

    void register(DuckDBConnection database) throws SQLException {
        DuckDBFunctions.tableFunction()
                .withName(NAME)
                .withParameter(DuckDBColumnType.BIGINT)
                .withProjectionPushdown()
                .withFunction(this)
                .register(database);
    }

    /** Makes a question known under a number of its own, until it is removed. */
    long add(Question question) {
        long number = numbers.incrementAndGet();
        questions.put(number, question);
        return number;
    }

    void remove(long number) {
        questions.remove(number);
    }

    /** The table of a question's rows in SQL. */
    static String table(long number) {
        return NAME + "(" + number + "::BIGINT)";
    }

    @Override
    public @Nullable Question bind(DuckDBTableFunctionBindInfo info) {
        return new Callbacks()
                .ending(Optional.<Question>empty(), () -> {
                    Optional<Question> question = Optional.ofNullable(
                            questions.get(info.getParameter(0).getLong()));
                    question.ifPresent(asked -> asked.bind(info));
                    return question;
                })
                .orElse(null);
    }

    @Override
    public @Nullable Scan init(DuckDBTableFunctionInitInfo info) {
        return info.getBindData() instanceof Question question ? question.init(info) : null;
    }

    @Override
    public long apply(DuckDBTableFunctionCallInfo info, DuckDBDataChunkWriter chunk) {
        return info.getInitData() instanceof Scan scan ? scan.question.callbacks.ending(0, () -> scan.fill(chunk)) : 0;
    }

    /** Rows that one statement may scan, more than once where it names them so. Any thread. */
    static final class Question {
        private final Opening opening;
        private final List<ColumnLayout> columns;
        private final BooleanSupplier stop;
        private final Runnable look;
        private final Callbacks callbacks = new Callbacks();
        private volatile boolean bound;

        /**
         * @param opening asked once for each scan; who gives the rows closes them
         * @param stop whether nobody waits for the answer any more; any thread
         * @param look called before each chunk; throws what ends the statement
         */
        Question(Opening opening, List<ColumnLayout> columns, BooleanSupplier stop, Runnable look) {
            this.opening = opening;
            this.columns = columns;
            this.stop = stop;
            this.look = look;
        }

        /** Whether nobody waits for the answer any more. */
        boolean unwanted() {
            return stop.getAsBoolean();
        }

        /** What the statement failed with in our code, if it did; to be asked when the statement has ended, however it did. */
        void rethrow() {
            callbacks.rethrow();
        }

        /** Whether the statement has read these rows and no other. */
        boolean isBound() {
            return bound;
        }

        private void bind(DuckDBTableFunctionBindInfo info) {
            bound = true;
            callbacks.ending(0, () -> {
                for (int i = 0; i < columns.size(); i++) {
                    try (DuckDBLogicalType type = DuckDbVectors.type(columns.get(i))) {
                        info.addResultColumn("c" + i, type);
                    }
                }
                if (columns.isEmpty()) {
                    info.addResultColumn("none", Boolean.class);
                }
                return 0;
            });
        }

        private @Nullable Scan init(DuckDBTableFunctionInitInfo info) {
            return callbacks
                    .ending(Optional.<Scan>empty(), () -> {
                        info.setMaxThreads(1);
                        int[] projected = new int[(int) info.getColumnCount()];
                        for (int i = 0; i < projected.length; i++) {
                            long index = info.getColumnIndex(i);
                            projected[i] = index < 0 || index > Integer.MAX_VALUE ? Integer.MAX_VALUE : (int) index;
                        }
                        return Optional.of(new Scan(this, projected, opening.open(projected)));
                    })
                    .orElse(null);
        }

        private void look() {
            if (stop.getAsBoolean()) {
                throw nobodyWaits();
            }
            look.run();
        }

        static RuntimeException nobodyWaits() {
            return new Problem.Unavailable("The answer", "nobody waits for it any more.").exception();
        }
    }

    /** One scan of a question: its rows, and its columns in the order of DuckDB's vectors. One thread at a time. */
    static final class Scan {
        private final Question question;
        private final int[] projected;
        private final RowSource rows;
        private int at;
        private @Nullable Batch batch;
        private List<List<Column>> paths = List.of();

        Scan(Question question, int[] projected, RowSource rows) {
            this.question = question;
            this.projected = projected;
            this.rows = rows;
        }

        private synchronized int fill(DuckDBDataChunkWriter chunk) {
            question.look();
            while (at == rows.count()) {
                at = 0;
                if (!rows.next()) {
                    return 0;
                }
                question.look();
            }
            if (rows.batch() != batch) {
                batch = rows.batch();
                paths = Arrays.stream(projected)
                        .mapToObj(column -> column < question.columns.size()
                                ? rows.batch().path(question.columns.get(column).path())
                                : List.<Column>of())
                        .toList();
            }
            int count = (int) Math.min(chunk.capacity(), rows.count() - at);
            for (int i = 0; i < projected.length; i++) {
                if (!paths.get(i).isEmpty()) {
                    DuckDbVectors.write(chunk, i, paths.get(i), rows.selection(), at, count);
                }
            }
            at += count;
            return count;
        }
    }
}
