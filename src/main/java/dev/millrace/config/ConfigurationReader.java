package dev.millrace.config;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Place;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Gives the {@link Configuration}: an override (the command line) goes before an environment variable, that before the
 * file, that before the default. Every fault of every source is reported together in a
 * {@link Problem.InvalidConfiguration}; an unknown key or {@code MILLRACE_} variable is one and names the nearest known.
 * Reads a file, so never called on an event loop. Immutable: each {@code with} gives another reader.
 */
public final class ConfigurationReader {
    private static final String ENVIRONMENT = "environment";
    private static final String OVERRIDES = "command line";

    private final List<Path> files;
    private final Map<String, String> environment;
    private final Map<String, String> overrides;

    private ConfigurationReader(List<Path> files, Map<String, String> environment, Map<String, String> overrides) {
        this.files = List.copyOf(files);
        this.environment = Map.copyOf(environment);
        this.overrides = Map.copyOf(overrides);
    }

    /** A reader that gives the defaults. */
    public static ConfigurationReader ofDefaults() {
        return new ConfigurationReader(List.of(), Map.of(), Map.of());
    }

    /** Reads that file, which must exist; its relative folders are relative to its own folder. */
    public ConfigurationReader withFile(Path file) {
        return new ConfigurationReader(List.of(file), environment, overrides);
    }

    /** Takes {@code MILLRACE_*} out of these variables, in practice {@code System.getenv()}. */
    public ConfigurationReader withEnvironment(Map<String, String> variables) {
        return new ConfigurationReader(files, variables, overrides);
    }

    /** Takes these values by key, for example {@code http.port}, before everything else. */
    public ConfigurationReader withOverrides(Map<String, String> values) {
        return new ConfigurationReader(files, environment, values);
    }

    /** The configuration; throws a {@link Problem.InvalidConfiguration} with every fault. */
    public Configuration read() {
        Faults faults = new Faults();
        Map<String, Value> values = new HashMap<>();
        files.forEach(file -> readFile(file, values, faults));
        environment.forEach((variable, text) -> readVariable(variable, text, values, faults));
        overrides.forEach((name, text) -> {
            if (known(name)) {
                values.put(name, new Value(text, Place.of(OVERRIDES), name, Path.of("")));
            } else {
                faults.error(Rule.CONFIGURATION, Place.of(OVERRIDES), name, unknown("key", name, names()));
            }
        });
        Configuration configuration = build(new Values(values, faults));
        if (faults.errors() > 0) {
            throw new Problem.InvalidConfiguration(faults.all()).exception();
        }
        return configuration;
    }

    private static void readFile(Path file, Map<String, Value> values, Faults faults) {
        Path parent = file.getParent();
        Path folder = parent == null ? Path.of("") : parent;
        YamlReader.read(file, faults)
                .ifPresent(document -> flatten(Cursor.at(document.root(), faults), "", folder, values));
    }

    private static void flatten(Cursor mapping, String prefix, Path folder, Map<String, Value> values) {
        mapping.fields().forEach((field, cursor) -> {
            String name = prefix + field;
            if (cursor.isMapping()) {
                flatten(cursor, name + ".", folder, values);
            } else if (known(name)) {
                cursor.text()
                        .map(text -> new Value(text, cursor.place(), name, folder))
                        .map(value -> values.put(name, value))
                        .ifPresent(first -> cursor.error("The key is set a second time; the first is in line "
                                + first.place().line() + "."));
            } else {
                mapping.faults()
                        .error(Rule.CONFIGURATION, mapping.keyPlace(field), name, unknown("key", name, names()));
            }
        });
    }

    private static void readVariable(String variable, String text, Map<String, Value> values, Faults faults) {
        if (!variable.startsWith(Key.PREFIX)) {
            return;
        }
        Place place = Place.of(ENVIRONMENT);
        String kafka = Key.variable(Keys.KAFKA_PROPERTIES);
        if (variable.startsWith(kafka) && variable.length() > kafka.length()) {
            String property =
                    variable.substring(kafka.length()).toLowerCase(Locale.ROOT).replace('_', '.');
            values.put(Keys.KAFKA_PROPERTIES + property, new Value(text, place, variable, Path.of("")));
            return;
        }
        Keys.ALL.stream()
                .filter(key -> key.variable().equals(variable))
                .findFirst()
                .ifPresentOrElse(
                        key -> values.put(key.name(), new Value(text, place, variable, Path.of(""))),
                        () -> faults.error(
                                Rule.CONFIGURATION,
                                place,
                                variable,
                                unknown(
                                        "variable",
                                        variable,
                                        Stream.concat(Keys.ALL.stream().map(Key::variable), Stream.of(kafka + "…"))
                                                .toList())));
    }

    private static boolean known(String name) {
        return Keys.ALL.stream().anyMatch(key -> key.name().equals(name))
                || (name.startsWith(Keys.KAFKA_PROPERTIES) && name.length() > Keys.KAFKA_PROPERTIES.length());
    }

    private static List<String> names() {
        return Stream.concat(Keys.ALL.stream().map(Key::name), Stream.of(Keys.KAFKA_PROPERTIES + "…"))
                .toList();
    }

    private static String unknown(String what, String name, Collection<String> known) {
        return "There is no " + what + " '" + name + "'."
                + Nearest.to(name, known)
                        .map(near -> " The nearest is '" + near + "'.")
                        .orElse("");
    }

