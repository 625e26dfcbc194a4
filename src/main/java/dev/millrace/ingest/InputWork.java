package dev.millrace.ingest;

import dev.millrace.config.LossPolicy;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore.Broken;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecords;

/** What an {@link InputMachine} asks, and what it has done; each thing that it has begun is answered later. */
interface InputWork {
    /** What is done to a store before it is read into anew. */
    sealed interface Mend {
        record Nothing() implements Mend {}

        record Lost(LossPolicy policy) implements Mend {}

        record Rewind(Broken broken) implements Mend {}
    }

    /** What a timer does when it ends. */
    enum Timer {
        FIND,
        POLL,
        DECODE,
        REST,
        RESTART
    }

    /**
     * What is so now.
     *
     * @param deadLetters whether it is a product of dead letters, whose topic need not be there
     * @param halted the broken promise of quality for which nothing more may come in
     * @param broken a file that was found broken
     * @param topic that the rows came from
     * @param rejection why dead letters cannot be written
     * @param refusedSchema why the last one was refused; empty for none
     * @param hangs whether the poll under way takes too long
     */
    record Facts(
            boolean deadLetters,
            Optional<String> halted,
            Optional<Broken> broken,
            Optional<String> topic,
            Position position,
            Optional<String> rejection,
            String refusedSchema,
            boolean hangs) {}

    Facts facts();

    /** What to do where the topic has lost records, or was made anew. */
    LossPolicy policy(Phase loss);

    /** Looks for the topic: {@link InputMachine#found} or {@link InputMachine#missing}. */
    void find();

    /** Makes the store ready for the topic: {@link InputMachine#prepared} or {@link InputMachine#broken}. */
    void prepare(Position end, Optional<Position> emptied);

    /** Opens a client of so many partitions: {@link InputMachine#opened} or {@link InputMachine#broken}. */
    void open(int partitions);

    /** Has the client read so many partitions, if they are more than before. */
    void grow(int partitions);

    /** {@link InputMachine#polled} or {@link InputMachine#pollFailed}. */
    void poll();

    /** {@link InputMachine#decoded}, {@link InputMachine#held} or {@link InputMachine#decodeFailed}. */
    void decode(ConsumerRecords<ByteBuffer, ByteBuffer> run);

    /** Pauses all of the client's partitions, or none. */
    void pause(boolean pausing);

    /** Where the topic ends now: {@link InputMachine#ends} or {@link InputMachine#endUnknown}. */
    void look();

    /** Lets the store look after its files: {@link InputMachine#tended} or {@link InputMachine#tendFailed}. */
    void tend();

    /** Closes the client, then mends: {@link InputMachine#mended} or {@link InputMachine#mendFailed}. */
    void mend(Mend how);

    /** {@link InputMachine#timer} with it. */
    void after(long millis, Timer timer);

    void show(Phase phase, String detail);

    void behind(boolean isBehind);

    void inputEnd(Position end);

    /** Something that nobody may have foreseen. */
    void failed(Throwable failure, long againMillis);

    /** Closes the client, for good. */
    void close();
}
