package dev.millrace.bench.http;

import dev.millrace.bench.ChildJvm;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.server.Main;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import dev.millrace.server.demo.DemoSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** The demo's flights: their topic, and Millrace over it. */
final class Flights {
    static final String ROWS = "/v1/products/aviation/flights/rows";
    private static final int KEYS = 1000;

    private Flights() {}

    /** Publishes the first {@code count} flights. */
    static void publish(ChildBroker broker, Path folder, int count) {
        try (var publisher = new TopicPublisher(broker.bootstrapServers());
                DemoSource flights = DemoData.unpack(folder.resolve("source")).flights(count)) {
            publisher.ensure(DemoData.topics());
            publisher.publish(DemoData.FLIGHTS.name(), flights.records(), flights.total(), (done, total) -> {});
        }
    }

    /** {@code serve} over the demo's mesh, as soon as it has read all. */
    static Served serve(ChildBroker broker, Path folder) throws IOException, InterruptedException {
        return serve(broker, folder, "");
    }

    /** The same with more settings, lines of YAML under {@code http}. */
    static Served serve(ChildBroker broker, Path folder, String http) throws IOException, InterruptedException {
        DemoMesh.unpack(folder.resolve("mesh"));
        Path configuration = folder.resolve("millrace.yaml");
        Files.writeString(configuration, """
                mesh:
                  name: bench
                  folder: %1$s/mesh
                data:
                  folder: %1$s/data
                kafka:
                  bootstrapServers: %2$s
                http:
                  host: 127.0.0.1
                  port: 0
                %3$s
                flight:
                  host: 127.0.0.1
                  port: 0
                management:
                  host: 127.0.0.1
                  port: 0
                limits:
                  share: 100
                """.formatted(folder, broker.bootstrapServers(), http.indent(2)));
        Process process = ChildJvm.start(
                List.of("-Xmx512m"), List.of(), Main.class, List.of("serve", "--config", configuration.toString()));
        boolean ready = false;
        try {
            List<Integer> ports =
                    ChildOutput.ports(process, folder.resolve("server.log"), List.of("HTTP", "management"));
            Http.awaitOk(process, ports.getLast(), "/health/ready");
            ready = true;
            return new Served(process, ports.getFirst());
        } finally {
            if (!ready) {
                process.destroyForcibly();
            }
        }
    }

    /** Paths of single rows, spread over all of {@code count}. */
    static List<String> keys(int count) {
        return IntStream.range(0, KEYS)
                .mapToObj(i -> ROWS + String.format(Locale.ROOT, "/F%07d", 1 + (long) i * count / KEYS))
                .toList();
    }
}