    private static Configuration build(Values values) {
        Configuration.Http http = new Configuration.Http(
                values.of(Keys.HTTP_HOST),
                values.of(Keys.HTTP_PORT),
                values.of(Keys.HTTP_DEFAULT_LIMIT),
                values.of(Keys.HTTP_MAX_LIMIT),
                values.of(Keys.HTTP_MAX_BODY),
                values.of(Keys.HTTP_IDLE_TIMEOUT),
                values.of(Keys.HTTP_REQUEST_TIMEOUT),
                values.of(Keys.HTTP_MAX_CONNECTIONS),
                values.of(Keys.HTTP_MAX_STREAMS),
                values.of(Keys.HTTP_KEEP_ALIVE),
                values.of(Keys.HTTP_MAX_SUBSCRIBERS),
                values.of(Keys.HTTP_MAX_SUBSCRIBERS_PER_CLIENT),
                values.of(Keys.HTTP_COMPRESS_FROM),
                values.of(Keys.HTTP_CORS_ORIGINS));
        if (http.defaultLimit() > http.maxLimit()) {
            values.fault(
                    Keys.HTTP_DEFAULT_LIMIT,
                    "The default of " + http.defaultLimit() + " rows is more than http.maxLimit, " + http.maxLimit()
                            + ".");
        }
        int segmentRows = values.of(Keys.STORE_SEGMENT_ROWS);
        if (segmentRows % 8 != 0) {
            values.fault(Keys.STORE_SEGMENT_ROWS, "Expected a multiple of 8, found " + segmentRows + ".");
        }
        return new Configuration(
                new Configuration.Mesh(
                        values.of(Keys.MESH_NAME),
                        values.folder(Keys.MESH_FOLDER),
                        values.of(Keys.MESH_WATCH_INTERVAL)),
                new Configuration.Data(values.folder(Keys.DATA_FOLDER)),
                http,
                new Configuration.Management(values.of(Keys.MANAGEMENT_HOST), values.of(Keys.MANAGEMENT_PORT)),
                new Configuration.Flight(values.of(Keys.FLIGHT_HOST), values.of(Keys.FLIGHT_PORT)),
                new Configuration.Kafka(values.of(Keys.KAFKA_BOOTSTRAP_SERVERS), values.below(Keys.KAFKA_PROPERTIES)),
                new Configuration.SchemaRegistry(
                        values.of(Keys.SCHEMA_REGISTRY_URL),
                        values.of(Keys.SCHEMA_REGISTRY_USER),
                        values.of(Keys.SCHEMA_REGISTRY_PASSWORD),
                        values.of(Keys.SCHEMA_REGISTRY_RETRY_FOR)),
                new Configuration.Input(values.of(Keys.INPUT_ON_GAP), values.of(Keys.INPUT_ON_RECREATED)),
                new Configuration.Domain(values.of(Keys.DOMAIN_MEMORY), values.of(Keys.DOMAIN_INGEST_THREADS)),
                new Configuration.Limits(
                        values.of(Keys.LIMITS_REQUEST_TIMEOUT),
                        values.of(Keys.LIMITS_CONCURRENCY),
                        values.of(Keys.LIMITS_RATE_PER_SECOND)),
                new Configuration.Query(
                        values.of(Keys.QUERY_MEMORY),
                        values.of(Keys.QUERY_THREADS),
                        values.of(Keys.QUERY_MAX_GROUPS),
                        values.of(Keys.QUERY_SPOOL)),
                new Configuration.Store(
                        segmentRows,
                        values.of(Keys.STORE_FLUSH_INTERVAL),
                        values.of(Keys.STORE_SCRUB),
                        values.of(Keys.STORE_HISTORY),
                        values.of(Keys.STORE_COMPACTION)),
                new Configuration.Writes(
                        values.of(Keys.WRITES_MAX_RECORDS),
                        values.of(Keys.WRITES_WINDOW),
                        values.of(Keys.WRITES_MAX_KEYS)));
    }

    /** A value as given: its text, where it stands, what it is called there, and what its folders are relative to. */
    private record Value(String text, Place place, String name, Path base) {}

    /** The values given, by key; a broken one is a fault and reads as its default. */
    private record Values(Map<String, Value> given, Faults faults) {
        <T> T of(Key<T> key) {
            Value value = given.get(key.name());
            if (value != null) {
                try {
                    return key.kind().parser().parse(value.text());
                } catch (IllegalArgumentException e) {
                    faults.error(Rule.CONFIGURATION, value.place(), value.name(), String.valueOf(e.getMessage()));
                }
            }
            return key.kind().parser().parse(key.defaultText());
        }

        Path folder(Key<Path> key) {
            Path folder = of(key);
            Value value = given.get(key.name());
            return value == null ? folder : value.base().resolve(folder);
        }

        void fault(Key<?> key, String message) {
            Value value = given.get(key.name());
            faults.error(Rule.CONFIGURATION, value == null ? Place.of("defaults") : value.place(), key.name(), message);
        }

        Map<String, String> below(String prefix) {
            Map<String, String> below = new HashMap<>();
            given.forEach((name, value) -> {
                if (name.startsWith(prefix)) {
                    below.put(name.substring(prefix.length()), value.text());
                }
            });
            return below;
        }
    }
}
