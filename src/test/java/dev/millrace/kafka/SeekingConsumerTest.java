package dev.millrace.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SeekingConsumerTest {
    private final MockConsumer<ByteBuffer, ByteBuffer> mock = new MockConsumer<>("none");
    private final List<Integer> asked = new ArrayList<>();
    private final SeekingConsumer seeking = new SeekingConsumer(mock, "t", partition -> {
        asked.add(partition);
        return partition == 1 ? 7 : -1;
    });
    private final Consumer<ByteBuffer, ByteBuffer> consumer = seeking.consumer();

    @BeforeEach
    void topic() {
        mock.updateBeginningOffsets(Map.of(at(0), 3L, at(1), 0L, at(2), 5L));
        seeking.read(2);
        consumer.assign(List.of());
    }

    @Test
    void partitions_areReadFromWhereTheStoreIs_orFromTheirBeginning() {
        assertEquals(Set.of(at(0), at(1)), mock.assignment());
        assertEquals(3, mock.position(at(0)));
        assertEquals(7, mock.position(at(1)));
    }

    @Test
    void partitions_added_areReadFromTheNextPoll_andTheOthersGoOn() {
        poll();
        add(1, 7);
        assertEquals(Set.of(1), poll());
        seeking.read(3);
        assertEquals(Set.of(at(0), at(1)), mock.assignment());
        poll();
        assertEquals(Set.of(at(0), at(1), at(2)), mock.assignment());
        assertEquals(8, mock.position(at(1)));
        assertEquals(5, mock.position(at(2)));
        assertEquals(List.of(0, 1, 2), asked);
    }

    @Test
    void partitions_fewerThanBefore_changeNothing() {
        seeking.read(1);
        poll();
        assertEquals(Set.of(at(0), at(1)), mock.assignment());
    }

    @Test
    void pause_holdsForThoseThatAreAddedToo_untilItEnds() {
        seeking.pause(true);
        poll();
        assertEquals(Set.of(at(0), at(1)), mock.paused());
        seeking.read(3);
        poll();
        assertEquals(Set.of(at(0), at(1), at(2)), mock.paused());
        seeking.pause(false);
        poll();
        assertTrue(mock.paused().isEmpty());
    }

    private Set<Integer> poll() {
        List<Integer> partitions = new ArrayList<>();
        consumer.poll(Duration.ZERO).forEach(record -> partitions.add(record.partition()));
        return partitions.stream().collect(Collectors.toSet());
    }

    private void add(int partition, long offset) {
        mock.addRecord(new ConsumerRecord<>("t", partition, offset, ByteBuffer.allocate(0), ByteBuffer.allocate(0)));
    }

    private static TopicPartition at(int partition) {
        return new TopicPartition("t", partition);
    }
}
