package dev.millrace.ingest;

import dev.millrace.config.Configuration;
import dev.millrace.config.LossPolicy;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState.Phase;
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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one product's topic into its store, as its {@link InputMachine} says.
 *
 * <p>All fields belong to one Vert.x context, an event loop, on which nothing blocks: the client polls on a thread of its
 * own, the domain's ingest threads decode.
 *
 * <p>A product of dead letters is idle until its topic has a record that it has not: no client is open then, and the
 * topic need not be there.
 */
final class KafkaInputPort implements InputWork {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaInputPort.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration DEAD_LETTER_POLL = Duration.ofSeconds(2);
    /** Partitions that were added are read within five seconds. */
    private static final long WATCH_MILLIS = 4_000;

    /** How long the product's threads may take before it is shown that they do not answer. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private final Vertx vertx;
    private final Context context;
    private final Configuration.Kafka kafka;
    private final DomainActor domain;
    private final Product product;
    private final String topic;
    private final boolean deadLetters;
    private final TopicAdmin admin;
    private final ProductIngest ingest;
    private final TopicStream.Opener opener;
    private final LostRecords losses;
    private final InputMachine machine = new InputMachine(this, RandomGenerator.getDefault());
    private final Promise<Void> ended = Promise.promise();

    private @Nullable TopicStream stream;
    private boolean tending;
    private long tendedAt;
    private long watchTimer = -1;

    KafkaInputPort(
            Vertx vertx,
            Configuration.Kafka kafka,
            DomainActor domain,
            Product product,
            TopicAdmin admin,
            ProductIngest ingest,
            Configuration.Input input,
            TopicStream.Opener opener) {
        this.vertx = vertx;
        this.context = vertx.getOrCreateContext();
        this.kafka = kafka;
        this.domain = domain;
        this.product = product;
        this.topic = product.definition().topic();
        this.deadLetters = product.definition().isDeadLetters();
        this.admin = admin;
        this.ingest = ingest;
        this.opener = opener;
        this.losses = new LostRecords(admin, product, ingest, input);
    }

    /** Begins to read; returns at once. */
    void start() {
        context.runOnContext(ignored -> {
            watchTimer = vertx.setPeriodic(WATCH_MILLIS, timer -> machine.watch());
            machine.find();
        });
    }

    /** Looks at once whether there is something to read, where it would do so only later. Any thread. */
    void wake() {
        context.runOnContext(ignored -> machine.wake());
    }

    /** Ends reading; the result ends when no run is being decoded and the client is closed. */
    Future<Void> stop() {
        context.runOnContext(ignored -> {
            vertx.cancelTimer(watchTimer);
            if (stream != null) {
                stream.wakeup();
            }
            machine.stop();
        });
        return ended.future();
    }

    /** Has the machine told what came of something, on the context. */
    private <T> void tell(Future<T> asked, Consumer<T> done, Consumer<Throwable> failed) {
        asked.onComplete(result -> context.runOnContext(ignored -> {
            if (result.succeeded()) {
                done.accept(result.result());
            } else {
                failed.accept(result.cause());
            }
        }));
    }

    private <T> Future<T> of(CompletionStage<T> stage) {
        return Future.fromCompletionStage(stage, context);
    }

    @Override
    public Facts facts() {
        ProductStore store = product.store();
        return new Facts(
                deadLetters,
                product.halted(),
                store.broken(),
                store.topicId(),
                product.position(),
                ingest.rejectionFault(),
                ingest.refusedSchema(),
                stream != null && stream.hangs());
    }

    @Override
    public LossPolicy policy(Phase loss) {
        return loss == Phase.GAP ? losses.onGap() : losses.onRecreated();
    }

    @Override
    public void find() {
        Future<Position> end = admin.end(topic, Position::of);
        tell(
                end.compose(losses::beginOfUnread),
                emptied -> machine.found(end.result(), emptied),
                failure -> machine.missing("topic " + topic + " cannot be read: " + Reason.of(failure)));
    }

    @Override
    public void prepare(Position end, Optional<Position> emptied) {
        tell(
                (deadLetters
                                ? Future.<Void>succeededFuture()
                                : admin.makeDeadLetterTopic(product.definition().deadLetterTopic()))
                        .compose(ready -> of(ingest.alone(() -> {
                            product.store().topic(end.topicId(), end.partitions());
                            emptied.ifPresent(begin -> ingest.passEmptied(begin, end));
                        }))),
                ready -> machine.prepared(),
                machine::broken);
    }

