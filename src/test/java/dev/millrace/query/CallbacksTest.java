package dev.millrace.query;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.ColumnLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CallbacksTest {
    @TempDir
    private Path folder;

    private static final class Planted extends RuntimeException {}

    private static final class PlantedError extends Error {}

    enum Kind {
        EXCEPTION,
        ERROR
    }

    /** Fails at one of the calls that are counted, whichever it is, and then at no other. */
    private static final class Trap {
        private final int at;
        private final Throwable thrown;
        private int calls;
        private boolean inCallback;

        Trap(int at, Kind kind) {
            this.at = at;
            this.thrown = kind == Kind.ERROR ? new PlantedError() : new Planted();
        }

        <T> T pass(T result) {
            if (calls++ == at) {
                inCallback = StackWalker.getInstance()
                        .walk(frames ->
                                frames.anyMatch(frame -> frame.getClassName().equals(Callbacks.class.getName())));
                if (thrown instanceof Error error) {
                    throw error;
                }
                throw (Planted) thrown;
            }
            return result;
        }

        boolean sprung() {
            return calls > at;
        }
    }

    /** Everything that a callback asks of the rows fails where the trap is. */
    private record TrappedRows(RowsScan rows, Trap trap) implements RowSource {
        @Override
        public boolean next() {
            return trap.pass(rows.next());
        }

        @Override
        public Batch batch() {
            return trap.pass(rows.batch());
        }

        @Override
        public int[] selection() {
            return trap.pass(rows.selection());
        }

        @Override
        public int count() {
            return trap.pass(rows.count());
        }
    }

    private static List<ColumnLayout> trapped(List<ColumnLayout> columns, Trap trap) {
        return new AbstractList<>() {
            @Override
            public ColumnLayout get(int index) {
                return trap.pass(columns.get(index));
            }

            @Override
            public int size() {
                return trap.pass(columns.size());
            }
        };
    }

    /** A throw planted at each call in turn, until a statement gets through; after each the engine answers. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    @Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void callback_thatFailsAtAnyPlace_failsItsStatement_andNoOther(Kind kind) throws IOException {
        try (var sample = new SampleRows(folder.resolve("store"));
                var engine = DuckDbEngineTest.engine(folder)) {
            sample.writeUsual(0, 3_000);
            var columns = new ArrayList<>(SampleRows.SCHEMA.columns().subList(0, 9));
            int inCallbacks = 0;
            int at = 0;
            for (Trap trap = new Trap(at, kind); ; trap = new Trap(++at, kind)) {
                Trap planted = trap;
                BooleanSupplier stop = () -> planted.pass(false);
                try (var snapshot = sample.store().snapshot();
                        var scan = new RowsScan(snapshot, DuckDbEngineTest.query())) {
                    var rows = new TrappedRows(scan, planted);
                    try {
                        var file = engine.parquet(rows, trapped(columns, planted), Long.MAX_VALUE, stop);
                        assertFalse(planted.sprung(), "the failure at call " + at + " was lost");
                        assertTrue(DuckDbEngine.delete(file.path()));
                        break;
                    } catch (Planted | PlantedError failure) {
                        assertSame(planted.thrown, failure);
                    }
                    inCallbacks += planted.inCallback ? 1 : 0;
                }
                assertEquals(List.of(), DuckDbEngineTest.files(folder));
            }
            assertTrue(inCallbacks > 40, inCallbacks + " of " + at + " calls were in callbacks");
            DuckDbEngineTest.assertAnswers(sample, engine);
        }
    }

    @Test
    void ending_afterAFailure_runsNothing_andKeepsTheFirst() {
        var callbacks = new Callbacks();
        assertEquals(7, callbacks.ending(0, () -> 7));
        callbacks.rethrow();
        var first = new IOException("first");
        assertEquals(0, callbacks.ending(0, () -> {
            throw first;
        }));
        var ran = new AtomicBoolean();
        assertEquals(-1, callbacks.ending(-1, () -> ran.compareAndSet(false, true) ? 1 : 2));
        assertFalse(ran.get());
        assertSame(
                first,
                assertInstanceOf(
                        IOException.class,
                        assertThrows(IllegalStateException.class, callbacks::rethrow)
                                .getCause()));
    }
}
