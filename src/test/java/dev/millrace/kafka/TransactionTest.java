package dev.millrace.kafka;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** Over the producer that Kafka has for tests. */
class TransactionTest {
    /** One whose commits fail at first. */
    private static final class Producer extends MockProducer<byte[], byte[]> {
        private RuntimeException failure = new TimeoutException("later");
        private RuntimeException then = failure;
        private int failures;
        private int refusedAt = -1;
        private int sent;

        Producer(int failures) {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
            this.failures = failures;
            initTransactions();
        }

        @Override
        public void commitTransaction() {
            if (failures-- > 0) {
                RuntimeException now = failure;
                failure = then;
                throw now;
            }
            super.commitTransaction();
        }

        @Override
        public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
            if (sent++ == refusedAt) {
                throw new RecordTooLargeException("too large");
            }
            return super.send(record);
        }
    }

    private static ProducerRecord<byte[], byte[]> record(int partition) {
        return new ProducerRecord<>("t", partition, new byte[0], new byte[0]);
    }

    @Test
    void commit_thatTimesOut_isRepeatedUntilItIsKnown() {
        var producer = new Producer(2);
        Transaction transaction = Transaction.begin(producer);
        var sent = transaction.send(List.of(record(2), record(0), record(2)));
        transaction.flush();
        assertArrayEquals(new long[] {9}, Transaction.behind(new long[] {9}, sent));
        transaction.commit();
        assertTrue(producer.transactionCommitted());
        assertEquals(3, producer.history().size());
    }

    @Test
    void commit_thatFailsOtherwise_isTakenBackUnlessItMayHaveHappened() {
        var refused = new Producer(1);
        refused.failure = new KafkaException("a record was not taken");
        Transaction first = Transaction.begin(refused);
        assertThrows(KafkaException.class, first::commit);
        first.abort();
        assertTrue(refused.transactionAborted());

        var silent = new Producer(2);
        Transaction second = Transaction.begin(silent);
        silent.then = new KafkaException("no more");
        assertThrows(KafkaException.class, second::commit);
        second.abort();
        assertFalse(silent.transactionAborted(), "it may have happened");
    }

    @Test
    void behind_recordsOfSeveralPartitions_isTheGreatestOffsetOfEach() {
        var sent = List.<Future<RecordMetadata>>of(at(2, 4), at(0, 7), at(2, 3));
        assertArrayEquals(new long[] {9, 0, 5}, Transaction.behind(new long[] {9}, sent));
        assertArrayEquals(new long[] {8, 0, 5}, Transaction.behind(new long[0], sent));
    }

    private static Future<RecordMetadata> at(int partition, long offset) {
        return CompletableFuture.completedFuture(
                new RecordMetadata(new TopicPartition("t", partition), offset, 0, 0, 0, 0));
    }

    @Test
    void send_ofARecordThatIsRefused_sendsNoneBehindIt() {
        var producer = new Producer(0);
        producer.refusedAt = 1;
        Transaction transaction = Transaction.begin(producer);
        var sent = transaction.send(List.of(record(0), record(0), record(0)));
        assertEquals(2, sent.size());
        assertThrows(RecordTooLargeException.class, () -> Transaction.behind(new long[0], sent));
        transaction.abort();
        assertTrue(producer.transactionAborted());
        assertEquals(0, producer.history().size());
    }
}
