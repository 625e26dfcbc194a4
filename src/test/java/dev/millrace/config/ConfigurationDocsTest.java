package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Holds the table of {@code docs/configuration.md} and the settings together; {@code -Dmillrace.docs=write} writes it. */
class ConfigurationDocsTest {
    private static final Path PAGE = Path.of("docs/configuration.md");
    private static final String HEAD = """
            | key | variable | value | default | meaning |
            |---|---|---|---|---|
            """;

    @Test
    void table_ofThePage_isWhatTheSettingsSay() throws IOException {
        String page = Files.readString(PAGE);
        String prose = page.substring(0, page.indexOf(HEAD));
        if (System.getProperty("millrace.docs", "").equals("write")) {
            Files.writeString(PAGE, prose + table());
        }
        assertEquals(
                prose + table(),
                Files.readString(PAGE),
                "Rewrite it: ./mvnw test -Dtest=ConfigurationDocsTest -Dmillrace.docs=write");
    }

    private static String table() {
        StringBuilder table = new StringBuilder(HEAD);
        for (SettingKey key : SettingKey.ALL) {
            Setting setting = key.setting();
            table.append("| `%s` | `%s` | %s | %s | %s |\n"
                    .formatted(
                            key.shownName(),
                            key.variable(),
                            key.kind().description(),
                            setting.value().isEmpty() ? "none" : "`" + setting.value() + "`",
                            setting.text()));
        }
        return table.toString();
    }
}
