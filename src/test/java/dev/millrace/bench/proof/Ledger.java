package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.ingest.publish.SourceRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Bookings: numbered from 0, each of one of some accounts, which is the record's key. One topic feeds two products:
 * {@code bank.bookings} keeps all, {@code bank.accounts} the newest of each account.
 */
final class Ledger {
    static final String TOPIC = "bank.bookings.v1";
    static final String BOOKINGS = "/v1/products/bank/bookings";
    static final String MOVING = "/v1/products/bank/moving";
    static final String ACCOUNTS = "/v1/products/bank/accounts";

    private Ledger() {}

    /** Writes both contracts into a mesh folder; the bookings' has a topic and further properties of its own. */
    static void mesh(Path folder, String topic, String more) throws IOException {
        accounts(folder);
        Files.writeString(
                folder.resolve("domains/bank/bookings.odcs.yaml"), contract("bookings", topic, "append", false, more));
    }

    /** The contract of the accounts alone. */
    static void accounts(Path folder) throws IOException {
        Path domain = Files.createDirectories(folder.resolve("domains/bank"));
        Files.writeString(domain.resolve("accounts.odcs.yaml"), contract("accounts", TOPIC, "upsert", true, ""));
    }

    /** One more upsert product, of a topic of its own. */
    static void moving(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("domains/bank/moving.odcs.yaml"),
                contract("moving", MovingKeys.TOPIC, "upsert", true, ""));
    }

    /** A server's settings on free ports of loopback; {@code more} are further lines. */
    static Path settings(Path folder, String bootstrapServers, String more) throws IOException {
        return Files.writeString(folder.resolve("millrace.yaml"), """
                mesh: {name: proof, folder: mesh}
                data: {folder: data}
                kafka: {bootstrapServers: "%s"}
                http: {host: 127.0.0.1, port: 0, keepAlive: 1s}
                flight: {host: 127.0.0.1, port: 0}
                management: {host: 127.0.0.1, port: 0}
                %s
                """.formatted(bootstrapServers, more));
    }

    private static String contract(String name, String topic, String mode, boolean keyed, String more) {
        return """
                apiVersion: v3.1.0
                kind: DataContract
                id: urn:millrace:proof:%1$s
                name: %1$s
                version: 1.0.0
                status: active
                customProperties:
                  - property: millrace.mode
                    value: %2$s%4$s
                schema:
                  - name: %1$s
                    physicalName: %5$s
                    properties:
                      - name: account
                        logicalType: string
                        required: true
                        primaryKey: %3$s
                      - name: number
                        logicalType: integer
                        required: %6$s
                      - name: text
                        logicalType: string
                """.formatted(name, mode, keyed, more, topic, !keyed);
    }

    static SourceRecord booking(long number, int accounts) {
        String account = account(number, accounts);
        return new SourceRecord(account.getBytes(UTF_8), value(account, number).getBytes(UTF_8));
    }

    static String value(String account, long number) {
        return "{\"account\":\"" + account + "\",\"number\":" + number + ",\"text\":\"" + text(number) + "\"}";
    }

    /** The account of a booking: some have many bookings, most have few. */
    static String account(long number, int accounts) {
        long mixed = (number * 0x9E3779B97F4A7C15L) >>> 20;
        return "a" + (mixed % 4 == 0 ? mixed % 11 : mixed % accounts);
    }

    static String text(long number) {
        return "booking number " + number + " of the proof";
    }
}
