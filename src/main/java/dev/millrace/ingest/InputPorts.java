package dev.millrace.ingest;

import dev.millrace.codec.SchemaSource;
import dev.millrace.config.Configuration;
import dev.millrace.contract.ValueFormat;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The input ports of all domains, with the clients that they share. Any thread. */
public final class InputPorts {
    private final Vertx vertx;
    private final TopicAdmin admin;
    private final DeadLetterTopic deadLetters;
    private final RegistryClient registry;
    private final List<KafkaInputPort> ports = new ArrayList<>();

    private InputPorts(Vertx vertx, TopicAdmin admin, DeadLetterTopic deadLetters, RegistryClient registry) {
        this.registry = registry;
        this.vertx = vertx;
        this.admin = admin;
        this.deadLetters = deadLetters;
    }

    /**
     * Starts reading every product's topic; returns at once, and tries for ever where a broker or topic is missing.
     *
     * @param instance names this server's data folder, so that servers with folders of their own each read everything
     */
    public static InputPorts start(
            Vertx vertx,
            Configuration.Kafka kafka,
            Configuration.SchemaRegistry registry,
            String instance,
            List<DomainActor> domains) {
        var client = new RegistryClient(vertx, registry);
        var ports = new InputPorts(vertx, new TopicAdmin(vertx, kafka), new DeadLetterTopic(vertx, kafka), client);
        Map<ValueFormat, SchemaSource> schemas = new EnumMap<>(ValueFormat.class);
        for (DomainActor domain : domains) {
            for (Product product : domain.products()) {
                var port = new KafkaInputPort(
                        vertx,
                        kafka,
                        instance,
                        domain,
                        product,
                        ports.admin,
                        ports.deadLetters,
                        schemas.computeIfAbsent(product.definition().format(), client::source));
                ports.ports.add(port);
                port.start();
            }
        }
        return ports;
    }

    /** Ends reading; afterwards no run is being decoded and no client is open. */
    public Future<Void> stop() {
        return Future.join(ports.stream().map(KafkaInputPort::stop).toList())
                .<Void>mapEmpty()
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
