package dev.millrace.ingest;

import dev.millrace.config.LossPolicy;
import dev.millrace.domain.ProductState;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.kafka.Backoff;
import dev.millrace.kafka.Reason;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore.Broken;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;

/**
 * What an input port does next: a {@link Step}, what is under way beside it, and for each event what follows. It does nothing
 * itself; each thing that it has its {@link InputWork} begin is answered by one event, later. One thread.
 *
 * <p>While a run is decoded the next is polled, never more, so memory stays bounded. When the store's memory is used up the
 * partitions are paused and polling goes on, so that a topic or broker that is lost is seen. Failures are tried again with back-off,
 * except those that trying cannot mend; each has a named state. A run may be dropped only on the way to another client,
 * which begins at the store's position.
 */
final class InputMachine {
    /** Runs that wait to be decoded, one that is under way among them. */
    static final int MAX_WAITING_RUNS = 2;

    /** A live product's run below this size is followed by a rest, in which more records gather. */
    static final int SMALL_RUN = 1_000;

    private static final long REST_MILLIS = 5;
    private static final long RETRY_PAUSED_MILLIS = 10;
    private static final long RETRY_UNWRITABLE_MILLIS = 200;
    private static final long MAX_RESTART_MILLIS = 60_000;

    /** Where a port is. */
    enum Step {
        /** The topic is looked for, and the store made ready for it; then READING or IDLE. */
        FINDING,
        /** A product of dead letters whose topic has nothing more: no client is open. FINDING at each look. */
        IDLE,
        /** A client is open. */
        READING,
        /** The client's place is not in the topic: why is asked. READING again where nobody answers. */
        ASKING,
        /** Trying cannot mend it: nothing more is read until the port is ended. */
        STUCK,
        /** Something failed, which is tried again after a while. */
        BROKEN,
        /** The store is to be mended, and another client opened, as soon as nothing is under way. */
        BEGINNING,
        /** It is mended. Then FINDING. */
        MENDING,
        /** No more is begun; CLOSED as soon as nothing is under way. */
        STOPPING,
        /** The end. */
        CLOSED
    }

    private enum UnderWay {
        POLL,
        DECODE,
        MEND
    }

    private final InputWork work;
    private final Backoff backoff;
    private final Backoff restarts;
    private final Queue<ConsumerRecords<ByteBuffer, ByteBuffer>> waiting = new ArrayDeque<>();
    private final Set<UnderWay> underWay = EnumSet.noneOf(UnderWay.class);
    private final Set<InputWork.Timer> timers = EnumSet.noneOf(InputWork.Timer.class);
    private Step step = Step.FINDING;
    private InputWork.Mend mend = new InputWork.Mend.Nothing();
    private Position target = Position.of("-");
    private ProductState shown = new ProductState(Phase.STARTING, "");

    /** Why the client's partitions are paused; empty when they are not. */
    private Optional<ProductState> paused = Optional.empty();

    private boolean live;
    private boolean refused;
    private String gap = "";
    private int looks;

    InputMachine(InputWork work, RandomGenerator random) {
        this.work = work;
        this.backoff = new Backoff(random);
        this.restarts = new Backoff(random, MAX_RESTART_MILLIS);
    }

    Step step() {
        return step;
    }

    /** Begins, and begins anew. */
    void find() {
        if (step == Step.STOPPING || step == Step.CLOSED || rereads() || halts()) {
            return;
        }
        step = Step.FINDING;
        work.find();
    }

    /** Something may be there to read. */
    void wake() {
        if (step == Step.IDLE) {
            find();
        }
    }

    /** To be called every few seconds. */
    void watch() {
        if (step == Step.IDLE) {
            find();
        } else if (step == Step.READING && !rereads()) {
            if (underWay.contains(UnderWay.POLL) && work.facts().hangs()) {
                underWay.remove(UnderWay.POLL); // its answer, if ever one comes, is another client's
                broken(new TimeoutException("the Kafka client does not answer"));
                return;
            }
            decode();
            if (looks == 0) {
                look();
            }
        }
        work.tend();
    }

    void stop() {
        if (step != Step.CLOSED) {
            step = Step.STOPPING;
            quiet();
        }
    }

    /** @param emptied the oldest offsets of a topic that may have nothing left in partitions that were never read */
    void found(Position end, Optional<Position> emptied) {
        if (step != Step.FINDING) {
            return;
        }
        Optional<String> stored = work.facts().topic();
        if (stored.isPresent() && !stored.get().equals(end.topicId())) {
            recreated(stored.get(), end.topicId());
            return;
        }
        target = end;
        live(live);
        work.inputEnd(end);
        work.prepare(end, emptied);
    }

    void missing(String why) {
        if (step == Step.FINDING && work.facts().deadLetters()) {
            idle();
        } else if (step == Step.FINDING) {
            retry(why, InputWork.Timer.FIND);
        }
    }

