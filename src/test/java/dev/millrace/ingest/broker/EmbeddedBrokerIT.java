package dev.millrace.ingest.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedBrokerIT {
    @TempDir
    Path folder;

    @Test
    void start_onItsOwnFolderAgain_servesTheSameCluster() throws Exception {
        String clusterId;
        int port;
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, 0);
                Admin admin = admin(broker)) {
            admin.createTopics(List.of(new NewTopic("kept", 2, (short) 1)))
                    .all()
                    .get(10, TimeUnit.SECONDS);
            clusterId = admin.describeCluster().clusterId().get(10, TimeUnit.SECONDS);
            port = broker.port();
        }
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder, port);
                Admin admin = admin(broker)) {
            assertEquals(port, broker.port());
            assertEquals(clusterId, admin.describeCluster().clusterId().get(10, TimeUnit.SECONDS));
            assertEquals(Set.of("kept"), admin.listTopics().names().get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void start_onTakenPort_isAProblemThatNamesIt() throws Exception {
        try (ServerSocket taken = listen()) {
            ProblemException thrown =
                    assertThrows(ProblemException.class, () -> EmbeddedBroker.start(folder, taken.getLocalPort()));
            assertInstanceOf(Problem.CannotStart.class, thrown.problem());
            assertTrue(thrown.problem().detail().contains("port " + taken.getLocalPort()), thrown.getMessage());
        }
    }

    @Test
    void take_whileHeldByAnother_isAProblemAfterItsPatience() throws Exception {
        try (FolderLock held = FolderLock.take(folder, Duration.ZERO)) {
            ProblemException thrown =
                    assertThrows(ProblemException.class, () -> FolderLock.take(folder, Duration.ofMillis(50)));
            assertInstanceOf(Problem.CannotStart.class, thrown.problem());
        }
        FolderLock.take(folder, Duration.ZERO).close();
    }

    private static ServerSocket listen() throws IOException {
        return new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    }

    private static Admin admin(EmbeddedBroker broker) {
        return Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }
}
