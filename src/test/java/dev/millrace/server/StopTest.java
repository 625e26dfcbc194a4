package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StopTest {
    @Test
    void close_ofARunThatDoesNotEnd_isOverInTime() {
        var stop = new Stop();
        assertFalse(stop.isSaid());
        stop.within(Duration.ofMillis(1));
        stop.close();
        assertTrue(stop.isSaid());
    }

    @Test
    void actions_areDoneOnce_whenTheWordIsSaid_orAtOnceBehindIt() {
        var stop = new Stop();
        List<String> done = new ArrayList<>();
        stop.whenSaid(() -> done.add("before"));
        assertEquals(List.of(), done);
        stop.say();
        stop.say();
        stop.whenSaid(() -> done.add("behind"));
        assertEquals(List.of("before", "behind"), done);
    }
}
