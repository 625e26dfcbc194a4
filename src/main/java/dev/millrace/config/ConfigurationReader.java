package dev.millrace.config;

import dev.millrace.config.Setting.Form;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Place;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Gives the {@link Configuration}: an override (the command line) goes before an environment variable, that before the
 * file, that before the default. Every fault of every source is reported together in a
 * {@link Problem.InvalidConfiguration}; an unknown key is one and names the nearest known. An unknown {@code MILLRACE_}
 * variable is a warning, since orchestrators set such by themselves. Reads a file, so never called on an event loop.
 * Immutable: each {@code with} gives another reader.
 */
public final class ConfigurationReader {
    private static final Place ENVIRONMENT = Place.of("environment");
    private static final Place OVERRIDES = Place.of("command line");
    private static final String IN_FILE = "_FILE";
    private static final Path HERE = Path.of("");

    /** What Kubernetes says of a service that is called like one of our ports: {@code tcp://10.0.0.11:8080}. */
    private static final Pattern SERVICE = Pattern.compile("[a-z]+://\\S+");

    private final List<Path> files;
    private final Map<String, String> environment;
    private final Consumer<Fault> warnings;
    private final Map<String, String> overrides;
    private final PropertyCheck kafka;

    private ConfigurationReader(
            List<Path> files,
            Map<String, String> environment,
            Consumer<Fault> warnings,
            Map<String, String> overrides,
            PropertyCheck kafka) {
        this.files = List.copyOf(files);
        this.environment = Map.copyOf(environment);
        this.warnings = warnings;
        this.overrides = Map.copyOf(overrides);
        this.kafka = kafka;
    }

    /** A reader that gives the defaults. */
    public static ConfigurationReader ofDefaults() {
        return new ConfigurationReader(
                List.of(), Map.of(), warning -> {}, Map.of(), (property, text) -> Optional.empty());
    }

    /** Reads that file, which must exist; its relative folders are relative to its own folder. */
    public ConfigurationReader withFile(Path file) {
        return new ConfigurationReader(List.of(file), environment, warnings, overrides, kafka);
    }

    /** Takes {@code MILLRACE_*} out of these variables, in practice {@code System.getenv()}; told of every warning. */
    public ConfigurationReader withEnvironment(Map<String, String> variables, Consumer<Fault> warned) {
        return new ConfigurationReader(files, variables, warned, overrides, kafka);
    }

    /** Takes these values by key, for example {@code http.port}, before everything else. */
    public ConfigurationReader withOverrides(Map<String, String> values) {
        return new ConfigurationReader(files, environment, warnings, values, kafka);
    }

    /** Has somebody who knows them look at the properties of the Kafka clients. */
    public ConfigurationReader withKafkaCheck(PropertyCheck check) {
        return new ConfigurationReader(files, environment, warnings, overrides, check);
    }

    /** The configuration; throws a {@link Problem.InvalidConfiguration} with every fault. */
    public Configuration read() {
        Reading reading = new Reading(kafka);
        files.forEach(reading::file);
        environment.forEach(reading::variable);
        overrides.forEach(reading::override);
        Configuration configuration = reading.configuration();
        reading.faults.warnings().forEach(warnings);
        if (reading.faults.errors() > 0) {
            throw new Problem.InvalidConfiguration(reading.faults.all()).exception();
        }
        return configuration;
    }

    /** A value as given: its text, where it stands, what it is called there, and what its folders are relative to. */
    private record Given(String text, Place place, String name, Path base) {}

    /** The values given so far, by key, each source going before those read earlier, and the faults. */
    private static final class Reading {
        private final Faults faults = new Faults();
        private final Map<String, Given> given = new HashMap<>();
        private final Map<String, Object> values = new HashMap<>();
        private final PropertyCheck kafka;

        Reading(PropertyCheck kafka) {
            this.kafka = kafka;
        }

        void file(Path file) {
            Path folder = Optional.ofNullable(file.getParent()).orElse(HERE);
            YamlReader.read(file, faults)
                    .ifPresent(document -> mapping(Cursor.at(document.root(), faults), "", folder));
        }

        private void mapping(Cursor mapping, String prefix, Path folder) {
            mapping.fields().forEach((field, cursor) -> {
                String name = prefix + field;
                if (cursor.isMapping()) {
                    mapping(cursor, name + ".", folder);
                } else if (known(name)) {
                    text(cursor)
                            .map(text -> given.put(name, new Given(text, cursor.place(), name, folder)))
                            .ifPresent(first -> cursor.error("The key is set a second time; the first is in line "
                                    + first.place().line() + "."));
                } else {
                    faults.error(
                            Rule.CONFIGURATION,
                            mapping.keyPlace(field),
                            name,
                            unknown("key", name, SettingKey::shownName));
                }
            });
        }

        /** A single value's text; a list's items with commas between them. */
        private static Optional<String> text(Cursor cursor) {
            return cursor.isSequence()
                    ? Optional.of(cursor.items().stream()
                            .flatMap(item -> item.text().stream())
                            .collect(Collectors.joining(",")))
                    : cursor.text();
        }

