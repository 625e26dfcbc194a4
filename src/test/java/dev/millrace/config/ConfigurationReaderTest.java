package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Problem.InvalidConfiguration;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationReaderTest {
    @TempDir
    Path folder;

    @Test
    void read_nothingGiven_givesTheDefaults() {
        Configuration configuration = ConfigurationReader.ofDefaults().read();

        assertEquals(8080, configuration.http().port());
        assertEquals(8081, configuration.management().port());
        assertEquals(8815, configuration.flight().port());
        assertEquals(100, configuration.http().defaultLimit());
        assertEquals(10_000, configuration.http().maxLimit());
        assertEquals(512L << 20, configuration.domain().memory().bytes());
        assertEquals(65_536, configuration.store().segmentRows());
        assertEquals(Duration.ofSeconds(30), configuration.store().flushInterval());
        assertEquals(Map.of(), configuration.kafka().properties());
        assertEquals(Path.of("mesh"), configuration.mesh().folder());
    }

    @Test
    void read_overrideVariableAndFile_takesThemInThatOrder() throws IOException {
        Path file = file("""
                http: {port: 1, maxLimit: 500, host: file}
                mesh.folder: meshes/a
                kafka:
                  properties:
                    security.protocol: SSL
                    ssl:
                      keystore.password: hush
                store: {flushInterval: 2m}
                """);
        Configuration configuration = ConfigurationReader.ofDefaults()
                .withFile(file)
                .withEnvironment(
                        Map.of(
                                "MILLRACE_HTTP_PORT", "2",
                                "MILLRACE_HTTP_MAX_LIMIT", "600",
                                "MILLRACE_KAFKA_PROPERTIES_SASL_MECHANISM", "PLAIN",
                                "PATH", "/bin"),
                        warning -> fail(warning.toString()))
                .withOverrides(Map.of("http.port", "3"))
                .read();

        assertEquals(3, configuration.http().port());
        assertEquals(600, configuration.http().maxLimit());
        assertEquals("file", configuration.http().host());
        assertEquals(folder.resolve("meshes/a"), configuration.mesh().folder());
        assertEquals(Duration.ofMinutes(2), configuration.store().flushInterval());
        assertEquals(
                Map.of("security.protocol", "SSL", "ssl.keystore.password", "hush", "sasl.mechanism", "PLAIN"),
                configuration.kafka().properties());
        assertFalse(configuration.toString().contains("hush"));
    }

    @Test
    void read_everyKeyByItsVariable_isTaken() {
        Map<String, String> environment = new HashMap<>();
        SettingKey.ALL.forEach(
                key -> environment.put(key.variable(), key.setting().value()));
        environment.remove("MILLRACE_KAFKA_PROPERTIES_*");

        assertEquals(
                ConfigurationReader.ofDefaults().read(),
                ConfigurationReader.ofDefaults()
                        .withEnvironment(environment, warning -> fail(warning.toString()))
                        .read());
        assertEquals(SettingKey.ALL.size() - 1, environment.size(), "two keys share a variable");
    }

    @Test
    void read_unknownVariable_isAWarningWithTheNearestName() {
        List<Fault> warnings = new ArrayList<>();

        Configuration configuration = ConfigurationReader.ofDefaults()
                .withEnvironment(
                        Map.of(
                                "MILLRACE_PORT", "tcp://10.0.0.11:8080",
                                "MILLRACE_SERVICE_HOST", "10.0.0.11",
                                "MILLRACE_HTPP_PORT", "1",
                                "MILLRACE_KAFKA_PROPERTIES_", "nothing"),
                        warnings::add)
                .read();

        assertEquals(ConfigurationReader.ofDefaults().read(), configuration);
        assertEquals(
                Set.of(
                        "MILLRACE_PORT: There is no variable 'MILLRACE_PORT'."
                                + " The nearest is 'MILLRACE_HTTP_PORT'. It is not taken.",
                        "MILLRACE_HTPP_PORT: There is no variable 'MILLRACE_HTPP_PORT'."
                                + " The nearest is 'MILLRACE_HTTP_PORT'. It is not taken.",
                        "MILLRACE_SERVICE_HOST: There is no variable 'MILLRACE_SERVICE_HOST'."
                                + " The nearest is 'MILLRACE_FLIGHT_HOST'. It is not taken.",
                        "MILLRACE_KAFKA_PROPERTIES_: There is no variable 'MILLRACE_KAFKA_PROPERTIES_'."
                                + " The nearest is 'MILLRACE_KAFKA_PROPERTIES_*'. It is not taken."),
                warnings.stream()
                        .map(fault -> fault.path() + ": " + fault.message())
                        .collect(Collectors.toSet()));
        assertEquals(
                Set.of(Severity.WARNING), warnings.stream().map(Fault::severity).collect(Collectors.toSet()));
    }

    @Test
    void read_portVariableOfAnOrchestratorsService_isAWarning() {
        List<Fault> warnings = new ArrayList<>();

        Configuration configuration = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of("flight.port", "1"))
                .withEnvironment(
                        Map.of("MILLRACE_HTTP_PORT", "tcp://10.0.0.11:80", "MILLRACE_FLIGHT_PORT", "udp://[::1]:2"),
                        warnings::add)
                .read();

        assertEquals(8080, configuration.http().port());
        assertEquals(1, configuration.flight().port());
        assertEquals(
                Set.of("MILLRACE_HTTP_PORT", "MILLRACE_FLIGHT_PORT"),
                warnings.stream().map(Fault::path).collect(Collectors.toSet()));
        assertEquals(
                1,
                faults(ConfigurationReader.ofDefaults()
                                .withEnvironment(Map.of("MILLRACE_HTTP_PORT", "http"), warnings::add))
                        .size());
    }

    @Test
    void read_secret_isNeverPrinted() {
        Configuration configuration = ConfigurationReader.ofDefaults()
                .withOverrides(Map.of("schemaRegistry.password", "hush", "kafka.properties.ssl.key.password", "hush"))
                .read();

        assertEquals("hush", configuration.schemaRegistry().password().text());
        assertFalse(configuration.toString().contains("hush"), configuration::toString);
    }

    @Test
    void defaults_ofEverySetting_areWithinTheirOwnBounds() {
        for (SettingKey key : SettingKey.ALL) {
            if (!key.isMap()) {
                assertDoesNotThrow(() -> key.kind().parse(key.setting().value()), key::name);
            }
        }
    }

    @Test
    void read_boundsOfEverySetting_holdBelowAtAndAbove() {
        Map<String, List<String>> edges = Map.of(
                "http.maxBody", List.of("1023", "1KiB", "1GiB", "1073741825"),
                "store.segmentRows", List.of("0", "8", "65536", "65544"),
                "store.history", List.of("999ms", "1s", "365d", "366d"),
                "http.idleTimeout", List.of("0ms", "1ms", "PT1H", "PT1H0.001S"),
                "http.maxSubscribersPerClient", List.of("-1", "0", "10000000", "10000001"));
        edges.forEach((key, texts) -> {
            for (int edge = 0; edge < 4; edge++) {
                var reader = ConfigurationReader.ofDefaults().withOverrides(Map.of(key, texts.get(edge)));
                if (edge == 1 || edge == 2) {
                    assertDoesNotThrow(reader::read, key + " " + texts.get(edge));
                } else {
                    assertEquals(1, faults(reader).size(), key + " " + texts.get(edge));
                }
            }
        });
    }

    @Test
    void read_manyFaults_reportsAllWithTheirPlaces() throws IOException {
        Path file = file("""
                htttp:
                  port: 1
                http:
                  prot: 80
                  port: 70000
                  maxLimit: 10
                store:
                  segmentRows: 100
                  flushInterval: soon
                domain: {memory: 1XB}
                """);
        List<Fault> faults = faults(ConfigurationReader.ofDefaults()
                .withFile(file)
                .withEnvironment(Map.of("MILLRACE_HTPP_PORT", "1", "MILLRACE_DOMAIN_MEMORY", "3 bytes"), warning -> {})
                .withOverrides(Map.of("flight.prot", "1")));

        Set<String> said = new HashSet<>();
        faults.forEach(fault -> said.add(fault.line() + ":" + fault.column() + " " + fault.path()));
        assertEquals(
                Set.of(
                        "2:3 htttp.port",
                        "4:3 http.prot",
                        "5:9 http.port",
                        "0:0 http.defaultLimit",
                        "8:16 store.segmentRows",
                        "9:18 store.flushInterval",
                        "0:0 MILLRACE_HTPP_PORT",
                        "0:0 MILLRACE_DOMAIN_MEMORY",
                        "0:0 flight.prot"),
                said);
        assertTrue(faults.stream().anyMatch(fault -> fault.message().contains("The nearest is 'http.port'")));
        assertTrue(faults.stream().anyMatch(fault -> fault.message().contains("The nearest is 'MILLRACE_HTTP_PORT'")));
        assertTrue(faults.stream().anyMatch(fault -> fault.message().contains("The nearest is 'flight.port'")));
    }

    @Test
    void read_sameKeyTwiceInTwoForms_isAFault() throws IOException {
        Path file = file("http.port: 1\nhttp: {port: 2}\n");

        List<Fault> faults = faults(ConfigurationReader.ofDefaults().withFile(file));

        assertEquals(1, faults.size());
        assertTrue(faults.get(0).message().contains("a second time"), faults::toString);
    }

    @Test
    void read_fileThatIsNotThere_isAFault() {
        List<Fault> faults = faults(ConfigurationReader.ofDefaults().withFile(folder.resolve("none.yaml")));

        assertEquals(1, faults.size());
        assertTrue(faults.get(0).message().contains("cannot be read"), faults::toString);
    }

    @Test
    void read_origins_areAListOrAFault() {
        assertEquals(List.of(), ConfigurationReader.ofDefaults().read().http().corsOrigins());
        for (String good : List.of("*", "https://a.org,http://localhost:3000", "https://a.org")) {
            assertEquals(
                    List.of(good.split(",")),
                    ConfigurationReader.ofDefaults()
                            .withOverrides(Map.of("http.corsOrigins", " " + good.replace(",", " , ")))
                            .read()
                            .http()
                            .corsOrigins());
        }
        for (String bad : List.of("a.org", "https://a.org/", "https://A.org", "https://a.org,x", "null")) {
            assertEquals(
                    1,
                    faults(ConfigurationReader.ofDefaults().withOverrides(Map.of("http.corsOrigins", bad)))
                            .size(),
                    bad);
        }
    }

    @Test
    void read_listOfYaml_isAList() throws IOException {
        Path file = file("http: {corsOrigins: [https://a.org, http://localhost:3000]}");

        assertEquals(
                List.of("https://a.org", "http://localhost:3000"),
                ConfigurationReader.ofDefaults().withFile(file).read().http().corsOrigins());
    }

    @Test
    void read_limits_holdAtTheirEdges() {
        for (String port : List.of("0", "65535")) {
            assertEquals(
                    Integer.parseInt(port),
                    ConfigurationReader.ofDefaults()
                            .withOverrides(Map.of("http.port", port))
                            .read()
                            .http()
                            .port());
        }
        for (String port : List.of("-1", "65536", "", "8o80", "99999999999")) {
            assertEquals(
                    1,
                    faults(ConfigurationReader.ofDefaults().withOverrides(Map.of("http.port", port)))
                            .size(),
                    port);
        }
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("millrace.yaml"), text);
    }

    private static List<Fault> faults(ConfigurationReader reader) {
        ProblemException exception = assertThrows(ProblemException.class, reader::read);
        return ((InvalidConfiguration) exception.problem()).faults();
    }

    @Test
    void secret_inAFile_isRead_andAMissingFileIsAFault(@org.junit.jupiter.api.io.TempDir Path folder) throws Exception {
        Path file = java.nio.file.Files.writeString(folder.resolve("secret"), "hush\n");
        PropertyCheck check = (property, text) -> property.endsWith(".file")
                ? Optional.of(new PropertyCheck.Remark(Severity.WARNING, "unknown"))
                : Optional.empty();
        Configuration read = ConfigurationReader.ofDefaults()
                .withKafkaCheck(check)
                .withEnvironment(
                        Map.of(
                                "MILLRACE_SCHEMA_REGISTRY_PASSWORD_FILE",
                                file.toString(),
                                "MILLRACE_KAFKA_PROPERTIES_SASL_JAAS_CONFIG_FILE",
                                file.toString()),
                        warning -> {})
                .read();
        assertEquals("hush", read.schemaRegistry().password().text());
        assertEquals(Map.of("sasl.jaas.config", "hush"), read.kafka().properties());
        var missing = ConfigurationReader.ofDefaults()
                .withEnvironment(
                        Map.of(
                                "MILLRACE_SCHEMA_REGISTRY_PASSWORD_FILE",
                                folder.resolve("none").toString()),
                        warning -> {});
        assertTrue(assertThrows(ProblemException.class, missing::read)
                .problem()
                .detail()
                .contains("cannot be read"));
    }
}
