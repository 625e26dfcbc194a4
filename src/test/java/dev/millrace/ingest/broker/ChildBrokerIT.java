package dev.millrace.ingest.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.publish.SourceRecord;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ChildBrokerIT {
    @TempDir
    Path folder;

    @Test
    void restart_afterAKill_servesWhatWasAcknowledgedOnTheSamePort() throws Exception {
        byte[] large = new byte[20 * 1024 * 1024];
        large[large.length - 1] = 7;
        ChildBroker killed = ChildBroker.start(folder, 0).get(60, TimeUnit.SECONDS);
        try (TopicPublisher publisher = new TopicPublisher(killed.bootstrapServers())) {
            publisher.ensure(List.of(new TopicSpecification(
                    "large", 1, Map.of("max.message.bytes", Integer.toString(BrokerSettings.MAX_RECORD_BYTES)))));
            publisher.publish(
                    "large", List.of(new SourceRecord(new byte[] {1}, large)).iterator(), 1, (done, of) -> {});
        }
        killed.process().destroyForcibly().waitFor();

        ChildBroker restarted = killed.restart().get(30, TimeUnit.SECONDS);
        try (restarted) {
            assertEquals(killed.port(), restarted.port());
            var records = TestKafka.readAll(restarted.bootstrapServers(), "large");
            assertEquals(1, records.size());
            assertEquals(large.length, records.getFirst().value().length);
            assertEquals(7, records.getFirst().value()[large.length - 1]);
        }
        assertFalse(restarted.process().isAlive());
        assertEquals(0, restarted.process().exitValue());
    }

    @Test
    void start_whileTheLastOneStillFlushes_waitsForIt() throws Exception {
        ChildBroker last = ChildBroker.start(folder, 0).get(60, TimeUnit.SECONDS);
        last.process().getOutputStream().close(); // what the death of a parent does
        try (ChildBroker next = ChildBroker.start(folder, 0).get(60, TimeUnit.SECONDS)) {
            assertTrue(next.process().isAlive());
            assertTrue(last.process().waitFor(1, TimeUnit.SECONDS));
            assertEquals(0, last.process().exitValue());
        }
    }

    @Test
    void parent_killed_takesTheBrokerWithIt() throws Exception {
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Parent.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output = parent.inputReader()) {
            long pid = output.lines()
                    .filter(line -> line.startsWith("broker "))
                    .mapToLong(line -> Long.parseLong(line.substring("broker ".length())))
                    .findFirst()
                    .orElseThrow();
            ProcessHandle broker = ProcessHandle.of(pid).orElseThrow();
            parent.destroyForcibly().waitFor();
            assertEquals(broker, broker.onExit().get(30, TimeUnit.SECONDS));
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void interrupt_ofTheTerminal_leavesTheBrokerToItsParent() throws Exception {
        try (ChildBroker broker = ChildBroker.start(folder, 0).get(60, TimeUnit.SECONDS)) {
            long pid = broker.process().pid();
            assertEquals(
                    0,
                    new ProcessBuilder("kill", "-INT", Long.toString(pid))
                            .start()
                            .waitFor());
            assertFalse(broker.process().waitFor(500, TimeUnit.MILLISECONDS), "it ended");
            try (TopicPublisher publisher = new TopicPublisher(broker.bootstrapServers())) {
                publisher.ensure(List.of(new TopicSpecification("after", 1, Map.of())));
            }
        }
    }

    /** A main that starts a broker, says its process id and then does nothing until it is killed. */
    static final class Parent {
        private Parent() {}

        public static void main(String[] arguments) {
            ChildBroker broker = ChildBroker.start(Path.of(arguments[0]), 0).join();
            System.out.println("broker " + broker.process().pid());
            broker.process().onExit().join();
        }
    }

    @Test
    void start_whenAFreePortIsTakenMeanwhile_triesAnother() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Deque<Integer> ports = new ArrayDeque<>(
                    List.of(taken.getLocalPort(), FreePorts.ofSystem().next()));
            try (ChildBroker broker = ChildBroker.start(folder, 0, ports::pop).get(60, TimeUnit.SECONDS)) {
                assertTrue(ports.isEmpty());
                assertNotEquals(taken.getLocalPort(), broker.port());
            }
        }
    }

    @Test
    void start_onTakenPort_isAProblemAndLeavesNoChild() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            CompletionException thrown = assertThrows(
                    CompletionException.class,
                    () -> ChildBroker.start(folder, taken.getLocalPort()).join());
            ProblemException problem = assertInstanceOf(ProblemException.class, thrown.getCause());
            assertInstanceOf(Problem.CannotStart.class, problem.problem());
            assertTrue(problem.problem().detail().contains("port " + taken.getLocalPort()), problem.getMessage());
        }
        assertEquals("", Files.readString(folder.resolve("broker.log")));
    }
}
