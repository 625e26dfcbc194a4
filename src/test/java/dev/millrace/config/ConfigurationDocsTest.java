package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/configuration.md} and the table of keys together; {@code -Dmillrace.docs=write} writes the page. */
class ConfigurationDocsTest {
    private static final Path PAGE = Path.of("docs/configuration.md");

    @Test
    void page_ofTheTable_isTheCommittedOne() throws IOException {
        if (System.getProperty("millrace.docs", "").equals("write")) {
            Files.writeString(PAGE, page());
        }
        assertEquals(
                page(),
                Files.readString(PAGE),
                "Rewrite it: ./mvnw test -Dtest=ConfigurationDocsTest -Dmillrace.docs=write");
    }

    private static String page() {
        StringBuilder page = new StringBuilder("""
                # Configuration

                `./millrace serve --config millrace.yaml` reads this file. Every key can also be set by its environment
                variable, which goes before the file; the command line goes before both. An unknown key or `MILLRACE_`
                variable stops the start and names the nearest known one. This page is made from the table in
                `dev.millrace.config.Keys`, and a test holds both together.

                ```yaml
                mesh:
                  folder: mesh
                kafka:
                  bootstrapServers: kafka-1:9092,kafka-2:9092
                  properties:
                    security.protocol: SSL
                http:
                  port: 8080
                domain:
                  memory: 2GiB
                ```

                Sizes are written as `512MiB`, `64KiB`, `1GB` (decimal) or a number of bytes; durations as `500ms`, `30s`,
                `5m`, `1h`, `1d` or as ISO 8601 (`PT30S`).

                | key | variable | value | default | meaning |
                |---|---|---|---|---|
                """);
        for (Key<?> key : Keys.ALL) {
            String otherwise = key.defaultText().isEmpty() ? "none" : "`" + key.defaultText() + "`";
            page.append("| `%s` | `%s` | %s | %s | %s |\n"
                    .formatted(key.name(), key.variable(), key.kind().description(), otherwise, key.meaning()));
        }
        return page.append("| `kafka.properties.*` | `MILLRACE_KAFKA_PROPERTIES_*` | text | none | Any property of the"
                        + " Kafka clients. In a variable's name an underscore stands for a dot:"
                        + " `MILLRACE_KAFKA_PROPERTIES_SECURITY_PROTOCOL` is `security.protocol`. |\n")
                .toString();
    }
}
