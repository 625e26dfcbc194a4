package dev.millrace.ingest;

import dev.millrace.codec.SchemaSource;
import dev.millrace.codec.Violation;
import dev.millrace.config.Configuration;
import dev.millrace.contract.ValueFormat;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.kafka.TopicStream;
import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** The input ports of all domains, with the clients that they share. Any thread. */
public final class InputPorts {
    private static final Duration LAST_WAIT = Duration.ofSeconds(15);

    private final Vertx vertx;
    private final Configuration.Kafka kafka;
    private final Configuration.Input input;
    private final TopicAdmin admin;
    private final DeadLetterTopic deadLetters;
    private final RegistryClient registry;
    private final Map<ValueFormat, SchemaSource> schemas = new EnumMap<>(ValueFormat.class);
    private final WorkerPool replays;
    private final Map<Product, List<KafkaInputPort>> ports = new HashMap<>();

    private InputPorts(
            Vertx vertx,
            Configuration.Kafka kafka,
            Configuration.SchemaRegistry registry,
            Configuration.Input input,
            WorkerPool replays) {
        this.replays = replays;
        this.registry = new RegistryClient(vertx, registry);
        this.vertx = vertx;
        this.kafka = kafka;
        this.input = input;
        this.admin = new TopicAdmin(vertx, kafka);
        this.deadLetters = new DeadLetterTopic(vertx, kafka);
    }

    /**
     * Starts reading every product's topic and that of its dead letters; returns at once, and tries for ever where a
     * broker or topic is missing.
     *
     * @param replays send dead letters back; closed at the end
     */
    public static InputPorts start(
            Vertx vertx,
            Configuration.Kafka kafka,
            Configuration.SchemaRegistry registry,
            Configuration.Input input,
            List<DomainActor> domains,
            WorkerPool replays) {
        var ports = new InputPorts(vertx, kafka, registry, input, replays);
        for (DomainActor domain : domains) {
            for (Product product : domain.products()) {
                ports.add(domain, product);
            }
        }
        return ports;
    }

    /** Starts reading a product's topic and that of its dead letters. */
    public synchronized void add(DomainActor domain, Product product) {
        Product letters = product.deadLetters().orElseThrow();
        KafkaInputPort lettersPort = start(
                domain,
                letters,
                new ProductIngest(letters, domain.lanes(letters), Optional.empty(), registry.source(ValueFormat.JSON)));
        var ingest = new ProductIngest(
                product,
                domain.lanes(product),
                Optional.of(new ProductIngest.Rejection() {
                    @Override
                    public boolean isFull() {
                        return deadLetters.isFull();
                    }

                    @Override
                    public Optional<String> fault() {
                        String topic = product.definition().deadLetterTopic();
                        return deadLetters
                                .fault(topic)
                                .map(reason -> "the dead-letter topic " + topic + " cannot be written: " + reason
                                        + "; it is tried again until it can");
                    }

                    @Override
                    public CompletableFuture<Void> send(ConsumerRecord<byte[], byte[]> record, Violation violation) {
                        return deadLetters
                                .send(product.definition(), record, violation)
                                .thenRun(lettersPort::wake);
                    }
                }),
                schemas.computeIfAbsent(product.definition().format(), registry::source));
        ports.put(product, List.of(start(domain, product, ingest), lettersPort));
        product.replay(new TopicReplay(replays, kafka, admin, product, ingest, lettersPort::wake));
    }

    private KafkaInputPort start(DomainActor domain, Product product, ProductIngest ingest) {
        var port = new KafkaInputPort(vertx, kafka, domain, product, admin, ingest, input, TopicStream::open);
        port.start();
        return port;
    }

    /** Ends reading a product's topics; afterwards none of its runs is being decoded. */
    public synchronized Future<Void> remove(Product product) {
        product.replay(request -> CompletableFuture.failedFuture(
                new Problem.Unavailable("A replay", "the product is not served any more.").exception()));
        return Future.join(Objects.requireNonNull(ports.remove(product)).stream()
                        .map(KafkaInputPort::stop)
                        .toList())
                .mapEmpty();
    }

    /** Ends reading; afterwards no run is being decoded and no client is open. */
    public synchronized Future<Void> stop() {
        return Future.join(ports.values().stream()
                        .flatMap(List::stream)
                        .map(KafkaInputPort::stop)
                        .toList())
                .<Void>mapEmpty()
                .eventually(() -> replays.close(LAST_WAIT)) // waits for a replay under way
                .eventually(deadLetters::close)
                .eventually(registry::close)
                .eventually(() -> vertx.executeBlocking(
                        () -> {
                            admin.close(); // waits for what is under way
                            return true;
                        },
                        false));
    }
}