    void prepared() {
        if (step == Step.FINDING
                && work.facts().deadLetters()
                && work.facts().position().hasReached(target)) {
            idle();
        } else if (step == Step.FINDING) {
            step = Step.READING;
            show(Phase.CATCHING_UP, "");
            work.open(target.partitions());
        }
    }

    private void idle() {
        step = Step.IDLE;
        show(Phase.LIVE, "");
    }

    void opened() {
        if (step == Step.READING) {
            checkLive();
            poll();
        }
    }

    private void poll() {
        if (step == Step.READING
                && !underWay.contains(UnderWay.POLL)
                && !timers.contains(InputWork.Timer.REST)
                && (waiting.size() < MAX_WAITING_RUNS || paused.isPresent())) {
            underWay.add(UnderWay.POLL);
            work.poll();
        }
    }

    void polled(ConsumerRecords<ByteBuffer, ByteBuffer> run) {
        if (!goesOn(UnderWay.POLL)) {
            return;
        }
        backoff.reset();
        refused = false;
        if (!run.isEmpty()) {
            answered();
        }
        if (!run.isEmpty() || !run.nextOffsets().isEmpty()) {
            waiting.add(run);
            decode();
        }
        if (live && !run.isEmpty() && run.count() < SMALL_RUN) {
            after(REST_MILLIS, InputWork.Timer.REST);
        } else {
            poll();
        }
    }

    void pollFailed(Throwable failure) {
        if (!goesOn(UnderWay.POLL)) {
            return;
        }
        switch (failure) {
            // The records are gone, or the topic was made anew, of which the client says nothing else.
            case OffsetOutOfRangeException lost -> {
                step = Step.ASKING;
                gap = lost.offsetOutOfRangePartitions().toString();
                look();
            }
            default -> {
                refused = true;
                retry(Reason.of(failure), InputWork.Timer.POLL);
            }
        }
    }

    private void decode() {
        if (underWay.contains(UnderWay.DECODE) || step != Step.READING || halts()) {
            return;
        }
        ConsumerRecords<ByteBuffer, ByteBuffer> run = waiting.peek();
        if (run != null) {
            underWay.add(UnderWay.DECODE);
            work.decode(run);
        }
    }

    /** The whole run is in. */
    void decoded() {
        if (!goesOn(UnderWay.DECODE)) {
            return;
        }
        waiting.remove();
        restarts.reset();
        if (paused.isPresent() && waiting.isEmpty()) {
            paused = Optional.empty();
            reading();
            work.pause(false);
        }
        checkLive();
        if (paused.isEmpty()
                && !shown.detail().equals(work.facts().refusedSchema())
                && shown.phase() != Phase.RETRYING) {
            reading();
        }
        decode();
        poll();
    }

    /** The run is to be given again, after a while. */
    void held(Phase phase, String why) {
        if (!goesOn(UnderWay.DECODE)) {
            return;
        }
        var reason = new ProductState(phase, why);
        boolean begins = paused.isEmpty();
        if (!paused.equals(Optional.of(reason))) {
            paused = Optional.of(reason);
            show(phase, why);
        }
        if (begins) {
            work.pause(true);
        }
        after(phase == Phase.UNWRITABLE ? RETRY_UNWRITABLE_MILLIS : RETRY_PAUSED_MILLIS, InputWork.Timer.DECODE);
        poll();
    }

    void decodeFailed(Throwable failure) {
        if (goesOn(UnderWay.DECODE)) {
            broken(failure);
        }
    }

    private void look() {
        looks++;
        work.look();
    }

    /** Where the topic ends. */
    void ends(Position end) {
        looks--;
        if (step == Step.ASKING && looks > 0) {
            return; // it was asked before the place was lost
        }
        boolean same = end.topicId().equals(target.topicId());
        if ((step == Step.READING || step == Step.ASKING) && !same) {
            recreated(target.topicId(), end.topicId());
        } else if (step == Step.ASKING) {
            lost(
                    Phase.GAP,
                    "the topic no longer has the next records after "
                            + work.facts().position() + ": " + gap);
        } else if (step == Step.READING) {
            work.grow(end.partitions());
            work.inputEnd(end);
            if (!refused) { // a topic may be seen by those who may not read it
                answered();
            }
        }
    }

    void endUnknown(String why) {
        looks--;
        if (step == Step.ASKING && looks == 0) {
            step = Step.READING;
            decode(); // what ended meanwhile was passed over
            retry(why, InputWork.Timer.POLL);
        } else if (step == Step.READING) {
            // The client itself polls on in silence while the brokers are away.
            show(Phase.RETRYING, "the topic cannot be read: " + why);
        }
    }

