package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads one property and those within it. */
final class PropertyReader {
    private static final Set<String> KNOWN =
            Set.of(("id name physicalType physicalName description businessName authoritativeDefinitions "
                            + "tags customProperties primaryKey primaryKeyPosition logicalType logicalTypeOptions "
                            + "required unique partitioned partitionKeyPosition classification encryptedName "
                            + "transformSourceObjects transformLogic transformDescription examples "
                            + "criticalDataElement relationships quality properties items enum map vector "
                            + "deprecated semanticType synonyms context defaultValue")
                    .split(" ", -1));

    private static final Pattern COLUMN = Pattern.compile("schema\\[\\d+]\\.properties\\[\\d+]");

    private PropertyReader() {}

    /** The properties of an object, in order; those with errors are left out. */
    static List<Property> readAll(Cursor owner) {
        List<Property> properties = new ArrayList<>();
        Optional<Cursor> given = owner.field("properties");
        if (given.isEmpty()) {
            return properties;
        }
        Set<String> names = new HashSet<>();
        Set<String> physicalNames = new HashSet<>();
        for (Cursor cursor : given.get().items()) {
            String name = cursor.isMapping() ? Elements.needed(cursor, "name") : "";
            read(cursor, name).ifPresent(property -> {
                if (!names.add(property.name())) {
                    cursor.as(Rule.DUPLICATE_NAME)
                            .error("The name '" + property.name() + "' stands here a second time.");
                } else if (!physicalNames.add(property.physicalName())) {
                    cursor.as(Rule.NOT_APPLIED)
                            .error("The physical name '" + property.physicalName() + "' stands here a second time.");
                }
                for (String alias : property.aliases()) {
                    if (!physicalNames.add(alias)) {
                        cursor.error(
                                "The physical name '" + alias + "' stands here a second time, in millrace.aliases.");
                    }
                }
                properties.add(property);
            });
        }
        return properties;
    }

    private static Optional<Property> read(Cursor cursor, String name) {
        if (!cursor.isMapping()) {
            cursor.as(Rule.SHAPE).error("Expected a property with name and logicalType, found " + cursor.shape() + ".");
            return Optional.empty();
        }
        cursor.warnOfUnknown(KNOWN);
        String physicalType = cursor.text("physicalType");
        List<Property> properties = readAll(cursor);
        Optional<Property> items = cursor.field("items").flatMap(PropertyReader::item);
        Optional<LogicalType> logicalType = logicalType(cursor, physicalType);
        if (logicalType.isEmpty() || brokenWithin(cursor, properties, items)) {
            return Optional.empty();
        }
        LogicalType logical = logicalType.get();
        cursor.field("encryptedName")
                .ifPresent(given -> given.as(Rule.NOT_APPLIED)
                        .warning("Nothing is encrypted here: the column has the one name that 'name' gives it."));
        Optional<Cursor> map = cursor.field("map").filter(given -> logical == LogicalType.MAP);
        List<Property> inner = map.map(PropertyReader::keyAndValue).orElse(properties);
        if (map.isPresent() && inner.isEmpty()) {
            return Optional.empty();
        }
        return TypeMapping.map(cursor.as(Rule.UNSUPPORTED_TYPE), logical, physicalType, inner, items)
                .map(type -> property(cursor, name, logical, type, inner, items));
    }

    private static Property property(
            Cursor cursor,
            String name,
            LogicalType logical,
            FieldType mapped,
            List<Property> inner,
            Optional<Property> items) {
        Rules rules = RulesReader.read(cursor, logical, mapped);
        int values = rules.values().size();
        FieldType type = mapped instanceof FieldType.Text && values > 0 && values <= FieldType.OneOf.MAX_VALUES
                ? new FieldType.OneOf(rules.values())
                : mapped;
        String physicalName = cursor.text("physicalName");
        return new Property(
                cursor.place(),
                name,
                physicalName.isEmpty() ? name : physicalName,
                logical,
                cursor.text("physicalType"),
                required(cursor),
                cursor.flag("primaryKey"),
                position(cursor),
                cursor.flag("unique"),
                cursor.text("description"),
                cursor.text("classification"),
                type,
                rules,
                type instanceof FieldType.Struct || type instanceof FieldType.MapOf ? inner : List.of(),
                switch (type) {
                    case FieldType.ListOf _ -> items;
                    case FieldType.VectorOf vector ->
                        Optional.of(Property.plain(
                                cursor.place(), "item", LogicalType.NUMBER, vector.element(), true, List.of()));
                    default -> Optional.empty();
                },
                Elements.raw(cursor, "quality"),
                Elements.custom(cursor));
    }

