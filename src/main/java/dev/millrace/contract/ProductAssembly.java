package dev.millrace.contract;

import dev.millrace.config.LossPolicy;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes a product of a contract, and checks what a contract may leave open and a product may not. */
public final class ProductAssembly {
    private static final String MODE = "millrace.mode";
    private static final String UNKNOWN_FIELDS = "millrace.unknownFields";
    private static final String DEAD_LETTER_TOPIC = "millrace.deadLetterTopic";
    private static final String FORMAT = "millrace.format";
    private static final String UNKNOWN_COLUMN = "millrace.unknownFieldsColumn";
    private static final String ON_GAP = "millrace.onGap";
    private static final String ON_RECREATED = "millrace.onRecreated";
    private static final Set<String> KNOWN = Stream.concat(
                    Stream.of(MODE, FORMAT, UNKNOWN_FIELDS, UNKNOWN_COLUMN, DEAD_LETTER_TOPIC, ON_GAP, ON_RECREATED),
                    Keeping.PROPERTIES.stream())
            .collect(Collectors.toCollection(TreeSet::new));
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

    private final Contract contract;
    private final Faults faults;

    private ProductAssembly(Contract contract, Faults faults) {
        this.contract = contract;
        this.faults = faults;
    }

    /** The product; empty with an error where it cannot be served. */
    static Optional<ProductDefinition> assemble(
            String domain, String name, Contract contract, Optional<ProductDescriptor> descriptor, Faults faults) {
        int errors = faults.errors();
        Optional<ProductDefinition> product = new ProductAssembly(contract, faults).assemble(domain, name, descriptor);
        return faults.errors() == errors ? product : Optional.empty();
    }

    /** Checks the keys of every object, and the topics where there is a Kafka server. */
    public static void check(Contract contract, Faults faults) {
        ProductAssembly assembly = new ProductAssembly(contract, faults);
        boolean kafka =
                contract.servers().stream().anyMatch(server -> server.type().equals("kafka"));
        for (SchemaObject object : contract.objects()) {
            assembly.key(object);
            if (kafka) {
                assembly.topic(object, object.physicalName());
            }
        }
    }

    private Optional<ProductDefinition> assemble(String domain, String name, Optional<ProductDescriptor> descriptor) {
        if (!contract.domain().isEmpty() && !contract.domain().equals(domain)) {
            root("domain")
                    .warning("The contract names the domain '" + contract.domain() + "' and lies in the folder of '"
                            + domain + "'; the folder counts.");
        }
        if (contract.objects().size() != 1) {
            root("schema")
                    .error("A product has one schema object, this contract has "
                            + contract.objects().size() + ". Write a contract for each.");
            return Optional.empty();
        }
        SchemaObject object = contract.objects().get(0);
        if (object.properties().isEmpty()) {
            error(object, "A product needs at least one property.");
        }
        warnOfUnknown(contract.custom(), "customProperties");
        warnOfUnknown(object.custom(), "schema[0].customProperties");
        List<Property> key = key(object);
        Mode mode = choice(custom(object, MODE), Mode.values()).orElse(Mode.APPEND);
        if (mode == Mode.UPSERT && key.isEmpty()) {
            error(object, "An upsert product needs a primary key: primaryKey: true on a property.");
        }
        String deadLetterTopic = custom(object, DEAD_LETTER_TOPIC)
                .flatMap(cursor -> cursor.text())
                .orElse(object.physicalName() + ".dlq");
        topic(object, object.physicalName());
        topic(object, deadLetterTopic);
        if (deadLetterTopic.equals(object.physicalName())) {
            error(object, "The topic and the dead-letter topic are the same.");
        }
        ValueFormat format =
                choice(custom(object, FORMAT), ValueFormat.values()).orElseGet(this::serverFormat);
        UnknownFields unknown =
                choice(custom(object, UNKNOWN_FIELDS), UnknownFields.values()).orElse(UnknownFields.IGNORE);
        if (unknown == UnknownFields.KEEP && format != ValueFormat.JSON) {
            faults.error(
                    Rule.PRODUCT,
                    object.place(),
                    UNKNOWN_FIELDS,
                    "Unknown fields can be kept of records in JSON only; say ignore or reject.");
        }
        Keeping.read(contract, object, faults);
        return Optional.of(new ProductDefinition(
                domain,
                name,
                contract,
                unknown == UnknownFields.KEEP ? keeping(object) : object,
                descriptor,
                object.physicalName(),
                deadLetterTopic,
                mode,
                format,
                unknown,
                key,
                choice(custom(object, ON_GAP), LossPolicy.values()),
                choice(custom(object, ON_RECREATED), LossPolicy.STOP, LossPolicy.REBUILD)));
    }

