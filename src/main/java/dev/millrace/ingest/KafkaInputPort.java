package dev.millrace.ingest;

import dev.millrace.config.Configuration;
import dev.millrace.config.LossPolicy;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.kafka.Backoff;
import dev.millrace.kafka.ClientSettings;
import dev.millrace.kafka.Reason;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.kafka.TopicStream;
import dev.millrace.problem.ProblemException;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one product's topic into its store.
 *
 * <p>All fields belong to one Vert.x context, an event loop, on which nothing blocks: the client polls on a thread of its
 * own, the domain's ingest threads decode. While a run is decoded the next is polled, never more, so memory stays
 * bounded. When the store's memory is used up the partitions are paused and polling goes on, so that the member stays in
 * its group. Failures are tried again with back-off, except those that trying cannot mend; each has a named state.
 *
 * <p>A product of dead letters is idle until its topic has a record that it has not: no client is open then, and the
 * topic need not be there.
 */
final class KafkaInputPort {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaInputPort.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration DEAD_LETTER_POLL = Duration.ofSeconds(2);
    private static final int MAX_WAITING_RUNS = 2;

    /** A live product's run below this size is followed by a rest, in which more records gather. */
    private static final int SMALL_RUN = 1_000;

    private static final long REST_MILLIS = 5;
    private static final long RETRY_PAUSED_MILLIS = 10;
    private static final long RETRY_UNWRITABLE_MILLIS = 200;
    private static final long WATCH_MILLIS = 5_000;
    private static final long MAX_RESTART_MILLIS = 60_000;

    /** How long the product's threads may take before it is shown that they do not answer. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Vertx vertx;
    private final Context context;
    private final Configuration.Kafka kafka;
    private final String member;
    private final DomainActor domain;
    private final Product product;
    private final boolean deadLetters;
    private final TopicAdmin admin;
    private final ProductIngest ingest;
    private final TopicStream.Opener opener;
    private final LostRecords losses;
    private final Backoff backoff = new Backoff(RandomGenerator.getDefault());
    private final Backoff restarts = new Backoff(RandomGenerator.getDefault(), MAX_RESTART_MILLIS);
    private final Promise<Void> ended = Promise.promise();

    private final Queue<ConsumerRecords<ByteBuffer, ByteBuffer>> waiting = new ArrayDeque<>();
    private @Nullable TopicStream stream;

    /** Whether there is a client that is not closed yet, be it no longer used. */
    private boolean open;

    private Position target = Position.of("-");
    private boolean polling;
    private boolean ticking;
    private long tickedAt;
    private boolean resting;
    private boolean decoding;
    private boolean paused;
    private @Nullable Phase pausedAs;
    private String pausedBecause = "";
    private boolean live;
    private boolean refused;
    private boolean stopping;
    private boolean failed;
    /** Makes the store ready to be read into again, while nothing of the product is under way. */
    private @Nullable Supplier<Future<Void>> mending;

    private boolean watching;
    private boolean idle;
    private long watchTimer = -1;
    private long tendTimer = -1;