        void variable(String variable, String text) {
            if (!variable.startsWith(SettingKey.PREFIX)) {
                return;
            }
            if (variable.endsWith(IN_FILE)) {
                String named = variable.substring(0, variable.length() - IN_FILE.length());
                Optional<SettingKey> secret = key(named).filter(one -> isSecret(one, variable));
                if (secret.isPresent()) {
                    content(variable, text)
                            .ifPresent(content -> given.put(
                                    secret.get().nameOf(named), new Given(content, ENVIRONMENT, variable, HERE)));
                    return;
                }
            }
            Optional<SettingKey> key = key(variable);
            if (key.isEmpty()) {
                faults.warning(
                        Rule.CONFIGURATION,
                        ENVIRONMENT,
                        variable,
                        unknown("variable", variable, SettingKey::variable) + " It is not taken.");
            } else if (key.get().setting().form() == Form.PORT
                    && SERVICE.matcher(text).matches()) {
                faults.warning(
                        Rule.CONFIGURATION,
                        ENVIRONMENT,
                        variable,
                        "'" + text + "' is what an orchestrator says of a service of that name. It is not taken.");
            } else {
                given.put(key.get().nameOf(variable), new Given(text, ENVIRONMENT, variable, HERE));
            }
        }

        private static Optional<SettingKey> key(String variable) {
            return SettingKey.ALL.stream()
                    .filter(one -> one.takesVariable(variable))
                    .findFirst();
        }

        /** Whether it may stand in a file: any secret, and any property of the clients, unless one is called so. */
        private boolean isSecret(SettingKey key, String variable) {
            return key.component().getType() == Secret.class
                    || (key.isMap()
                            && kafka.check(
                                            key.nameOf(variable)
                                                    .substring(key.name().length() + 1),
                                            "")
                                    .isPresent());
        }

        /** What a file holds, without the end of its line. */
        private Optional<String> content(String variable, String file) {
            try {
                return Optional.of(Files.readString(Path.of(file)).strip());
            } catch (IOException | InvalidPathException unreadable) {
                faults.error(Rule.CONFIGURATION, ENVIRONMENT, variable, "The file '" + file + "' cannot be read.");
                return Optional.empty();
            }
        }

        void override(String name, String text) {
            if (known(name)) {
                given.put(name, new Given(text, OVERRIDES, name, HERE));
            } else {
                faults.error(Rule.CONFIGURATION, OVERRIDES, name, unknown("key", name, SettingKey::shownName));
            }
        }

        private static boolean known(String name) {
            return SettingKey.ALL.stream().anyMatch(key -> key.takes(name));
        }

        private static String unknown(String what, String name, Function<SettingKey, String> shown) {
            return "There is no " + what + " '" + name + "'."
                    + Nearest.to(name, SettingKey.ALL.stream().map(shown).toList())
                            .map(near -> " The nearest is '" + near + "'.")
                            .orElse("");
        }

        Configuration configuration() {
            SettingKey.ALL.forEach(key -> values.put(key.name(), key.isMap() ? entries(key) : value(key)));
            SettingKey.ALL.forEach(this::checkAtMost);
            return record(Configuration.class, "");
        }

        /** The one map is that of the Kafka clients' properties. */
        private Map<String, String> entries(SettingKey map) {
            Map<String, String> entries = new HashMap<>();
            given.forEach((name, value) -> {
                if (map.takes(name)) {
                    String property = name.substring(map.name().length() + 1);
                    entries.put(property, value.text());
                    kafka.check(property, value.text())
                            .ifPresent(remark -> remark(remark, value.place(), value.name()));
                }
            });
            return entries;
        }

        private void remark(PropertyCheck.Remark remark, Place place, String name) {
            switch (remark.severity()) {
                case ERROR -> faults.error(Rule.CONFIGURATION, place, name, remark.message());
                case WARNING -> faults.warning(Rule.CONFIGURATION, place, name, remark.message());
            }
        }

        /** The value given, or the default where none is or a broken one, which is a fault. */
        private Object value(SettingKey key) {
            Given value = given.get(key.name());
            if (value != null) {
                try {
                    Object parsed = key.kind().parse(value.text());
                    return parsed instanceof Path folder && !value.text().isBlank()
                            ? value.base().resolve(folder)
                            : parsed;
                } catch (IllegalArgumentException e) {
                    fault(
                            key,
                            "Expected a " + key.kind().description() + ", found '" + value.text() + "'."
                                    + (key.setting().value().isEmpty()
                                            ? ""
                                            : " For example " + key.setting().value() + "."));
                }
            }
            return key.kind().parse(key.setting().value());
        }

        private void checkAtMost(SettingKey key) {
            if (!key.setting().atMost().isEmpty()) {
                String other = key.name().replaceAll("[^.]+$", key.setting().atMost());
                Object own = Objects.requireNonNull(values.get(key.name()));
                Object most = Objects.requireNonNull(values.get(other));
                if (SettingType.compare(own, most) > 0) {
                    fault(key, own + " is more than " + other + ", " + most + ".");
                }
            }
        }

        private void fault(SettingKey key, String message) {
            Given value = given.get(key.name());
            Place place = value == null ? Place.of("defaults") : value.place();
            faults.error(Rule.CONFIGURATION, place, value == null ? key.name() : value.name(), message);
        }

        /** The record of that type whose settings' names begin so. */
        private <T> T record(Class<T> type, String prefix) {
            Object[] components = Arrays.stream(type.getRecordComponents())
                    .map(component -> component(component, prefix + component.getName()))
                    .toArray();
            try {
                return type.cast(type.getDeclaredConstructors()[0].newInstance(components));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("a record of settings has one constructor, which refuses nothing", e);
            }
        }

        private Object component(RecordComponent component, String name) {
            Object value = values.get(name);
            return value == null ? record(component.getType(), name + ".") : value;
        }
    }
}
