package dev.millrace.bench.ingest;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.millrace.ingest.publish.SourceRecord;
import java.util.Iterator;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/** The records of the benchmark: flat JSON orders of 118 bytes, each with an id of its own. */
final class Orders {
    static final int BYTES = 118;

    private static final String[] CURRENCIES = {"EUR", "USD", "GBP", "CHF", "JPY"};
    private static final String[] STATES = {"open", "paid", "sent", "back"};

    private Orders() {}

    /** The contract of the orders on a topic, with {@code id} as the key or without a key. */
    static String contract(String topic, boolean keyed) {
        return """
                apiVersion: v3.1.0
                kind: DataContract
                id: urn:millrace:bench:orders
                name: orders
                version: 1.0.0
                status: active
                description:
                  purpose: The orders of the benchmark.
                schema:
                  - name: orders
                    physicalName: %s
                    properties:
                      - name: id
                        logicalType: string
                        required: true
                        primaryKey: %s
                      - name: customer
                        logicalType: integer
                        required: true
                      - name: amount
                        logicalType: number
                        required: true
                      - name: currency
                        logicalType: string
                        required: true
                      - name: placedAt
                        logicalType: timestamp
                        required: true
                      - name: state
                        logicalType: string
                        required: true
                """.formatted(topic, keyed);
    }

    static Iterator<SourceRecord> of(int count) {
        var random = new Random(42);
        return IntStream.range(0, count).mapToObj(i -> order(i, random)).iterator();
    }

    private static SourceRecord order(int number, Random random) {
        String id = String.format(Locale.ROOT, "o-%07d", number);
        String json = String.format(
                Locale.ROOT,
                "{\"id\":\"%s\",\"customer\":%d,\"amount\":%d.%02d,\"currency\":\"%s\","
                        + "\"placedAt\":\"2026-%02d-%02dT%02d:%02d:%02dZ\",\"state\":\"%s\"}",
                id,
                10_000 + random.nextInt(90_000),
                1_000 + random.nextInt(9_000),
                random.nextInt(100),
                CURRENCIES[random.nextInt(CURRENCIES.length)],
                1 + random.nextInt(12),
                1 + random.nextInt(28),
                random.nextInt(24),
                random.nextInt(60),
                random.nextInt(60),
                STATES[random.nextInt(STATES.length)]);
        if (json.length() != BYTES) {
            throw new IllegalStateException(json + " has " + json.length() + " bytes");
        }
        return new SourceRecord(id.getBytes(US_ASCII), json.getBytes(US_ASCII));
    }
}
