package dev.millrace.ingest.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.ingest.TestKafka;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TopicPublisherIT {
    private static final int RECORDS = 5000;

    @Test
    void publish_cutOffAndRunAgain_leavesEachRecordOnceInOrder() {
        String topic = TestKafka.topic(4);
        List<Long> sent = new ArrayList<>();
        for (int stop : new int[] {1, 137, 2048, 2049, 4999}) {
            try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
                Iterator<SourceRecord> broken = closingAt(publisher, stop);
                assertInstanceOf(
                        Problem.Unavailable.class,
                        assertThrows(ProblemException.class, () -> publisher.publish(topic, broken, RECORDS, quiet()))
                                .problem());
            }
        }
        try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            sent.add(publisher.publish(topic, source(RECORDS).iterator(), RECORDS, quiet()));
            sent.add(publisher.publish(topic, source(RECORDS).iterator(), RECORDS, quiet()));
            sent.add(publisher.publish(topic, source(10).iterator(), 10, quiet()));
        }

        assertTrue(sent.get(0) > 0, "the last record was never sent before");
        assertEquals(List.of(0L, 0L), sent.subList(1, 3));
        assertEquals(expected(4), read(topic));
    }

    @Test
    void publish_whileAnotherWrites_leavesEachRecordOfTheSource() {
        String topic = TestKafka.topic(1);
        try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            publisher.ensure(List.of(new TopicSpecification(topic, 1, Map.of())));
            TestKafka.send(topic, 0, "another", "{}");
            assertEquals(10, publisher.publish(topic, source(10).iterator(), 10, quiet()));
            assertEquals(0, publisher.publish(topic, source(10).iterator(), 10, quiet()));
        }
        assertEquals(11, read(topic).size());
    }

    @Test
    void publish_aLongerSource_addsOnlyWhatIsNew() {
        String topic = TestKafka.topic(3);
        List<String> reports = new ArrayList<>();
        try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            assertEquals(1200, publisher.publish(topic, source(1200).iterator(), 1200, quiet()));
            assertEquals(
                    RECORDS - 1200,
                    publisher.publish(
                            topic,
                            source(RECORDS).iterator(),
                            RECORDS,
                            (done, total) -> reports.add(done + "/" + total)));
        }

        assertEquals(expected(3), read(topic));
        assertEquals("0/5000", reports.getFirst());
        assertEquals("5000/5000", reports.getLast());
    }

    @Test
    void publish_aRecordOverTheLimit_isAProblemBeforeItIsSent() {
        String topic = TestKafka.topic(1);
        SourceRecord huge = new SourceRecord(new byte[1], new byte[TopicPublisher.MAX_RECORD_BYTES]);
        try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            ProblemException thrown = assertThrows(
                    ProblemException.class,
                    () -> publisher.publish(topic, List.of(huge).iterator(), 1, quiet()));
            assertInstanceOf(Problem.TooLarge.class, thrown.problem());
        }
        assertEquals(List.of(), TestKafka.readAll(topic));
    }

    @Test
    void ensure_twice_makesEachTopicOnceWithItsConfigs() throws Exception {
        TopicSpecification topic =
                new TopicSpecification("ensure-" + System.nanoTime(), 2, Map.of("max.message.bytes", "33554432"));
        try (TopicPublisher publisher = new TopicPublisher(TestKafka.bootstrapServers())) {
            publisher.ensure(List.of(topic, topic.deadLetters()));
            publisher.ensure(List.of(topic, topic.deadLetters()));
        }
        var made = TestKafka.admin()
                .describeTopics(List.of(topic.name(), topic.name() + ".dlq"))
                .allTopicNames()
                .get();
        Map<String, Integer> partitions = new HashMap<>();
        made.forEach((name, description) ->
                partitions.put(name, description.partitions().size()));
        assertEquals(Map.of(topic.name(), 2, topic.name() + ".dlq", 1), partitions);
    }

    private static PublishProgress quiet() {
        return (published, total) -> {};
    }

    private static Stream<SourceRecord> source(int records) {
        return IntStream.range(0, records)
                .mapToObj(i -> new SourceRecord(("key" + i % 701).getBytes(UTF_8), ("v" + i).getBytes(UTF_8)));
    }

    /** The source, but the publisher is closed under it at record {@code stop}, with sends under way. */
    private static Iterator<SourceRecord> closingAt(TopicPublisher publisher, int stop) {
        return source(RECORDS)
                .peek(record -> {
                    if (new String(record.value(), UTF_8).equals("v" + stop)) {
                        publisher.close();
                    }
                })
                .iterator();
    }

    /** Per partition, in order: what one undisturbed run would have left. */
    private static List<String> expected(int partitions) {
        return IntStream.range(0, partitions)
                .boxed()
                .flatMap(partition -> source(RECORDS)
                        .filter(record -> TopicPublisher.partition(record.key(), partitions) == partition)
                        .map(record -> partition + ":" + new String(record.value(), UTF_8)))
                .toList();
    }

    private static List<String> read(String topic) {
        return TestKafka.readAll(topic).stream()
                .map((ConsumerRecord<byte[], byte[]> record) ->
                        record.partition() + ":" + new String(record.value(), UTF_8))
                .toList();
    }
}
