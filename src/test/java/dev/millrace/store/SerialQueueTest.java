package dev.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class SerialQueueTest {
    private final Queue<Runnable> given = new ArrayDeque<>();
    private final SerialQueue queue = new SerialQueue(given::add);
    private final List<Integer> done = new ArrayList<>();

    @Test
    void task_thatThrows_holdsUpNoneBehindIt() {
        queue.execute(() -> {
            throw new OutOfMemoryError("of this one");
        });
        queue.execute(() -> done.add(2));
        assertThrows(OutOfMemoryError.class, () -> given.remove().run());
        queue.execute(() -> done.add(3));
        assertEquals(1, given.size());
        given.remove().run();
        assertEquals(List.of(2, 3), done);
    }

    @Test
    void task_thatThrowsAsTheLast_leavesAQueueThatTakesMore() {
        queue.execute(() -> {
            throw new IllegalStateException("of this one");
        });
        assertThrows(IllegalStateException.class, () -> given.remove().run());
        assertEquals(0, given.size());
        queue.execute(() -> done.add(1));
        given.remove().run();
        assertEquals(List.of(1), done);
    }
}
