package dev.millrace.contract;

import dev.millrace.config.LossPolicy;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Fault;
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
                    Stream.of(
                            NamedObject.PROPERTY,
                            MODE,
                            FORMAT,
                            UNKNOWN_FIELDS,
                            UNKNOWN_COLUMN,
                            DEAD_LETTER_TOPIC,
                            ON_GAP,
                            ON_RECREATED),
                    Keeping.PROPERTIES.stream())
            .collect(Collectors.toCollection(TreeSet::new));
    private static final Pattern TOPIC = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

    private final Contract contract;
    private final SchemaObject object;
    private final String path;
    private final Faults faults;

    private ProductAssembly(Contract contract, SchemaObject object, Faults faults) {
        this.contract = contract;
        this.object = object;
        this.path = Elements.mappings(new Cursor(contract.root(), "", faults, Rule.PRODUCT), "schema").stream()
                .filter(each -> each.place().equals(object.place()))
                .map(Cursor::path)
                .findFirst()
                .orElse("schema");
        this.faults = faults;
    }

    /** The product; empty with an error where it cannot be served. */
    static Optional<ProductDefinition> assemble(
            String domain,
            NamedObject named,
            Contract contract,
            Optional<ProductDescriptor> descriptor,
            Faults faults) {
        int errors = faults.errors();
        var assembly = new ProductAssembly(contract, named.object(), faults);
        if (contract.isOfSeveral()) {
            assembly.name(named.name());
        }
        Optional<ProductDefinition> product = Optional.of(assembly.assemble(domain, named.name(), descriptor));
        return faults.errors() == errors ? product : Optional.empty();
    }

    /** The objects of a contract alone that are to be products; an error where there is none. */
    static List<NamedObject> objects(String file, Contract contract, Faults faults) {
        if (contract.objects().isEmpty()) {
            new Cursor(contract.root(), "schema", faults, Rule.PRODUCT)
                    .error("A product has a schema object, this contract has none.");
        }
        return NamedObject.of(file, contract);
    }

    /** Warns of all that would keep one of the contract's objects from being a product. */
    public static void check(Contract contract, Faults faults) {
        Faults found = new Faults();
        Set<String> names = new HashSet<>();
        for (NamedObject named : objects("file", contract, found)) {
            assemble(contract.domain(), named, contract, Optional.empty(), found);
            if (!names.add(named.name())) {
                new ProductAssembly(contract, named.object(), found)
                        .error("Another object is the product '" + named.name() + "', too. Say another name in "
                                + NamedObject.PROPERTY + ".");
            }
        }
        found.all().forEach(fault -> faults.add(fault.as(Fault.Severity.WARNING)));
    }

    private void name(String name) {
        if (!MeshReader.NAME.matcher(name).matches()) {
            error("'" + name + "' cannot be the name of a product, since it stands in addresses. Expected"
                    + " [a-z][a-z0-9_-]* in the custom property " + NamedObject.PROPERTY + ".");
        }
    }

    private ProductDefinition assemble(String domain, String name, Optional<ProductDescriptor> descriptor) {
        if (!contract.domain().isEmpty() && !contract.domain().equals(domain)) {
            root("domain")
                    .warning("The contract names the domain '" + contract.domain() + "' and lies in the folder of '"
                            + domain + "'; the folder counts.");
        }
        if (object.properties().isEmpty()) {
            error("A product needs at least one property.");
        }
        warnOfUnknown(contract.custom(), "customProperties");
        warnOfUnknown(object.custom(), path + ".customProperties");
        List<Property> key = key();
        Mode mode = choice(custom(MODE), Mode.values()).orElse(Mode.APPEND);
        if (mode == Mode.UPSERT && key.isEmpty()) {
            error("An upsert product needs a primary key: primaryKey: true on a property.");
        }
        String deadLetterTopic = deadLetterTopic(object);
        if (topic(object.physicalName())) {
            topic(deadLetterTopic);
        }
        if (deadLetterTopic.equals(object.physicalName())) {
            error("The topic and the dead-letter topic are the same.");
        }
        contract.objects().stream()
                .filter(other -> other != object && deadLetterTopic(other).equals(deadLetterTopic))
                .forEach(other -> error("The object '" + other.name() + "' has the dead-letter topic " + deadLetterTopic
                        + ", too. Say one for each object in " + DEAD_LETTER_TOPIC + "."));
        ValueFormat format = choice(custom(FORMAT), ValueFormat.values()).orElseGet(this::serverFormat);
        UnknownFields unknown =
                choice(custom(UNKNOWN_FIELDS), UnknownFields.values()).orElse(UnknownFields.IGNORE);
        if (unknown == UnknownFields.KEEP && format != ValueFormat.JSON) {
            faults.error(
                    Rule.PRODUCT,
                    object.place(),
                    UNKNOWN_FIELDS,
                    "Unknown fields can be kept of records in JSON only; say ignore or reject.");
        }
        Keeping.read(contract, object, faults);
        return new ProductDefinition(
                domain,
                name,
                contract,
                unknown == UnknownFields.KEEP ? keeping() : object,
                descriptor,
                object.physicalName(),
                deadLetterTopic,
                mode,
                format,
                unknown,
                key,
                choice(custom(ON_GAP), LossPolicy.values()),
                choice(custom(ON_RECREATED), LossPolicy.STOP, LossPolicy.REBUILD));
    }

    private String deadLetterTopic(SchemaObject of) {
        return Elements.custom(contract, of, DEAD_LETTER_TOPIC, faults)
                .flatMap(Cursor::text)
                .orElse(of.physicalName() + ".dlq");
    }

    private ValueFormat serverFormat() {
        Optional<Cursor> given = contract.serverWithFormat()
                .flatMap(
                        server -> new Cursor(server.raw(), "servers", faults, Rule.UNSUPPORTED_FORMAT).field("format"));
        return choice(given, ValueFormat.values()).orElse(ValueFormat.JSON);
    }

    /** The object with the column that its unknown fields go to. */
    private SchemaObject keeping() {
        Optional<Cursor> given = custom(UNKNOWN_COLUMN);
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

    private boolean topic(String topic) {
        boolean fine = TOPIC.matcher(topic).matches() && !topic.equals(".") && !topic.equals("..");
        if (!fine) {
            faults.error(
                    Rule.UNSUPPORTED_TOPIC,
                    object.place(),
                    path,
                    "'" + topic + "' cannot be a Kafka topic. Expected 1 to 249 of a-z A-Z 0-9"
                            + " . _ - in physicalName, else in name.");
        }
        return fine;
    }

    private List<Property> key() {
        List<Property> key = object.key();
        Set<Integer> positions = new HashSet<>();
        for (Property property : key) {
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

    private Optional<Cursor> custom(String name) {
        return Elements.custom(contract, object, name, faults);
    }

    private void error(String message) {
        faults.error(Rule.PRODUCT, object.place(), path, message);
    }

    private void error(Rule rule, Property property, String message) {
        faults.error(rule, property.place(), property.name(), message);
    }

    private Cursor root(String path) {
        return new Cursor(contract.root(), path, faults, Rule.PRODUCT);
    }
}
