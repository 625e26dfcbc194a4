package dev.millrace.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Problem.InvalidConfiguration;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KafkaPropertiesTest {
    private final List<Fault> warnings = new ArrayList<>();

    @TempDir
    Path folder;

    @Test
    void read_wrongProperties_areFaultsWithTheirPlaces() throws IOException {
        Path file = Files.writeString(folder.resolve("millrace.yaml"), """
                kafka:
                  properties:
                    session.timeout.ms: soon
                    security.protocol: TLS
                    max.block.ms: -1
                    fetch.min.bytes: 1
                """);
        var reader = ConfigurationReader.ofDefaults()
                .withFile(file)
                .withEnvironment(Map.of("MILLRACE_KAFKA_PROPERTIES_CLIENT_DNS_LOOKUP", "any"), warnings::add)
                .withKafkaCheck(new KafkaProperties());

        var problem = assertThrows(ProblemException.class, reader::read).problem();

        List<String> places = assertInstanceOf(InvalidConfiguration.class, problem).faults().stream()
                .map(fault -> fault.line() + ":" + fault.column() + " " + fault.path())
                .toList();
        assertEquals(
                List.of(
                        "3:25 kafka.properties.session.timeout.ms",
                        "4:24 kafka.properties.security.protocol",
                        "5:19 kafka.properties.max.block.ms",
                        "0:0 MILLRACE_KAFKA_PROPERTIES_CLIENT_DNS_LOOKUP"),
                places);
        assertTrue(problem.detail().contains("Not a number of type INT"), problem.detail());
    }

    @Test
    void read_unknownAndOwnProperties_areWarnings() {
        Configuration.Kafka kafka = ConfigurationReader.ofDefaults()
                .withKafkaCheck(new KafkaProperties())
                .withEnvironment(Map.of(), warnings::add)
                .withOverrides(Map.of(
                        "kafka.properties.securty.protocol", "SSL",
                        "kafka.properties.my.login.callback.url", "https://a.org",
                        "kafka.properties.ssl.truststore.password", "hush",
                        "kafka.properties.group.id", "mine"))
                .read()
                .kafka();

        assertEquals(4, kafka.properties().size());
        assertEquals(
                List.of(
                        "kafka.properties.group.id: Millrace sets this itself. It is not taken.",
                        "kafka.properties.my.login.callback.url: Kafka's clients have no property"
                                + " 'my.login.callback.url'.",
                        "kafka.properties.securty.protocol: Kafka's clients have no property 'securty.protocol'."
                                + " The nearest is 'security.protocol'."),
                warnings.stream()
                        .map(warning -> warning.path() + ": " + warning.message())
                        .sorted()
                        .toList());
    }

    @Test
    void sample_propertiesThatAreWrongTogether_cannotStartAndSayWhy() {
        var kafka = new Configuration.Kafka("127.0.0.1:1", Map.of("security.protocol", "SASL_PLAINTEXT"));

        var problem = assertThrows(
                        ProblemException.class,
                        () -> TopicSample.read(kafka, "orders", 1, Duration.ofSeconds(1), record -> {}))
                .problem();

        assertInstanceOf(Problem.CannotStart.class, problem);
        assertTrue(problem.detail().contains("kafka.properties"), problem.detail());
        assertTrue(problem.detail().contains("JAAS"), problem.detail());
    }
}