    @Override
    public void open(int partitions) {
        var opened = opener.open(
                vertx,
                topic,
                deadLetters ? ClientSettings.deadLetterConsumer(kafka) : ClientSettings.consumer(kafka),
                this::nextToRead);
        stream = opened;
        tell(opened.open(partitions), ready -> machine.opened(), machine::broken);
    }

    /** Called on the client's polling thread. */
    private long nextToRead(int partition) {
        long next = product.position().next(partition);
        return next == 0 ? -1 : next;
    }

    @Override
    public void poll() {
        TopicStream from = Objects.requireNonNull(stream);
        from.poll(deadLetters ? DEAD_LETTER_POLL : POLL).onComplete(polled -> {
            if (from != stream) {
                return; // a client that was given up
            }
            if (polled.succeeded()) {
                machine.polled(polled.result());
            } else {
                machine.pollFailed(polled.cause());
            }
        });
    }

    @Override
    public void decode(ConsumerRecords<ByteBuffer, ByteBuffer> run) {
        of(ingest.accept(run))
                .onSuccess(outcome -> {
                    switch (outcome) {
                        case DONE -> machine.decoded();
                        case EXHAUSTED ->
                            machine.held(
                                    Phase.PAUSED,
                                    product.store().keyFault().orElse("the domain's memory budget is used up"));
                        case UNWRITABLE ->
                            machine.held(
                                    Phase.UNWRITABLE,
                                    product.store().fileFault().orElse(""));
                        case WAITING ->
                            machine.held(
                                    Phase.PAUSED, "the schema registry is asked for the schema of the next record");
                    }
                })
                .onFailure(machine::decodeFailed);
    }

    @Override
    public void pause(boolean pausing) {
        if (stream != null) {
            stream.pause(pausing);
        }
    }

    @Override
    public void grow(int partitions) {
        if (stream != null) {
            stream.grow(partitions);
        }
    }

    @Override
    public void look() {
        tell(admin.end(topic, Position::of), machine::ends, failure -> machine.endUnknown(Reason.of(failure)));
    }

    /** Asks the product's threads; one that does not answer is shown. */
    @Override
    public void tend() {
        if (tending) {
            if (System.nanoTime() - tendedAt > PATIENCE_NANOS) {
                product.stalled("its domain's ingest thread has not answered for more than "
                        + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS) + " s");
            }
            return;
        }
        tending = true;
        tendedAt = System.nanoTime();
        of(ingest.tick())
                .onComplete(answered -> {
                    tending = false;
                    product.stalled("");
                })
                .onSuccess(machine::tended)
                .onFailure(failure -> {
                    LOG.warn("{}: its files are not looked after", product.qualifiedName(), failure);
                    machine.tendFailed(failure);
                });
    }

    @Override
    public void mend(Mend how) {
        tell(
                closed().otherwiseEmpty().compose(closed -> switch (how) {
                    case Mend.Nothing() -> Future.succeededFuture();
                    case Mend.Lost(LossPolicy policy) -> losses.mend(policy, context);
                    case Mend.Rewind(ProductStore.Broken file) -> losses.rewind(file, context);
                }),
                mended -> machine.mended(),
                failure -> machine.mendFailed(Reason.of(failure)));
    }

    private Future<Void> closed() {
        TopicStream open = stream;
        stream = null;
        return open == null ? Future.succeededFuture() : open.close();
    }

    @Override
    public void after(long millis, Timer timer) {
        vertx.setTimer(millis, ended -> machine.timer(timer));
    }

    @Override
    public void show(Phase phase, String detail) {
        domain.state(product, phase, detail);
    }

    @Override
    public void behind(boolean isBehind) {
        product.store().behind(isBehind);
    }

    @Override
    public void inputEnd(Position end) {
        product.inputEnd(end);
    }

    @Override
    public void failed(Throwable failure, long againMillis) {
        if (!(Reason.cause(failure) instanceof ProblemException)) {
            LOG.error(
                    "{}: the input port begins anew in {} ms",
                    product.qualifiedName(),
                    againMillis,
                    Reason.cause(failure));
        }
    }

    @Override
    public void close() {
        closed().onComplete(ignored -> ended.tryComplete());
    }
}
