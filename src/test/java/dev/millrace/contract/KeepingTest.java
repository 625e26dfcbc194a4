package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.yaml.Faults;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KeepingTest {
    private Faults faults = new Faults();

    @Test
    void read_ofNothingSaid_keepsAll() {
        assertEquals(
                new Keeping(Optional.empty(), Optional.empty(), Long.MAX_VALUE, Long.MAX_VALUE, ""), read("", "d"));
        assertEquals(0, faults.all().size());
    }

    @Test
    void read_ofEveryLimit_takesThem() {
        String custom = """
                customProperties:
                  - {property: millrace.history, value: PT1H}
                  - {property: millrace.retentionRows, value: 1}
                  - {property: millrace.retentionBytes, value: 10GiB}
                  - {property: millrace.eventTime, value: at}
                slaProperties:
                  - {property: frequency, value: 1, unit: d}
                  - {property: retention, value: 30, unit: %s}
                """;
        assertEquals(
                new Keeping(Optional.of(Duration.ofHours(1)), Optional.of(Duration.ofDays(30)), 1, 10L << 30, "at"),
                read(custom, "d"));
        assertEquals(0, faults.errors());
        assertEquals(Optional.empty(), read(custom, "moons").age());
        assertEquals(0, faults.errors());
        assertTrue(faults.warnings().getLast().message().contains("kept for ever"), faults.warnings()::toString);
    }

    @Test
    void read_ofWhatCannotBe_saysWhatWould() {
        String[][] wrong = {
            {"millrace.history", "15m", "a duration"},
            {"millrace.history", "PT0S", "a duration"},
            {"millrace.retentionRows", "0", "a number of rows"},
            {"millrace.retentionRows", "many", "a number of rows"},
            {"millrace.retentionBytes", "0", "a size"},
            {"millrace.eventTime", "id", "a column of type timestamp"},
            {"millrace.eventTime", "none", "a column of type timestamp"},
        };
        for (String[] each : wrong) {
            faults = new Faults();
            read("customProperties: [{property: " + each[0] + ", value: " + each[1] + "}]\n", "");
            assertEquals(1, faults.errors(), each[0]);
            String message = faults.all().getLast().message();
            assertTrue(message.contains(each[2]) && message.contains("'" + each[1] + "'"), message);
        }
    }

    private Keeping read(String more, String unit) {
        Contract contract = ContractReader.read("orders.odcs.yaml", """
                apiVersion: v3.1.0
                kind: DataContract
                id: orders
                version: 1.0.0
                status: active
                schema:
                  - name: orders
                    properties:
                      - {name: id, logicalType: string}
                      - {name: at, logicalType: timestamp}
                """ + more.formatted(unit));
        return Keeping.read(contract, contract.objects().getFirst(), faults);
    }
}
