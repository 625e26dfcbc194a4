package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.ingest.TestKafka;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** The demo's mesh on topics of its own, so that tests in one JVM share a broker and nothing else. */
record TestMesh(Path folder, String flights, String airports, String earthquakes) {
    static TestMesh in(Path folder) throws IOException {
        // The largest record of the tests has 20 MB.
        Map<String, String> large = Map.of("max.message.bytes", Integer.toString(32 << 20));
        var mesh =
                new TestMesh(folder, TestKafka.topic(4, large), TestKafka.topic(1, large), TestKafka.topic(2, large));
        DemoMesh.unpack(folder.resolve("mesh"));
        try (Stream<Path> files = Files.walk(folder.resolve("mesh"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.writeString(
                        file,
                        Files.readString(file)
                                .replace(DemoData.FLIGHTS.name(), mesh.flights)
                                .replace(DemoData.AIRPORTS.name(), mesh.airports)
                                .replace(DemoData.EARTHQUAKES.name(), mesh.earthquakes));
            }
        }
        return mesh;
    }

    Configuration configuration(Map<String, String> more) {
        return configuration(TestKafka.bootstrapServers(), more);
    }

    Configuration configuration(String bootstrapServers, Map<String, String> more) {
        // More than one ingest thread, fewer than the flights have partitions; one is what the killed servers have.
        Map<String, String> settings = new HashMap<>(Map.of("domain.ingestThreads", "3", "stop.notice", "0ms"));
        settings.putAll(Map.of(
                "mesh.name", "test",
                "mesh.folder", folder.resolve("mesh").toString(),
                "data.folder", folder.resolve("data").toString(),
                "kafka.bootstrapServers", bootstrapServers,
                "http.host", "127.0.0.1",
                "http.port", "0",
                "flight.host", "127.0.0.1",
                "flight.port", "0",
                "management.host", "127.0.0.1",
                "management.port", "0"));
        settings.putAll(more);
        return ConfigurationReader.ofDefaults().withOverrides(settings).read();
    }
}
