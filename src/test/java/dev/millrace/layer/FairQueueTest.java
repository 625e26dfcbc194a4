package dev.millrace.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FairQueueTest {
    private final FairQueue<String> queue = new FairQueue<>();

    private void add(String domain, String client, String... tasks) {
        for (String task : tasks) {
            queue.add(new Owner(domain, client), task);
        }
    }

    private List<String> rest() {
        return Stream.generate(queue::poll)
                .takeWhile(Optional::isPresent)
                .flatMap(Optional::stream)
                .toList();
    }

    @Test
    void poll_ofManyDomains_givesEachATurn_howeverManyTasksTheOthersHave() {
        add("a", "x", "a1", "a2", "a3", "a4");
        add("b", "x", "b1");
        add("c", "x", "c1", "c2");
        assertEquals(List.of("a1", "b1", "c1", "a2", "c2", "a3", "a4"), rest());
    }

    @Test
    void poll_ofManyClients_givesEachATurn_withinTheTurnsOfTheirDomain() {
        add("a", "x", "x1", "x2", "x3");
        add("a", "y", "y1", "y2");
        add("b", "z", "z1", "z2");
        assertEquals(List.of("x1", "z1", "y1", "z2", "x2", "y2", "x3"), rest());
    }

    @Test
    void poll_whereTasksComeBackAfterTheirSlice_isFairByDomainThenByClient() {
        add("a", "x", "ax1", "ax2", "ax3");
        add("a", "y", "ay");
        add("b", "x", "b");
        int[] turns = new int[3];
        for (int i = 0; i < 1200; i++) {
            String task = queue.poll().orElseThrow();
            boolean ofA = task.startsWith("a");
            turns[ofA ? task.startsWith("ax") ? 0 : 1 : 2]++;
            add(ofA ? "a" : "b", task.startsWith("ay") ? "y" : "x", task);
        }
        assertEquals(List.of(300, 300, 600), List.of(turns[0], turns[1], turns[2]));
    }

    @Test
    void poll_whereADomainComesNew_servesItAfterOneTaskOfEachOther() {
        add("a", "x", "a1", "a2", "a3");
        assertEquals("a1", queue.poll().orElseThrow());
        add("b", "x", "b1");
        assertEquals(List.of("a2", "b1", "a3"), rest());
        assertTrue(queue.poll().isEmpty());
    }
}
