package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.ProductState.Phase;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.SampleRows;
import dev.millrace.store.Position;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProductTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    Path folder;

    private SampleRows rows;
    private Product product;

    @BeforeEach
    void open() {
        rows = new SampleRows(folder);
        rows.writeUsual(0, 10);
        product = Products.of("aviation", "flights", rows.store());
    }

    @AfterEach
    void close() {
        rows.close();
    }

    @Test
    void face_ofAContract_saysWhatItSaysOfItself() {
        assertEquals("aviation.flights", product.qualifiedName());
        assertEquals("aviation-flights-contract", product.face().contractId());
        assertEquals("1.2.3", product.face().contractVersion());
        assertEquals("A product of a test.", product.face().description());
        assertEquals("flights", product.face().title());
    }

    @Test
    void reach_positionThatComes_endsWhenItIsAdvanced() {
        CompletableFuture<Void> reached = product.reach(ahead(1), LONG);
        product.advanced();
        assertFalse(reached.isDone(), "nothing was written yet");

        rows.writeUsual(10, 11);
        assertFalse(reached.isDone(), "nobody said so yet");
        product.advanced();

        assertTrue(reached.isDone());
        assertTrue(product.reach(ahead(0), Duration.ZERO).isDone(), "where it is already");
    }

    @Test
    void reach_positionThatDoesNotComeInTime_isNotReached() {
        CompletableFuture<Void> reached = product.reach(ahead(1), Duration.ofMillis(1));

        var failure = assertThrows(CompletionException.class, reached::join);
        assertInstanceOf(
                Problem.NotReached.class,
                assertInstanceOf(ProblemException.class, failure.getCause()).problem());
    }

    @Test
    void reach_morePartitionsOrAnotherTopic_isRefusedAtOnce() {
        Position now = product.position();
        Position more = Position.of(now.topicId(), 1, 1, 1);
        assertInstanceOf(Problem.InvalidParameter.class, problem(() -> product.reach(more, LONG)));
        Position other = Position.of("other", 1, 1);
        assertInstanceOf(Problem.Gone.class, problem(() -> product.reach(other, LONG)));
    }

    @Test
    void changed_sinceThePositionNow_saysWhetherItMoved() {
        Position now = product.position();
        CompletableFuture<Boolean> changed = product.changed(now, LONG);
        assertFalse(product.changed(now, Duration.ofMillis(1)).join());

        rows.writeUsual(10, 11);
        product.advanced();

        assertTrue(changed.join());
        assertTrue(product.changed(now, Duration.ZERO).join(), "it had moved before");
    }

    @Test
    void onAdvance_listener_isToldUntilItEnds() {
        List<String> told = new ArrayList<>();
        Runnable first = product.onAdvance(() -> told.add("first"));
        product.onAdvance(() -> told.add("second"));

        product.advanced();
        first.run();
        product.advanced();

        assertEquals(List.of("first", "second", "second"), told);
    }

    @Test
    void lag_behindTheInputsEnd_isTheSumOverPartitions() {
        assertEquals(0, product.lag(), "the end is not known yet");
        product.inputEnd(Position.of(product.position().topicId(), 8, 4));
        assertEquals(3, product.lag(), "5 of 8, and 5 of 4");
    }

    @Test
    void state_liveOnce_isRemembered_stalled_isShownInItsPlace() {
        assertFalse(product.hasBeenLive());
        product.state(new ProductState(Phase.LIVE, ""));
        product.state(new ProductState(Phase.GAP, "gone"));
        assertTrue(product.hasBeenLive());
        product.stalled("its thread does not answer");
        assertEquals(new ProductState(Phase.RETRYING, "its thread does not answer"), product.state());
        product.stalled("");
        assertEquals(new ProductState(Phase.GAP, "gone"), product.state());
    }

    @Test
    void replay_beforeTheInputIsOpen_isUnavailable() {
        var failure = assertThrows(
                CompletionException.class,
                () -> product.replay()
                        .run(new Replay.Request(Set.of(), Optional.empty(), false))
                        .join());
        assertInstanceOf(
                Problem.Unavailable.class,
                assertInstanceOf(ProblemException.class, failure.getCause()).problem());
    }

    private Position ahead(int offsets) {
        Position now = product.position();
        return Position.of(now.topicId(), now.next(0) + offsets, now.next(1));
    }

    private static Problem problem(Runnable action) {
        return assertThrows(ProblemException.class, action::run).problem();
    }
}
