package dev.millrace.contract.check;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.regex.JDKRegularExpressionFactory;
import com.networknt.schema.regex.RegularExpression;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.JsonTree;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Rule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks files against the JSON Schema of the version that they name. The schemas are resources, so nothing is fetched.
 * Used by one thread.
 */
final class SchemaCheck {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the schemas have patterns for is never as long as this. */
    private static final int LONGEST_TEXT = 4096;

    /** What a file can be, with the versions whose schemas are known, the one that is taken for want of another last. */
    enum Standard {
        ODCS("odcs", List.of("v3.0.0", "v3.0.1", "v3.0.2", "v3.2.0", "v3.1.0")),
        ODPS("odps", List.of("v0.9.0", "v1.1.0", "v1.0.0"));

        private final String prefix;
        private final List<String> versions;

        Standard(String prefix, List<String> versions) {
            this.prefix = prefix;
            this.versions = versions;
        }
    }

    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2019_09,
            builder -> builder.schemaRegistryConfig(SchemaRegistryConfig.builder()
                    .regularExpressionFactory(SchemaCheck::bounded)
                    .build()));
    private final Map<String, Loaded> loaded = new HashMap<>();

    private record Loaded(JsonNode text, Schema schema) {}

    /** Adds an error for all that breaks the schema; true where there is a schema for the version that the root names. */
    boolean check(Standard standard, Node root, Faults faults) {
        Cursor cursor = Cursor.at(root, faults);
        Optional<Cursor> version = cursor.field("apiVersion");
        String name = version.filter(given -> !given.isMapping() && !given.isSequence())
                .flatMap(Cursor::text)
                .orElse(standard.versions.getLast());
        if (!standard.versions.contains(name)) {
            List<String> known = standard.versions.stream().sorted().toList();
            version.orElse(cursor)
                    .as(Rule.UNKNOWN_VERSION)
                    .error("'" + name + "' is no known version of "
                            + standard.name() + ". Expected " + String.join(", ", known) + "."
                            + Nearest.closeTo(name, known)
                                    .map(near -> " Did you mean " + near + "?")
                                    .orElse(""));
            return false;
        }
        Loaded schema = loaded.computeIfAbsent(standard.prefix + "-" + name, this::load);
        new SchemaErrors(schema.text(), root, faults).add(schema.schema().validate(JsonTree.of(root, LONGEST_TEXT)));
        return true;
    }

    private static RegularExpression bounded(String pattern) {
        RegularExpression expression = JDKRegularExpressionFactory.getInstance().getRegularExpression(pattern);
        return text -> {
            try {
                return expression.matches(text);
            } catch (StackOverflowError tooLong) { // a repeated group takes stack for each turn
                return false;
            }
        };
    }

    private Loaded load(String name) {
        try (InputStream in = SchemaCheck.class.getResourceAsStream("schema/" + name + ".json")) {
            JsonNode text = JSON.readTree(in);
            return new Loaded(text, registry.getSchema(text));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