    KafkaInputPort(
            Vertx vertx,
            Configuration.Kafka kafka,
            String instance,
            DomainActor domain,
            Product product,
            TopicAdmin admin,
            ProductIngest ingest,
            Configuration.Input input,
            TopicStream.Opener opener) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.kafka = kafka;
        this.member = "millrace." + product.qualifiedName() + "." + instance;
        this.domain = domain;
        this.product = product;
        this.deadLetters = product.definition().isDeadLetters();
        this.admin = admin;
        this.ingest = ingest;
        this.opener = opener;
        this.losses = new LostRecords(admin, product, ingest, input);
    }

    /** Begins to read; returns at once. */
    void start() {
        context.runOnContext(ignored -> {
            tendTimer = vertx.setPeriodic(WATCH_MILLIS, timer -> tend());
            findTopic();
        });
    }

    /** Looks at once whether there is something to read, where it would do so only later. Any thread. */
    void look() {
        context.runOnContext(ignored -> {
            if (idle && vertx.cancelTimer(watchTimer)) {
                findTopic();
            }
        });
    }

    /** Ends reading; the result ends when no run is being decoded and the client is closed. */
    Future<Void> stop() {
        context.runOnContext(ignored -> {
            stopping = true;
            vertx.cancelTimer(watchTimer);
            vertx.cancelTimer(tendTimer);
            if (stream != null) {
                stream.wakeup();
            }
            endIfIdle();
        });
        return ended.future();
    }

    /** Lets the store look after its files while nothing is read, too: values leave them in time. */
    private void tend() {
        if (stream == null) {
            ingest.tick().exceptionally(failure -> {
                LOG.warn("{}: its files are not looked after", product.qualifiedName(), failure);
                return Optional.empty();
            });
        }
    }

    private void findTopic() {
        idle = false;
        if (!failed && rereads()) {
            return;
        }
        if (product.halted().isPresent()) {
            halt();
        }
        if (stopping || failed) {
            endIfIdle();
            return;
        }
        String topic = product.definition().topic();
        Future<Position> end = admin.end(topic, Position::of);
        Future<Optional<Position>> begin = end.compose(losses::beginOfUnread);
        begin.onComplete(found -> context.runOnContext(ignored -> {
            if (stopping) {
                endIfIdle();
            } else if (found.failed() && deadLetters) {
                idle();
            } else if (found.failed()) {
                retry("topic " + topic + " cannot be read: " + Reason.of(found.cause()), this::findTopic);
            } else {
                prepare(end.result(), found.result());
            }
        }));
    }

    /** Nothing to read. */
    private void idle() {
        domain.state(product, Phase.LIVE, "");
        idle = true;
        watchTimer = vertx.setTimer(WATCH_MILLIS, timer -> findTopic());
    }

    /** {@code emptied} are the oldest offsets of a topic that may have nothing left in partitions that were never read. */
    private void prepare(Position end, Optional<Position> emptied) {
        var stored = product.store().topicId();
        if (stored.isPresent() && !stored.get().equals(end.topicId())) {
            recreated(stored.get(), end.topicId());
            return;
        }
        target = end;
        live(live);
        product.inputEnd(end);
        (deadLetters
                        ? Future.<Void>succeededFuture()
                        : admin.makeDeadLetterTopic(product.definition().deadLetterTopic()))
                .compose(ignored -> Future.fromCompletionStage(
                        ingest.alone(() -> product.store().topic(end.topicId(), end.partitions())), context))
                .compose(ignored -> Future.fromCompletionStage(
                        ingest.alone(() -> emptied.ifPresent(begin -> ingest.passEmptied(begin, end))), context))
                .onSuccess(ignored -> {
                    if (stopping) {
                        endIfIdle();
                    } else if (deadLetters && product.position().hasReached(end)) {
                        idle();
                    } else {
                        consume();
                    }
                })
                .onFailure(this::broken);
    }

    private void consume() {
        domain.state(product, Phase.CATCHING_UP, "");
        var made = opener.open(
                vertx,
                product.definition().topic(),
                deadLetters ? ClientSettings.deadLetterConsumer(kafka, member) : ClientSettings.consumer(kafka, member),
                this::nextToRead);
        open = true;
        stream = made;
        made.subscribe()
                .onSuccess(ignored -> {
                    checkLive();
                    watchTimer = vertx.setPeriodic(WATCH_MILLIS, timer -> watch());
                    poll();
                })
                .onFailure(this::broken);
    }

    /** Called on the client's polling thread. */
    private long nextToRead(int partition) {
        long next = product.position().next(partition);
        return next == 0 ? -1 : next;
    }

    private void poll() {
        TopicStream from = stream;
        if (stopping || failed || from == null) {
            endIfIdle();
            return;
        }
        if (polling || resting || (waiting.size() >= MAX_WAITING_RUNS && !paused)) {
            return;
        }
        polling = true;
        from.poll(deadLetters ? DEAD_LETTER_POLL : POLL).onComplete(polled -> {
            if (from != stream) {
                return; // a client that was given up
            }
            polling = false;
            if (polled.succeeded()) {
                received(polled.result());
            } else {
                pollFailed(polled.cause());
            }
        });
    }

    private void received(ConsumerRecords<ByteBuffer, ByteBuffer> run) {
        backoff.reset();
        refused = false;
        if (!run.isEmpty()) {
            answered();
            if (paused) {
                // The partitions were given anew, others with them, and not paused.
                pausePartitions();
            }
        }
        if (!run.isEmpty() || !run.nextOffsets().isEmpty()) {
            waiting.add(run);
            decode();
        }
        if (live && !run.isEmpty() && run.count() < SMALL_RUN) {
            resting = true;
            vertx.setTimer(REST_MILLIS, timer -> {
                resting = false;
                poll();
            });
        } else {
            poll();
        }
    }

    private void pollFailed(Throwable failure) {
        if (failure instanceof OffsetOutOfRangeException gap) {
            outOfRange(gap);
        } else if (failure instanceof FencedInstanceIdException) {
            stopped(failure);
        } else {
            refused = true;
            retry(Reason.of(failure), this::poll);
        }
    }

    /** The records are gone, or the topic was made anew, of which the client says nothing else. */
    private void outOfRange(OffsetOutOfRangeException gap) {
        failed = true;
        admin.end(product.definition().topic(), Position::of)
                .onComplete(found -> context.runOnContext(ignored -> {
                    if (stopping) {
                        endIfIdle();
                    } else if (found.failed()) {
                        failed = false;
                        retry(Reason.of(found.cause()), this::poll);
                    } else if (!found.result().topicId().equals(target.topicId())) {
                        recreated(target.topicId(), found.result().topicId());
                    } else {
                        lost(
                                Phase.GAP,
                                losses.onGap(),
                                "the topic no longer has the next records after " + product.position() + ": "
                                        + gap.offsetOutOfRangePartitions());
                    }
                }));
    }

    private void decode() {
        if (!decoding && !failed && product.halted().isPresent()) {
            halt();
        }
        ConsumerRecords<ByteBuffer, ByteBuffer> run = waiting.peek();
        // A poll that was under way when the port failed still brings its run.
        if (decoding || failed || run == null) {
            endIfIdle();
            return;
        }
        decoding = true;
        Future.fromCompletionStage(ingest.accept(run), context).onComplete(outcome -> {
            decoding = false;
            if (outcome.failed()) {
                broken(outcome.cause());
                return;
            }
            if (failed) {
                endIfIdle();
                return;
            }
            switch (outcome.result()) {
                case DONE -> done();
                case EXHAUSTED ->
                    pause(Phase.PAUSED, product.store().keyFault().orElse("the domain's memory budget is used up"));
                case UNWRITABLE ->
                    pause(Phase.UNWRITABLE, product.store().fileFault().orElse(""));
                case WAITING -> pause(Phase.PAUSED, "the schema registry is asked for the schema of the next record");
            }
        });
    }

    private void done() {
        waiting.remove();
        restarts.reset();
        if (paused && waiting.isEmpty()) {
            resume();
        }
        checkLive();
        if (!paused
                && !product.state().detail().equals(ingest.refusedSchema())
                && product.state().phase() != Phase.RETRYING) {
            reading();
        }
        decode();
        poll();
    }

    private void pause(Phase phase, String reason) {
        if (stopping) {
            waiting.clear();
            endIfIdle();
            return;
        }
        if (pausedAs != phase || !pausedBecause.equals(reason)) {
            pausedAs = phase;
            pausedBecause = reason;
            domain.state(product, phase, reason);
        }
        if (!paused) {
            paused = true;
            pausePartitions();
        }
        vertx.setTimer(phase == Phase.UNWRITABLE ? RETRY_UNWRITABLE_MILLIS : RETRY_PAUSED_MILLIS, timer -> decode());
        poll();
    }

    private void resume() {
        paused = false;
        pausedAs = null;
        reading();
        pausePartitions();
    }

    /** Makes the client's partitions as {@link #paused} is. */
    private void pausePartitions() {
        boolean wanted = paused;
        if (stream != null) {
            stream.pause(wanted, () -> paused == wanted && !stopping && !failed);
        }
    }

    private void live(boolean isLive) {
        live = isLive;
        product.store().behind(!isLive);
    }

    private void checkLive() {
        if (!live && product.position().hasReached(target)) {
            live(true);
            reading();
        }
    }

    private void reading() {
        Optional<String> fault = ingest.rejectionFault();
        domain.state(
                product,
                fault.isPresent() ? Phase.UNWRITABLE : live ? Phase.LIVE : Phase.CATCHING_UP,
                fault.orElseGet(ingest::refusedSchema));
    }

    /** Lets the store flush, and looks whether the topic is still the one that the data came from; the client itself would not tell. */
    private void watch() {
        if (!failed && rereads()) {
            return;
        }
        if (!failed && polling && stream != null && stream.hangs()) {
            polling = false; // its answer, if ever one comes, is passed over
            broken(new TimeoutException("the Kafka client does not answer"));
            return;
        }
        decode();
        tick();
        if (watching) {
            return;
        }
        watching = true;
        admin.end(product.definition().topic(), Position::of)
                .onComplete(found -> context.runOnContext(ignored -> {
                    watching = false;
                    if (stopping || failed) {
                        return;
                    }
                    if (found.failed()) {
                        // The client itself polls on in silence while the brokers are away.
                        domain.state(product, Phase.RETRYING, "the topic cannot be read: " + Reason.of(found.cause()));
                    } else if (!found.result().topicId().equals(target.topicId())) {
                        recreated(target.topicId(), found.result().topicId());
                    } else {
                        product.inputEnd(found.result());
                        if (!refused) { // a topic may be seen by those who may not read it
                            answered();
                        }
                    }
                }));
    }

    /** Asks the product's threads, which let the store flush; one that does not answer is shown. */
    private void tick() {
        if (ticking) {
            if (System.nanoTime() - tickedAt > PATIENCE_NANOS) {
                product.stalled("its domain's ingest thread has not answered for more than "
                        + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS) + " s");
            }
            return;
        }
        ticking = true;
        tickedAt = System.nanoTime();
        Future.fromCompletionStage(ingest.tick(), context).onComplete(ticked -> {
            ticking = false;
            product.stalled("");
            if (failed) {
                return;
            }
            if (ticked.failed()) {
                broken(ticked.cause());
            } else if (!paused && ticked.result().isPresent()) {
                // With nothing to read, too, the state says that files cannot be written.
                domain.state(product, Phase.UNWRITABLE, ticked.result().get());
            } else if (!paused
                    && (product.state().phase() == Phase.UNWRITABLE
                            || ingest.rejectionFault().isPresent())) {
                reading();
            }
        });
    }

    private void answered() {
        if (product.state().phase() == Phase.RETRYING) {
            if (pausedAs != null) {
                domain.state(product, pausedAs, pausedBecause);
            } else {
                reading();
            }
        }
    }

    private void recreated(String stored, String found) {
        lost(
                Phase.RECREATED,
                losses.onRecreated(),
                "the topic was made anew: its id is " + found + ", the stored data came from " + stored);
    }

    private void lost(Phase phase, LossPolicy policy, String what) {
        failed = true;
        mending = policy == LossPolicy.STOP ? null : () -> losses.mend(policy, context);
        domain.state(product, phase, what + LostRecords.consequence(policy));
        endIfIdle();
    }

    /** Whether a file was found broken, so that its partition is read again from there. */
    private boolean rereads() {
        Optional<ProductStore.Broken> broken = product.store().broken();
        if (broken.isPresent()) {
            failed = true;
            mending = () -> losses.rewind(broken.get(), context);
            domain.state(product, Phase.CATCHING_UP, "a broken file is set aside, its records are read again");
            endIfIdle();
        }
        return broken.isPresent();
    }

    /** Begins anew, with another client, once the store is as the policy says. */
    private void mend(Supplier<Future<Void>> how) {
        mending = null;
        decoding = true; // the store is not free
        waiting.clear();
        vertx.cancelTimer(watchTimer);
        (stream == null ? Future.<Void>succeededFuture() : close(stream))
                .otherwiseEmpty()
                .compose(closed -> how.get())
                .onComplete(mended -> context.runOnContext(ignored -> {
                    decoding = false;
                    open = false;
                    if (mended.failed()) {
                        mending = how;
                        retry(Reason.of(mended.cause()), this::endIfIdle);
                    } else {
                        failed = false;
                        live(false);
                        refused = false;
                        paused = false;
                        pausedAs = null;
                        findTopic();
                    }
                }));
    }

    private Future<Void> close(TopicStream from) {
        stream = null;
        return from.close();
    }

    /** Something failed that nobody foresaw: the port begins anew after a while, with another client. */
    private void broken(Throwable failure) {
        if (failed) {
            endIfIdle();
            return;
        }
        failed = true;
        waiting.clear();
        long millis = restarts.nextMillis();
        if (!(Reason.cause(failure) instanceof ProblemException)) {
            LOG.error(
                    "{}: the input port begins anew in {} ms", product.qualifiedName(), millis, Reason.cause(failure));
        }
        domain.state(product, Phase.RETRYING, Reason.of(failure));
        vertx.setTimer(millis, timer -> {
            mending = Future::succeededFuture;
            endIfIdle();
        });
        endIfIdle();
    }

    private void retry(String reason, Runnable again) {
        if (stopping) {
            endIfIdle();
            return;
        }
        domain.state(product, Phase.RETRYING, reason);
        vertx.setTimer(backoff.nextMillis(), timer -> again.run());
    }

    /** Another server has this one's place; to take it back would take it in turns. */
    private void stopped(Throwable failure) {
        failed = true;
        LOG.error("{}: the input port stops", product.qualifiedName(), failure);
        domain.state(product, Phase.STOPPED, Reason.of(failure));
        waiting.clear();
        endIfIdle();
    }

    /** A broken promise of quality: what is in stays and is served, nothing more comes in. */
    private void halt() {
        failed = true;
        waiting.clear();
        domain.state(product, Phase.STOPPED, product.halted().orElse(""));
        endIfIdle();
    }

    private void endIfIdle() {
        if (polling || decoding) {
            return;
        }
        if (!stopping) {
            if (mending != null) {
                mend(mending);
            }
            return;
        }
        vertx.cancelTimer(watchTimer);
        if (stream != null) {
            close(stream).onComplete(ignored -> ended.tryComplete());
        } else if (!open) {
            ended.tryComplete();
        }
    }
}
