package com.acme.orders;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.codec.Violation;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class OrderTest {
    private static final Order ORDER = Main.order("ada");

    @Test
    void order_throughJson_isTheSame() {
        assertEquals(ORDER, OrderJson.read(OrderJson.write(ORDER)));
    }

    @Test
    void order_thatBreaksItsContract_isNotSent() {
        Order broken = new Order(
                ORDER.orderId(),
                ORDER.customerId(),
                ORDER.placedAt(),
                ORDER.total().negate(),
                ORDER.currency(),
                ORDER.status(),
                ORDER.lines(),
                null);
        assertEquals(
                List.of("minimum", "total"),
                OrderJson.violation(broken).map(OrderTest::where).orElseThrow());
        try (var producer = new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer())) {
            assertThrows(ProblemException.class, () -> new OrderProducer(producer).send(broken));
            assertEquals(List.of(), producer.history());
        }
    }

    @Test
    void deletion_isTheKeyAlone() {
        try (var producer = new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer())) {
            new OrderProducer(producer).delete(ORDER.orderId());
            assertEquals(
                    ORDER.orderId().toString(),
                    new String(producer.history().getFirst().key(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void contract_isTheCommittedOne() throws IOException {
        try (InputStream derived = Order.class.getResourceAsStream(OrderColumns.CONTRACT)) {
            assertEquals(
                    Files.readString(Path.of("contracts/orders.odcs.yaml")),
                    new String(derived.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void main_runs() throws Exception {
        Main.main(new String[0]);
    }

    private static List<String> where(Violation violation) {
        return List.of(violation.rule(), violation.path());
    }
}