    /** @param fault why files cannot be written: with nothing to read, too, the state says so */
    void tended(Optional<String> fault) {
        if (step != Step.READING || paused.isPresent()) {
            return;
        }
        if (fault.isPresent()) {
            show(Phase.UNWRITABLE, fault.get());
        } else if (shown.phase() == Phase.UNWRITABLE || work.facts().rejection().isPresent()) {
            reading();
        }
    }

    void tendFailed(Throwable failure) {
        if (step == Step.READING) {
            broken(failure);
        }
    }

    /** Something failed that nobody foresaw: the port begins anew after a while, with another client. */
    void broken(Throwable failure) {
        if (step == Step.READING || step == Step.FINDING) {
            step = Step.BROKEN;
            mend = new InputWork.Mend.Nothing();
            waiting.clear();
            long millis = restarts.nextMillis();
            work.failed(failure, millis);
            show(Phase.RETRYING, Reason.of(failure));
            after(millis, InputWork.Timer.RESTART);
        }
        quiet();
    }

    void mended() {
        underWay.remove(UnderWay.MEND);
        if (step != Step.MENDING) {
            quiet();
            return;
        }
        live(false);
        refused = false;
        paused = Optional.empty();
        find();
    }

    void mendFailed(String why) {
        underWay.remove(UnderWay.MEND);
        if (step == Step.MENDING) {
            step = Step.BROKEN;
            retry(why, InputWork.Timer.RESTART);
        }
        quiet();
    }

    void timer(InputWork.Timer timer) {
        timers.remove(timer);
        switch (timer) {
            case FIND -> {
                if (step == Step.FINDING) {
                    find();
                }
            }
            case POLL, REST -> poll();
            case DECODE -> decode();
            case RESTART -> {
                if (step == Step.BROKEN) {
                    step = Step.BEGINNING;
                    quiet();
                }
            }
        }
    }

    private void after(long millis, InputWork.Timer timer) {
        if (timers.add(timer)) {
            work.after(millis, timer);
        }
    }

    private void retry(String why, InputWork.Timer again) {
        show(Phase.RETRYING, why);
        after(backoff.nextMillis(), again);
    }

    private void live(boolean isLive) {
        live = isLive;
        work.behind(!isLive);
    }

    private void checkLive() {
        if (!live && work.facts().position().hasReached(target)) {
            live(true);
            reading();
        }
    }

    private void answered() {
        if (shown.phase() == Phase.RETRYING) {
            paused.ifPresentOrElse(why -> show(why.phase(), why.detail()), this::reading);
        }
    }

    private void reading() {
        Optional<String> fault = work.facts().rejection();
        show(
                fault.isPresent() ? Phase.UNWRITABLE : live ? Phase.LIVE : Phase.CATCHING_UP,
                fault.orElseGet(work.facts()::refusedSchema));
    }

    private void show(Phase phase, String detail) {
        shown = new ProductState(phase, detail);
        work.show(phase, detail);
    }

    private void recreated(String stored, String found) {
        lost(Phase.RECREATED, "the topic was made anew: its id is " + found + ", the stored data came from " + stored);
    }

    private void lost(Phase phase, String what) {
        LossPolicy policy = work.policy(phase);
        begin(phase, what + LostRecords.consequence(policy), new InputWork.Mend.Lost(policy));
        if (policy == LossPolicy.STOP) {
            step = Step.STUCK;
        }
        quiet();
    }

    /** Whether a file was found broken, so that its partition is read again from there. */
    private boolean rereads() {
        Optional<Broken> broken = work.facts().broken();
        broken.ifPresent(file -> {
            begin(
                    Phase.CATCHING_UP,
                    "a broken file is set aside, its records are read again",
                    new InputWork.Mend.Rewind(file));
            quiet();
        });
        return broken.isPresent();
    }

    private void begin(Phase phase, String why, InputWork.Mend how) {
        step = Step.BEGINNING;
        mend = how;
        show(phase, why);
    }

    /** Whether a promise of quality is broken: what is in stays and is served, nothing more comes in. */
    private boolean halts() {
        Optional<String> halted = work.facts().halted();
        halted.ifPresent(this::stuck);
        return halted.isPresent();
    }

    private void stuck(String why) {
        step = Step.STUCK;
        waiting.clear();
        show(Phase.STOPPED, why);
    }

    /** Notes what has ended; whether what it brings is still wanted. */
    private boolean goesOn(UnderWay done) {
        underWay.remove(done);
        quiet();
        return step == Step.READING;
    }

    /** Goes on where a step waits for what is under way. */
    private void quiet() {
        if (!underWay.isEmpty()) {
            return;
        }
        if (step == Step.BEGINNING) {
            step = Step.MENDING;
            waiting.clear();
            underWay.add(UnderWay.MEND);
            work.mend(mend);
        } else if (step == Step.STOPPING) {
            step = Step.CLOSED;
            work.close();
        }
    }
}
