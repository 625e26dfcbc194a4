package dev.millrace.bench.ingest;

import dev.millrace.Folders;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the topic of the benchmark holds. */
enum DataSet {
    /** Made-up orders, all of one length; the contract has no rules but types. */
    ORDERS(Row.Order.class),
    /** The demo's flights: real data, and a contract with ranges and patterns. */
    FLIGHTS(Row.Flight.class);

    static final int PARTITIONS = 4;

    private static final String DEMO_KEY = """
                primaryKey: true
                primaryKeyPosition: 1
        """;

    private final Class<? extends Row> row;

    DataSet(Class<? extends Row> row) {
        this.row = row;
    }

    /** As what an application would read a record. */
    Class<? extends Row> row() {
        return row;
    }

    /** The data set of that name, in any case. */
    static DataSet of(String name) {
        for (DataSet data : values()) {
            if (data.name().equalsIgnoreCase(name)) {
                return data;
            }
        }
        throw new IllegalArgumentException("There is no data set '" + name + "'; there are orders and flights.");
    }

    /** Publishes the first {@code source.records()} of them to a new topic. */
    void publish(Source source, Path parquet) {
        try (var publisher = new TopicPublisher(source.bootstrapServers())) {
            publisher.ensure(List.of(new TopicSpecification(source.topic(), PARTITIONS, Map.of())));
            if (this == ORDERS) {
                publisher.publish(source.topic(), Orders.of(source.records()), source.records(), (done, total) -> {});
                return;
            }
            if (!Files.isReadable(parquet)) {
                throw new IllegalArgumentException("There is no file " + parquet + "; name one by --parquet.");
            }
            try (DemoSource flights = DemoData.flights(parquet, source.records())) {
                if (flights.total() < source.records()) {
                    throw new IllegalArgumentException(
                            parquet + " has " + flights.total() + " flights; ask for no more by --records.");
                }
                publisher.publish(source.topic(), flights.records(), flights.total(), (done, total) -> {});
            }
        }
    }

    /** The contract of a topic of these, with the id as the key or without a key. */
    String contract(String topic, boolean keyed) throws IOException {
        if (this == ORDERS) {
            return Orders.contract(topic, keyed);
        }
        Path mesh = Files.createTempDirectory("millrace-bench-demo");
        try {
            DemoMesh.unpack(mesh);
            String demo = Files.readString(mesh.resolve("domains/aviation/flights.odcs.yaml"))
                    .replace("physicalName: " + DemoData.FLIGHTS.name(), "physicalName: " + topic);
            return keyed ? demo : demo.replace(DEMO_KEY, "");
        } finally {
            Folders.delete(mesh);
        }
    }

    /** In words, for the report. */
    String describe() {
        return this == ORDERS
                ? "JSON orders of " + Orders.BYTES + " bytes"
                : "JSON flights of 112 to 118 bytes with the rules of the demo's contract";
    }
}
