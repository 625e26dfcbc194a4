package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.EventExecutor;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoopWatchTest {
    private final EventExecutor hangs = new DefaultEventExecutor();
    private final EventExecutor turns = new DefaultEventExecutor();
    private final LoopWatch watch = new LoopWatch(List.of(hangs, turns), 2);

    @AfterEach
    void end() {
        hangs.shutdownGracefully();
        turns.shutdownGracefully();
    }

    private void settled(EventExecutor loop) throws Exception {
        loop.submit(() -> {}).get();
    }

    @Test
    void loop_thatHoldsItsTurn_isStuck_untilItAnswers() throws Exception {
        watch.look();
        settled(hangs);
        settled(turns);
        var gate = new CountDownLatch(1);
        hangs.submit(() -> gate.await(50, TimeUnit.SECONDS));
        for (int looks = 0; looks < 2; looks++) {
            watch.look();
            settled(turns);
            assertEquals(List.of(), watch.stuck());
        }
        watch.look();
        settled(turns);
        WorkerPool.Stuck stuck = watch.stuck().getFirst();
        assertEquals(1, watch.stuck().size());
        assertTrue(stuck.pool().startsWith("defaultEventExecutor-"), stuck::pool);
        gate.countDown();
        settled(hangs);
        assertEquals(List.of(), watch.stuck());
    }
}
