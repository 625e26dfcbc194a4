package dev.millrace.ingest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.LossPolicy;
import dev.millrace.domain.ProductState;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.ingest.InputMachine.Step;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore.Broken;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/**
 * An input port's steps over a scripted topic, client and store, no broker: answers come in any order, fail, hold, and the
 * topic grows, loses records and is made anew meanwhile. Whatever has happened, once things go well all is read, nothing is
 * paused, and the port ends when it is told to. A run is only decoded where the store has reached its beginning.
 */
class InputMachineSimulation {
    private static final int TRIES = Integer.getInteger("millrace.tries", 3_000);

    @Test
    void anyCourse_onceThingsGoWell_readsAllAndEnds() {
        long first = Long.getLong("millrace.seed", System.nanoTime());
        for (long seed = first; seed < first + TRIES; seed++) {
            var world = new World(seed);
            try {
                world.run();
            } catch (RuntimeException | AssertionError wrong) {
                throw new AssertionError("-Dmillrace.seed=" + seed + "\n" + String.join("\n", world.told), wrong);
            }
        }
    }

    /** Topic, client and store, and the answers that are due. */
    private static final class World implements InputWork {
        private final Random random;
        private final Deque<String> told = new ArrayDeque<>();
        private final List<Runnable> due = new ArrayList<>();
        private final List<Timer> timers = new ArrayList<>();
        private InputMachine machine;
        private boolean well;
        private boolean closed;
        private ProductState shown = new ProductState(Phase.STARTING, "");

        private String id = "t0";
        private long[] begin = new long[2];
        private long[] end = new long[2];

        private Optional<String> stored = Optional.empty();
        private long[] next = new long[0];
        private Optional<Broken> broken = Optional.empty();

        private boolean open;
        private long[] place = new long[0];
        private boolean paused;

        World(long seed) {
            random = new Random(seed);
            machine = new InputMachine(this, random);
        }

        void run() {
            machine.find();
            for (int i = 0; i < 40 + random.nextInt(200); i++) {
                turn();
            }
            well = true;
            settle();
            Arrays.setAll(end, partition -> end[partition] + 1);
            settle();
            assertEquals(Phase.LIVE, shown.phase());
            machine.stop();
            for (int i = 0; !closed && i < 100; i++) {
                answerAll();
            }
            assertTrue(closed, "it does not end");
        }

        private void turn() {
            int dice = random.nextInt(100);
            if (dice < 55 && !due.isEmpty()) {
                due.remove(random.nextInt(due.size())).run();
            } else if (dice < 75 && !timers.isEmpty()) {
                machine.timer(timers.remove(random.nextInt(timers.size())));
            } else if (dice < 80) {
                tell("watch");
                machine.watch();
            } else if (dice < 92) {
                end[random.nextInt(end.length)] += random.nextInt(5);
            } else if (dice < 94 && end.length < 5) {
                end = Arrays.copyOf(end, end.length + 1);
                begin = Arrays.copyOf(begin, end.length);
                tell("grown to " + end.length);
            } else if (dice < 95) {
                int partition = random.nextInt(end.length);
                begin[partition] += random.nextLong(end[partition] - begin[partition] + 1);
                tell("retention " + Arrays.toString(begin));
            } else if (dice < 96 && random.nextInt(4) == 0) {
                id = "t" + random.nextInt(1_000_000);
                end = new long[1 + random.nextInt(3)];
                begin = new long[end.length];
                tell("made anew");
            } else if (dice < 97 && next.length > 0 && random.nextInt(4) == 0) {
                int partition = random.nextInt(next.length);
                broken = Optional.of(new Broken(partition, random.nextLong(next[partition] + 1)));
                tell("broken " + broken);
            } else if (dice < 98 && random.nextInt(4) == 0) {
                tell("killed");
                due.clear();
                timers.clear();
                open = false;
                machine = new InputMachine(this, random);
                machine.find();
            }
        }

        /** All that is due, then timers, then a look, until all is read. */
        private void settle() {
            for (int i = 0; !isSettled(); i++) {
                assertTrue(
                        i < 500,
                        () -> "it does not settle: " + machine.step() + " " + shown + " of " + Arrays.toString(end)
                                + " has " + Arrays.toString(next) + ", paused " + paused);
                answerAll();
            }
        }

        private void answerAll() {
            List<Runnable> now = List.copyOf(due);
            due.clear();
            now.forEach(Runnable::run);
            List<Timer> ended = List.copyOf(timers);
            timers.clear();
            ended.forEach(machine::timer);
            if (random.nextInt(10) == 0) {
                machine.watch();
            }
        }

        private boolean isSettled() {
            return open
                    && !paused
                    && place.length == end.length
                    && machine.step() == Step.READING
                    && shown.phase() == Phase.LIVE
                    && Optional.of(id).equals(stored)
                    && Arrays.equals(next, end);
        }

        private void tell(String what) {
            told.add(machine.step() + " " + what);
            if (told.size() > 60) {
                told.removeFirst();
            }
        }

        private boolean fails() {
            return !well && random.nextInt(6) == 0;
        }

        /** Answers later, one way or the other. */
        private void answer(String what, Runnable good, Runnable bad) {
            due.add(() -> {
                boolean fails = fails();
                tell(what + (fails ? " fails" : ""));
                (fails ? bad : good).run();
            });
        }

        private Position ends() {
            return Position.of(id, end);
        }

        @Override
        public Facts facts() {
            return new Facts(
                    false,
                    Optional.empty(),
                    broken,
                    stored,
                    Position.of(stored.orElse("-"), next),
                    Optional.empty(),
                    "",
                    false);
        }

