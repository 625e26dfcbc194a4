package dev.millrace.ingest.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.ingest.TestKafka;
import dev.millrace.ingest.broker.ChildBroker;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The publisher and a broker that is killed under it, with batches under way. */
@Timeout(120)
class BrokerKilledIT {
    private static final int RECORDS = 60_000;
    private static final Set<Integer> KILLS = Set.of(7_001, 31_337, 59_990);

    @TempDir
    Path folder;

    @Test
    void publish_whileTheBrokerIsKilledAndRestarted_leavesEachRecordOnceInOrder() throws Exception {
        ChildBroker[] broker = {ChildBroker.start(folder, 0).get(60, TimeUnit.SECONDS)};
        try (TopicPublisher publisher = new TopicPublisher(broker[0].bootstrapServers())) {
            publisher.ensure(List.of(new TopicSpecification("loaded", 4, Map.of())));
            var source = IntStream.range(0, RECORDS)
                    .peek(i -> {
                        if (KILLS.contains(i)) {
                            broker[0].process().destroyForcibly();
                            broker[0] = broker[0].restart().join();
                        }
                    })
                    .mapToObj(BrokerKilledIT::recordOf)
                    .iterator();
            assertEquals(RECORDS, publisher.publish("loaded", source, RECORDS, (done, total) -> {}));

            List<String> expected = IntStream.range(0, 4)
                    .boxed()
                    .flatMap(partition -> IntStream.range(0, RECORDS)
                            .mapToObj(BrokerKilledIT::recordOf)
                            .filter(record -> TopicPublisher.partition(record.key(), 4) == partition)
                            .map(record -> partition + ":" + new String(record.value(), UTF_8)))
                    .toList();
            List<String> read = TestKafka.readAll(broker[0].bootstrapServers(), "loaded").stream()
                    .map(record -> record.partition() + ":" + new String(record.value(), UTF_8))
                    .toList();
            assertEquals(RECORDS, read.size());
            assertEquals(expected, read);
        } finally {
            broker[0].close();
        }
    }

    private static SourceRecord recordOf(int i) {
        return new SourceRecord(("F" + i).getBytes(UTF_8), ("value " + i).getBytes(UTF_8));
    }
}
