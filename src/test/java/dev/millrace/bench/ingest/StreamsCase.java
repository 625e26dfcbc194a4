package dev.millrace.bench.ingest;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.Folders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.Stores;

/** Kafka Streams: the topic as a table in a queryable store in memory, everything else as it comes by default. */
final class StreamsCase implements IngestCase {
    private static final String STORE = "orders";

    private final Source source;
    private final ObjectMapper mapper = Row.mapper();
    private int pass;

    StreamsCase(Source source) {
        this.source = source;
    }

    /**
     * The Kafka clients that this release of Streams runs on, which are not Millrace's: the build leaves them beside the
     * test classes.
     */
    static Path clients() {
        try {
            Path classes = Path.of(StreamsCase.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return classes.resolveSibling("peers").resolve("kafka-clients.jar");
        } catch (URISyntaxException broken) {
            throw new IllegalStateException(broken);
        }
    }

    @Override
    public Reading read() throws IOException {
        Path folder = Files.createTempDirectory("millrace-streams");
        var settings = new Properties();
        settings.put(
                StreamsConfig.APPLICATION_ID_CONFIG,
                "streams-" + ProcessHandle.current().pid() + "-" + pass++);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, source.bootstrapServers());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
        var builder = new StreamsBuilder();
        builder.table(
                source.topic(),
                Consumed.with(Serdes.String(), rows()),
                Materialized.as(Stores.inMemoryKeyValueStore(STORE)));
        var streams = new KafkaStreams(builder.build(), settings);
        streams.start();
        return new ToTable(streams, folder);
    }

    private Serde<Row> rows() {
        return Serdes.serdeFrom(
                (topic, row) -> {
                    try {
                        return row == null ? null : mapper.writeValueAsBytes(row);
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                },
                (topic, json) -> {
                    try {
                        return json == null
                                ? null
                                : mapper.readValue(json, source.dataSet().row());
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                });
    }

    private final class ToTable implements Reading {
        private final KafkaStreams streams;
        private final Path folder;

        ToTable(KafkaStreams streams, Path folder) {
            this.streams = streams;
            this.folder = folder;
        }

        @Override
        public long await() throws InterruptedException {
            Patience.until("the table", () -> count() >= source.records());
            return count();
        }

        private long count() {
            if (streams.state() != KafkaStreams.State.RUNNING) {
                return -1;
            }
            try {
                return streams.store(StoreQueryParameters.fromNameAndType(
                                STORE, QueryableStoreTypes.<String, Row>keyValueStore()))
                        .approximateNumEntries();
            } catch (InvalidStateStoreException moving) {
                return -1;
            }
        }

        @Override
        public void close() throws IOException {
            streams.close(Duration.ofSeconds(30));
            streams.cleanUp();
            Folders.delete(folder);
        }
    }
}