    /** Whether null is refused: where the contract says so, and in a column of the primary key. */
    private static boolean required(Cursor cursor) {
        boolean said = cursor.flag("required");
        boolean key = !said
                && cursor.flag("primaryKey")
                && COLUMN.matcher(cursor.path()).matches();
        if (key) {
            cursor.as(Rule.OPTIONAL_KEY)
                    .warning("A column of the primary key is never null; read as if it said required: true.");
        }
        return said || key;
    }

    /** What a map holds; empty, with an error, when it does not say. */
    private static List<Property> keyAndValue(Cursor map) {
        List<Property> both = new ArrayList<>();
        for (String part : List.of("key", "value")) {
            Optional<Cursor> given = map.field(part);
            if (given.isEmpty()) {
                map.as(Rule.SHAPE).error("A map needs a " + part + " with its logicalType.");
            }
            given.flatMap(cursor -> read(cursor, part)).ifPresent(both::add);
        }
        return both.size() == 2 ? both : List.of();
    }

    /** Whether something within has its fault already, so that none is said of what holds it. */
    private static boolean brokenWithin(Cursor cursor, List<Property> properties, Optional<Property> items) {
        boolean noProperties = properties.isEmpty()
                && cursor.field("properties")
                        .filter(given -> !(given.node() instanceof Node.Sequence list)
                                || !list.items().isEmpty())
                        .isPresent();
        return noProperties || (items.isEmpty() && cursor.field("items").isPresent());
    }

    private static Optional<Property> item(Cursor cursor) {
        String name = cursor.text("name");
        return read(cursor, name.isEmpty() ? "item" : name);
    }

    private static int position(Cursor cursor) {
        // -1 is the standard's default and means none
        Optional<Cursor> given = cursor.field("primaryKeyPosition")
                .filter(position -> !position.text().orElse("").equals("-1"));
        return given.map(position -> position.count().orElse(0)).orElse(0);
    }

    private static Optional<LogicalType> logicalType(Cursor cursor, String physicalType) {
        Optional<Cursor> given = cursor.field("logicalType");
        if (given.isPresent()) {
            String text = given.get().text().orElse("");
            Optional<LogicalType> scalar = PhysicalType.of(physicalType)
                    .usualLogicalType()
                    .filter(type -> type != LogicalType.OBJECT
                            && text.equals("object")
                            && cursor.field("properties").isEmpty());
            if (scalar.isPresent()) {
                cursor.as(Rule.UNSUPPORTED_TYPE)
                        .warning("An object without properties; read as its physicalType says, as "
                                + scalar.get().text() + ".");
                return scalar;
            }
            Optional<LogicalType> usual = PhysicalType.of(text).usualLogicalType();
            return LogicalType.of(text).or(() -> {
                usual.ifPresentOrElse(
                        type -> given.get()
                                .as(Rule.UNSUPPORTED_TYPE)
                                .warning("'" + text + "' is no logical type of ODCS; read as " + type.text() + "."),
                        () -> given.get()
                                .as(Rule.UNSUPPORTED_TYPE)
                                .error("'" + text + "' is no logical type. Expected " + known() + "."));
                return usual;
            });
        }
        Optional<LogicalType> derived = cursor.field("properties").isPresent()
                ? Optional.of(LogicalType.OBJECT)
                : cursor.field("items").isPresent()
                        ? Optional.of(LogicalType.ARRAY)
                        : PhysicalType.of(physicalType).usualLogicalType();
        if (derived.isEmpty()) {
            cursor.as(Rule.UNSUPPORTED_TYPE).error("There is no logicalType. Expected " + known() + ".");
        }
        return derived;
    }

    private static String known() {
        List<String> names = new ArrayList<>();
        for (LogicalType type : LogicalType.values()) {
            names.add(type.text());
        }
        return String.join(", ", names);
    }
}
