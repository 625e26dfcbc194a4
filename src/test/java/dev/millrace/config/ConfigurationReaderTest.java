package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem.InvalidConfiguration;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
                .withEnvironment(Map.of(
                        "MILLRACE_HTTP_PORT", "2",
                        "MILLRACE_HTTP_MAX_LIMIT", "600",
                        "MILLRACE_KAFKA_PROPERTIES_SASL_MECHANISM", "PLAIN",
                        "PATH", "/bin"))
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
        Keys.ALL.forEach(key -> environment.put(key.variable(), key.defaultText()));

        assertEquals(
                ConfigurationReader.ofDefaults().read(),
                ConfigurationReader.ofDefaults().withEnvironment(environment).read());
        assertEquals(Keys.ALL.size(), environment.size(), "two keys share a variable");
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
                .withEnvironment(Map.of("MILLRACE_HTPP_PORT", "1", "MILLRACE_DOMAIN_MEMORY", "3 bytes"))
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
}
