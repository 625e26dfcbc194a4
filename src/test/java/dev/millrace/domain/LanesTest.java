package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LanesTest {
    private final List<Lanes.Lane> threads =
            List.of(new Lanes.Lane("zero"), new Lanes.Lane("one"), new Lanes.Lane("two"));

    @AfterEach
    void close() {
        threads.forEach(lane -> lane.tasks().close());
    }

    @Test
    void count_ofPartitions_isAtLeastOneAndAtMostTheThreads() {
        var lanes = new Lanes(threads, 0);

        assertEquals(
                List.of(1, 1, 2, 3, 3, 3),
                IntStream.of(0, 1, 2, 3, 4, 64).map(lanes::count).boxed().toList());
    }

    @Test
    void partitions_ofTwoProducts_beginWithDifferentThreadsAndGoRound() {
        assertEquals(List.of("zero", "one", "two", "zero", "one"), threadsOf(new Lanes(threads, 0)));
        assertEquals(List.of("one", "two", "zero", "one", "two"), threadsOf(new Lanes(threads, 1)));
        assertEquals(List.of("two", "zero", "one", "two", "zero"), threadsOf(new Lanes(threads, 5)));
    }

    @Test
    void isHere_onTheLaneOfAPartition_isTrueThereAlone() {
        var lanes = new Lanes(threads, 1);

        for (int partition = 0; partition < 6; partition++) {
            int own = partition;
            List<Boolean> here = IntStream.range(0, 3)
                    .mapToObj(lane -> lanes.ask(lane, () -> lanes.isHere(own)).join())
                    .toList();
            assertEquals(
                    IntStream.range(0, 3).mapToObj(lane -> lane == own % 3).toList(), here, "partition " + partition);
            assertFalse(lanes.isHere(partition), "not on the test's thread");
        }
    }

    @Test
    void isHere_beforeALaneDidAnything_isFalse() {
        assertFalse(new Lanes(threads, 0).isHere(0));
    }

    @Test
    void ask_tasksOfOneLane_runInTheOrderSent() throws InterruptedException {
        var lanes = new Lanes(threads, 2);
        List<Integer> ran = Collections.synchronizedList(new ArrayList<>());
        var gate = new CountDownLatch(1);
        lanes.execute(() -> {
            try {
                gate.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
        });
        List<CompletableFuture<Boolean>> sent = IntStream.range(0, 100)
                .mapToObj(i -> lanes.ask(0, () -> ran.add(i)))
                .toList();

        assertEquals("other", lanes.ask(1, () -> "other").join(), "another lane goes on");
        assertEquals(List.of(), ran);
        gate.countDown();
        sent.getLast().join();
        assertEquals(IntStream.range(0, 100).boxed().toList(), ran);
    }

    @Test
    void ask_taskThatFails_failsItsResultAndNoLaterOne() {
        var lanes = new Lanes(threads, 0);

        CompletableFuture<String> failed = lanes.ask(0, () -> {
            throw new IllegalStateException("broken");
        });

        assertInstanceOf(
                IllegalStateException.class,
                assertThrows(CompletionException.class, failed::join).getCause());
        assertEquals("fine", lanes.ask(0, () -> "fine").join());
    }

    private static List<String> threadsOf(Lanes lanes) {
        return IntStream.range(0, 5)
                .mapToObj(partition -> lanes.ask(
                                lanes.of(partition),
                                () -> Thread.currentThread().getName())
                        .join())
                .toList();
    }
}
