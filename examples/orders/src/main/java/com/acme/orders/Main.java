package com.acme.orders;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.arrow.memory.RootAllocator;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Produces a few orders, to the broker named as the argument or to none, and reads them back from a batch. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws Exception {
        List<Order> orders = Stream.of("ada", "grace", "edsger").map(Main::order).toList();
        try (Producer<byte[], byte[]> producer = producer(arguments)) {
            var sender = new OrderProducer(producer);
            for (Order order : orders) {
                Future<RecordMetadata> sent = sender.send(order);
                if (arguments.length > 0) {
                    System.out.println("sent to " + sent.get());
                }
            }
        }
        try (var allocator = new RootAllocator();
                var columns = new OrderColumns(allocator, 8)) {
            for (Order order : orders) {
                if (!columns.decode(OrderJson.write(order))) {
                    throw new IllegalStateException(columns.violation().toString());
                }
            }
            int rows = columns.rows();
            var batch = columns.seal();
            try {
                var view = new OrderView(batch);
                for (int row = 0; row < rows; row++) {
                    view.at(row);
                    System.out.println(view.customerId() + " " + view.total() + " " + view.currency() + " "
                            + view.toRecord().equals(orders.get(row)));
                }
            } finally {
                batch.release();
            }
        }
    }

    static Order order(String customer) {
        return new Order(
                UUID.nameUUIDFromBytes(customer.getBytes()),
                customer,
                Instant.now().truncatedTo(ChronoUnit.MICROS),
                new BigDecimal("19.90"),
                "EUR",
                Status.PLACED,
                List.of(new Line("AB-0001", 2, Set.of("gift"))),
                null);
    }

    private static Producer<byte[], byte[]> producer(String[] arguments) {
        return arguments.length == 0
                ? new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer())
                : new KafkaProducer<>(
                        Map.of("bootstrap.servers", arguments[0], "enable.idempotence", "true"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer());
    }
}