    private ValueFormat serverFormat() {
        Optional<Cursor> given = contract.serverWithFormat()
                .flatMap(
                        server -> new Cursor(server.raw(), "servers", faults, Rule.UNSUPPORTED_FORMAT).field("format"));
        return choice(given, ValueFormat.values()).orElse(ValueFormat.JSON);
    }

    /** The object with the column that its unknown fields go to. */
    private SchemaObject keeping(SchemaObject object) {
        Optional<Cursor> given = custom(object, UNKNOWN_COLUMN);
        String name = given.flatMap(Cursor::text).orElse(UnknownFields.COLUMN);
        if (name.isBlank() || object.property(name).isPresent()) {
            faults.error(
                    Rule.PRODUCT,
                    given.map(Cursor::place).orElse(object.place()),
                    UNKNOWN_COLUMN,
                    "The column for unknown fields cannot have the name '" + name + "', which is a property's or none."
                            + " Give it another one in the custom property " + UNKNOWN_COLUMN + ".");
            return object;
        }
        List<Property> properties = new ArrayList<>(object.properties());
        properties.add(UnknownFields.column(object.place(), name));
        return new SchemaObject(
                object.place(),
                object.name(),
                object.physicalName(),
                object.description(),
                properties,
                object.quality(),
                object.celRules(),
                object.custom());
    }

    private void topic(SchemaObject object, String topic) {
        if (!TOPIC.matcher(topic).matches() || topic.equals(".") || topic.equals("..")) {
            faults.error(
                    Rule.UNSUPPORTED_TOPIC,
                    object.place(),
                    "schema[0]",
                    "'" + topic + "' cannot be a Kafka topic. Expected 1 to 249 of a-z A-Z 0-9"
                            + " . _ - in physicalName, else in name.");
        }
    }

    private List<Property> key(SchemaObject object) {
        List<Property> key = object.key();
        Set<Integer> positions = new HashSet<>();
        for (Property property : key) {
            if (!property.required()) {
                error(Rule.OPTIONAL_KEY, property, "A primary key column must say required: true.");
            }
            if (property.primaryKeyPosition() > 0 && !positions.add(property.primaryKeyPosition())) {
                error(
                        Rule.KEY_POSITION,
                        property,
                        "Another primary key column has the position " + property.primaryKeyPosition() + ", too.");
            }
            if (!canBeKey(property.fieldType())) {
                error(
                        Rule.UNSUPPORTED_TYPE,
                        property,
                        "A column of type " + property.logicalType().text() + " cannot be part of the primary key.");
            }
        }
        object.properties().forEach(property -> warnOfNestedKeys(property, property.name()));
        return key;
    }

    private static boolean canBeKey(FieldType type) {
        return switch (type) {
            case FieldType.Struct _, FieldType.ListOf _, FieldType.MapOf _, FieldType.VectorOf _ -> false;
            case FieldType.Floating _ -> false;
            default -> true;
        };
    }

    private void warnOfNestedKeys(Property property, String path) {
        Stream.concat(property.properties().stream(), property.items().stream())
                .forEach(inner -> nestedKey(inner, path + "." + inner.name()));
    }

    private void nestedKey(Property inner, String path) {
        if (inner.primaryKey()) {
            faults.warning(
                    Rule.NOT_APPLIED,
                    inner.place(),
                    path,
                    "A primary key is made of columns; primaryKey means nothing here.");
        }
        warnOfNestedKeys(inner, path);
    }

    private void warnOfUnknown(Map<String, Node> custom, String path) {
        custom.forEach((name, value) -> {
            if (name.startsWith("millrace.") && !KNOWN.contains(name)) {
                faults.warning(
                        Rule.NOT_APPLIED,
                        value.place(),
                        path,
                        "The custom property '" + name + "' is not known. Known are " + String.join(", ", KNOWN) + ".");
            }
        });
    }

    /** One of the choices; empty where none is named, or another, which is an error. */
    @SafeVarargs
    private static <T extends Enum<T>> Optional<T> choice(Optional<Cursor> given, T... choices) {
        Map<String, T> names = new LinkedHashMap<>();
        Stream.of(choices).forEach(choice -> names.put(choice.name().toLowerCase(Locale.ROOT), choice));
        return given.flatMap(cursor -> Elements.parsed(
                cursor,
                String.join(" or ", names.keySet()),
                text -> Optional.ofNullable(names.get(text.toLowerCase(Locale.ROOT)))
                        .orElseThrow(IllegalArgumentException::new)));
    }

    private Optional<Cursor> custom(SchemaObject object, String name) {
        return Elements.custom(contract, object, name, faults);
    }

    private void error(SchemaObject object, String message) {
        faults.error(Rule.PRODUCT, object.place(), "schema[0]", message);
    }

    private void error(Rule rule, Property property, String message) {
        faults.error(rule, property.place(), property.name(), message);
    }

    private Cursor root(String path) {
        return new Cursor(contract.root(), path, faults, Rule.PRODUCT);
    }
}