        @Override
        public LossPolicy policy(Phase loss) {
            return loss == Phase.GAP ? LossPolicy.SKIP : LossPolicy.REBUILD;
        }

        @Override
        public void find() {
            answer("found", () -> machine.found(ends(), Optional.empty()), () -> machine.missing("no broker"));
        }

        @Override
        public void prepare(Position at, Optional<Position> emptied) {
            answer(
                    "prepared",
                    () -> {
                        stored = Optional.of(at.topicId());
                        next = Arrays.copyOf(next, Math.max(next.length, at.partitions()));
                        machine.prepared();
                    },
                    () -> machine.broken(new IllegalStateException("not foreseen")));
        }

        @Override
        public void open(int partitions) {
            open = true;
            place = new long[0];
            paused = false;
            grow(partitions);
            answer("opened", machine::opened, () -> machine.broken(new IllegalStateException("not foreseen")));
        }

        /** Those added are read from where the store is. */
        @Override
        public void grow(int partitions) {
            if (partitions > place.length) {
                int before = place.length;
                next = Arrays.copyOf(next, Math.max(next.length, partitions));
                place = Arrays.copyOf(place, partitions);
                System.arraycopy(next, before, place, before, partitions - before);
            }
        }

        @Override
        public void poll() {
            assertTrue(open, "a poll without a client");
            answer("polled", this::give, () -> machine.pollFailed(new KafkaException("broker away")));
        }

        private void give() {
            if (!open) {
                return;
            }
            Map<TopicPartition, List<ConsumerRecord<ByteBuffer, ByteBuffer>>> records = new HashMap<>();
            Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
            Map<TopicPartition, Long> gone = new HashMap<>();
            for (int partition = 0; !paused && partition < Math.min(place.length, end.length); partition++) {
                var at = new TopicPartition(id, partition);
                if (place[partition] < begin[partition] || place[partition] > end[partition]) {
                    gone.put(at, place[partition]);
                } else if (place[partition] < end[partition]) {
                    List<ConsumerRecord<ByteBuffer, ByteBuffer>> run = new ArrayList<>();
                    long until = Math.min(end[partition], place[partition] + 1 + random.nextInt(4));
                    while (place[partition] < until) {
                        run.add(new ConsumerRecord<>(
                                id, partition, place[partition]++, ByteBuffer.allocate(0), ByteBuffer.allocate(0)));
                    }
                    records.put(at, run);
                    ends.put(at, new OffsetAndMetadata(until));
                }
            }
            if (!gone.isEmpty() && records.isEmpty()) {
                machine.pollFailed(new OffsetOutOfRangeException(gone));
            } else {
                machine.polled(new ConsumerRecords<>(records, ends));
            }
        }

        @Override
        public void decode(ConsumerRecords<ByteBuffer, ByteBuffer> run) {
            for (TopicPartition partition : run.partitions()) {
                long from = run.records(partition).getFirst().offset();
                long reached = next[partition.partition()];
                assertTrue(
                        from <= reached, () -> partition + " is decoded from " + from + ", the store is at " + reached);
            }
            answer(
                    "decoded",
                    () -> {
                        if (!well && random.nextInt(3) == 0) {
                            boolean full = random.nextBoolean();
                            tell("held");
                            machine.held(full ? Phase.PAUSED : Phase.UNWRITABLE, full ? "no memory" : "no room");
                            return;
                        }
                        run.nextOffsets()
                                .forEach((partition, reached) -> next[partition.partition()] =
                                        Math.max(next[partition.partition()], reached.offset()));
                        machine.decoded();
                    },
                    () -> machine.decodeFailed(new IllegalStateException("not foreseen")));
        }

        @Override
        public void pause(boolean pausing) {
            paused = pausing;
        }

        @Override
        public void look() {
            answer("looked", () -> machine.ends(ends()), () -> machine.endUnknown("no broker"));
        }

        @Override
        public void tend() {
            Optional<String> fault = fails() ? Optional.of("no room") : Optional.empty();
            answer("tended", () -> machine.tended(fault), () -> machine.tendFailed(new IllegalStateException("no")));
        }

        @Override
        public void mend(Mend how) {
            open = false;
            answer(
                    "mended " + how,
                    () -> {
                        switch (how) {
                            case Mend.Nothing() -> {}
                            case Mend.Lost(LossPolicy policy) -> {
                                if (policy == LossPolicy.REBUILD) {
                                    stored = Optional.empty();
                                    next = new long[0];
                                } else if (Optional.of(id).equals(stored)) {
                                    next = Arrays.copyOf(next, end.length);
                                    Arrays.setAll(next, i -> Math.clamp(next[i], begin[i], end[i]));
                                }
                            }
                            case Mend.Rewind(Broken file) -> {
                                broken = Optional.empty();
                                if (file.partition() < next.length) {
                                    next[file.partition()] = Math.min(next[file.partition()], file.offset());
                                }
                            }
                        }
                        machine.mended();
                    },
                    () -> machine.mendFailed("no broker"));
        }

        @Override
        public void after(long millis, Timer timer) {
            timers.add(timer);
        }

        @Override
        public void show(Phase phase, String detail) {
            shown = new ProductState(phase, detail);
        }

        @Override
        public void behind(boolean isBehind) {}

        @Override
        public void inputEnd(Position position) {}

        @Override
        public void failed(Throwable failure, long againMillis) {}

        @Override
        public void close() {
            assertTrue(!closed, "closed twice");
            open = false;
            closed = true;
        }
    }
}
