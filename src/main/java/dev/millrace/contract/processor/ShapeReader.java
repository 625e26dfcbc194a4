package dev.millrace.contract.processor;

import dev.millrace.contract.processor.JavaType.Family;
import dev.millrace.contract.processor.RecordShape.Component;
import dev.millrace.contract.processor.RecordShape.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.AnnotationValue;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.ArrayType;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.PrimitiveType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.Elements;
import javax.tools.JavaFileObject;

/**
 * Walks a record: what its values are in Java, and beside it the same as properties of a contract. What has no place in
 * a contract is an error at its component and left out; all that a contract's own reader finds is left to that.
 */
final class ShapeReader {
    private static final String OURS = "dev.millrace.contract.annotations.";
    private static final String CONSTRAINTS = "jakarta.validation.constraints.";
    private static final String JACKSON = "com.fasterxml.jackson.annotation.";

    /** What to write for types that people will try. */
    private static final Map<String, String> HINTS = Map.ofEntries(
            Map.entry("java.util.Optional", "Say that a value may be missing with @Nullable."),
            Map.entry("java.util.OptionalInt", "Write @Nullable Integer."),
            Map.entry("java.util.OptionalLong", "Write @Nullable Long."),
            Map.entry("java.util.OptionalDouble", "Write @Nullable Double."),
            Map.entry("java.time.OffsetDateTime", "A column keeps the instant and not the offset: write Instant."),
            Map.entry("java.time.ZonedDateTime", "A column keeps the instant and not the zone: write Instant."),
            Map.entry("java.util.Date", "Write Instant or LocalDate."),
            Map.entry("java.util.Collection", "Write List or Set."),
            Map.entry("char", "Write String."),
            Map.entry("java.lang.Character", "Write String."));

    private final Elements elements;
    private final BiConsumer<Element, String> errors;
    private final IdentityHashMap<Map<?, ?>, Element> origins = new IdentityHashMap<>();
    private final List<TypeElement> open = new ArrayList<>();
    private Element component;
    private int shapes;
    private boolean isNewer;

    ShapeReader(Elements elements, TypeElement product, BiConsumer<Element, String> errors) {
        this.elements = elements;
        this.errors = errors;
        this.component = product;
    }

    /** The maps made so far, with the elements that they stand for. */
    IdentityHashMap<Map<?, ?>, Element> origins() {
        return origins;
    }

    /** The version of the standard that has all that was written. */
    String apiVersion() {
        return isNewer ? "v3.2.0" : "v3.1.0";
    }

    /** The shape of a record, its properties added to {@code properties}. */
    RecordShape record(TypeElement type, List<Object> properties) {
        open.add(type);
        int number = shapes++;
        List<Component> components = new ArrayList<>();
        Set<String> names = new HashSet<>();
        if (!type.getTypeParameters().isEmpty()) {
            errors.accept(type, "A record of a contract cannot have type parameters.");
        }
        if (type.getModifiers().contains(Modifier.PRIVATE)) {
            errors.accept(type, "The record is private, so that no generated class can make one.");
        }
        for (RecordComponentElement next : type.getRecordComponents()) {
            Element outer = component;
            component = isSource(next) ? next : outer;
            component(type, next, properties).ifPresent(found -> {
                components.add(found);
                found.names().stream()
                        .filter(name -> !names.add(name))
                        .forEach(name -> error("The name '" + name + "' stands here a second time in JSON."));
            });
            component = outer;
        }
        open.removeLast();
        return shape(Kind.RECORD, type.getQualifiedName().toString(), number, components, List.of(), Map.of());
    }

    /** Whether a message there is seen where the product is compiled. */
    private boolean isSource(Element element) {
        return elements.getFileObjectOf(element).getKind() == JavaFileObject.Kind.SOURCE;
    }

    private Optional<Component> component(TypeElement owner, RecordComponentElement element, List<Object> properties) {
        Map<String, AnnotationMirror> annotations = annotations(owner, element);
        String name = element.getSimpleName().toString();
        List<String> names = new ArrayList<>();
        String given = text(annotations, JACKSON + "JsonProperty", "value");
        names.add(given.isEmpty() ? name : given);
        list(annotations, JACKSON + "JsonAlias").forEach(alias -> names.add(String.valueOf(alias.getValue())));

        Map<String, Object> property = Yaml.map("name", name);
        origins.put(property, component);
        if (!names.getFirst().equals(name)) {
            property.put("physicalName", names.getFirst());
        }
        put(property, "description", text(annotations, OURS + "Description", "value"));
        boolean key = annotations.containsKey(OURS + "Key");
        Optional<RecordShape> shape = value(element.asType(), annotations.values(), property, key);
        put(property, "classification", text(annotations, OURS + "Classification", "value"));
        if (names.size() > 1) {
            property.put(
                    "customProperties",
                    List.of(Yaml.map("property", "millrace.aliases", "value", names.subList(1, names.size()))));
        }
        if (shape.isPresent()) {
            properties.add(property);
        }
        return shape.map(found -> new Component(name, List.copyOf(names), key, found));
    }

    private Optional<RecordShape> value(
            TypeMirror type, Collection<AnnotationMirror> annotations, Map<String, Object> property, boolean key) {
        String name = typeName(type);
        JavaType scalar = JavaType.of(name).orElse(null);
        boolean items = name.equals("java.util.List") || name.equals("java.util.Set");
        boolean map = name.equals("java.util.Map");
        TypeElement declared =
                type instanceof DeclaredType given && given.asElement() instanceof TypeElement element ? element : null;
        var constraints = new Constraints(
                scalar != null ? scalar.family() : items ? Family.ITEMS : Family.OTHER, name, this::error);
        String nullable = "";
        boolean notNull = false;
        for (AnnotationMirror annotation : annotations) {
            TypeElement kind = (TypeElement) annotation.getAnnotationType().asElement();
            String whole = kind.getQualifiedName().toString();
            if (kind.getSimpleName().contentEquals("Nullable")) {
                nullable = whole;
            } else if (whole.startsWith(CONSTRAINTS)) {
                notNull |= whole.endsWith(".NotNull");
                constraints.add(whole.substring(CONSTRAINTS.length()), values(annotation));
            } else if (isConstraint(kind)) {
                error("@" + kind.getSimpleName() + " is a constraint of your own: it has no place in a contract, so"
                        + " nothing would hold it.");
            }
        }
        boolean primitive = type instanceof PrimitiveType;
        if (!nullable.isEmpty() && (primitive || notNull)) {
            error(
                    primitive
                            ? "A primitive is never null: write " + name + "'s box."
                            : "@Nullable contradicts @NotNull.");
        }
        if (key && open.size() > 1) {
            error("A key is made of the product's own components; @Key means nothing in a nested record.");
        }
        if (key && !nullable.isEmpty()) {
            error("A key cannot be null: a row without it could never be found, replaced or deleted.");
        }
        if (nullable.isEmpty()) {
            property.put("required", true);
        }
        if (key) {
            property.put("primaryKey", true);
        }
        Optional<RecordShape> shape;
        if (scalar != null) {
            property.put("logicalType", scalar.logicalType());
            shape = scalar(scalar, constraints, property, primitive ? name : "");
        } else if (items || map) {
            property.put("logicalType", map ? "map" : "array");
            shape = items(name, (DeclaredType) type, constraints, property);
        } else if (declared != null && declared.getKind() == ElementKind.ENUM) {
            property.put("logicalType", "string");
            shape = Optional.of(constants(declared, property));
        } else if (declared != null && declared.getKind() == ElementKind.RECORD) {
            property.put("logicalType", "object");
            shape = nested(declared, property);
        } else {
            error(name + " has no type in a contract. "
                    + HINTS.getOrDefault(
                            name,
                            "Known are records, enums, List, Set, String, UUID, byte[], the"
                                    + " primitives but char, BigDecimal, BigInteger, Instant, LocalDate, LocalTime and"
                                    + " LocalDateTime."));
            shape = Optional.empty();
        }
        if (!constraints.options().isEmpty()) {
            options(property).putAll(constraints.options());
        }
        String named = nullable;
        return shape.map(found -> found.orNull(named));
    }

    private Optional<RecordShape> scalar(
            JavaType scalar, Constraints constraints, Map<String, Object> property, String primitive) {
        if (scalar.family() == Family.DECIMAL) {
            if (!constraints.hasDigits()) {
                error(scalar.boxed() + " needs @Digits(integer = …, fraction = …): a column has so many digits and no"
                        + " more.");
                return Optional.empty();
            }
            if (scalar.is("BigInteger") && constraints.scale() != 0) {
                error("A BigInteger has no fraction: write @Digits(integer = …, fraction = 0).");
            }
            property.put("physicalType", "decimal(" + constraints.precision() + "," + constraints.scale() + ")");
        }
        if (!scalar.format().isEmpty()) {
            options(property).put("format", scalar.format());
        }
        if (scalar.logicalType().equals("timestamp")) {
            options(property).put("timezone", scalar.is("Instant"));
        }
        return Optional.of(new RecordShape(
                Kind.SCALAR, scalar.boxed(), primitive, "", shapes++, scalar, List.of(), List.of(), Map.of()));
    }

    /** A list, a set or a map. */
    private Optional<RecordShape> items(
            String name, DeclaredType type, Constraints constraints, Map<String, Object> property) {
        int number = shapes++;
        Kind kind = name.equals("java.util.Map") ? Kind.MAP : name.equals("java.util.Set") ? Kind.SET : Kind.LIST;
        if (type.getTypeArguments().isEmpty()) {
            error(name + " needs to say of what.");
            return Optional.empty();
        }
        TypeMirror first = type.getTypeArguments().getFirst();
        if (kind == Kind.MAP
                && !(typeName(first).equals("java.lang.String")
                        && first.getAnnotationMirrors().isEmpty())) {
            error("A map's keys are texts without further rules: write Map<String, …>.");
            return Optional.empty();
        }
        if (kind == Kind.SET) {
            options(property).put("uniqueItems", true);
        }
        TypeMirror of = type.getTypeArguments().getLast();
        Map<String, Object> item = new LinkedHashMap<>();
        Optional<RecordShape> shape = value(of, named(of.getAnnotationMirrors()).values(), item, false);
        if (!constraints.options().isEmpty()) {
            options(property).putAll(constraints.options());
        }
        if (kind == Kind.MAP) {
            property.put("map", Yaml.map("key", Yaml.map("logicalType", "string", "required", true), "value", item));
            isNewer = true;
        } else {
            property.put("items", item);
        }
        String opening = kind == Kind.MAP ? "<java.lang.String, " : "<";
        return shape.map(
                found -> shape(kind, name + opening + found.type() + ">", number, List.of(), List.of(found), Map.of()));
    }

    private RecordShape constants(TypeElement type, Map<String, Object> property) {
        Map<String, String> constants = new LinkedHashMap<>();
        for (Element constant : type.getEnclosedElements()) {
            if (constant.getKind() == ElementKind.ENUM_CONSTANT) {
                String given = text(named(constant.getAnnotationMirrors()), JACKSON + "JsonProperty", "value");
                String name = constant.getSimpleName().toString();
                constants.put(name, given.isEmpty() ? name : given);
            }
        }
        property.put(
                "enum",
                constants.values().stream().map(text -> Map.of("value", text)).toList());
        isNewer = true;
        return shape(Kind.ENUM, type.getQualifiedName().toString(), shapes++, List.of(), List.of(), constants);
    }

    private Optional<RecordShape> nested(TypeElement type, Map<String, Object> property) {
        if (open.contains(type)) {
            error(type.getSimpleName() + " holds itself: a contract has an end.");
            return Optional.empty();
        }
        List<Object> properties = new ArrayList<>();
        RecordShape shape = record(type, properties);
        if (properties.isEmpty()) {
            error(type.getSimpleName() + " has no component that a contract can hold.");
            return Optional.empty();
        }
        property.put("properties", properties);
        return Optional.of(shape);
    }

    private static RecordShape shape(
            Kind kind,
            String type,
            int number,
            List<Component> components,
            List<RecordShape> item,
            Map<String, String> constants) {
        return new RecordShape(kind, type, "", "", number, JavaType.STRING, components, item, constants);
    }

    private void error(String message) {
        errors.accept(component, message);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> options(Map<String, Object> property) {
        return (Map<String, Object>) property.computeIfAbsent("logicalTypeOptions", name -> new LinkedHashMap<>());
    }

    private static void put(Map<String, Object> property, String name, String text) {
        if (!text.isEmpty()) {
            property.put(name, text);
        }
    }

    private static String typeName(TypeMirror type) {
        return switch (type) {
            case PrimitiveType primitive -> primitive.getKind().toString().toLowerCase(java.util.Locale.ROOT);
            case ArrayType array when array.getComponentType().getKind() == TypeKind.BYTE -> "byte[]";
            case DeclaredType declared
            when declared.asElement() instanceof TypeElement element ->
                element.getQualifiedName().toString();
            default -> type.toString();
        };
    }

    private boolean isConstraint(TypeElement annotation) {
        return named(annotation.getAnnotationMirrors()).containsKey("jakarta.validation.Constraint");
    }

    /** All annotations of a component by name: those that apply to records, to fields and to types. */
    private static Map<String, AnnotationMirror> annotations(TypeElement type, RecordComponentElement component) {
        List<AnnotationMirror> all = new ArrayList<>(component.getAnnotationMirrors());
        for (Element member : type.getEnclosedElements()) {
            if (member.getKind() == ElementKind.FIELD
                    && member.getSimpleName().contentEquals(component.getSimpleName())
                    && !member.getModifiers().contains(Modifier.STATIC)) {
                all.addAll(member.getAnnotationMirrors());
            }
        }
        all.addAll(component.asType().getAnnotationMirrors());
        return named(all);
    }

    private static Map<String, AnnotationMirror> named(Collection<? extends AnnotationMirror> annotations) {
        Map<String, AnnotationMirror> named = new LinkedHashMap<>();
        for (AnnotationMirror annotation : annotations) {
            named.put(annotation.getAnnotationType().toString(), annotation);
        }
        return named;
    }

    private Map<String, Object> values(AnnotationMirror annotation) {
        Map<String, Object> values = new LinkedHashMap<>();
        elements.getElementValuesWithDefaults(annotation)
                .forEach((name, value) -> values.put(name.getSimpleName().toString(), value.getValue()));
        return values;
    }

    private String text(Map<String, AnnotationMirror> annotations, String annotation, String name) {
        AnnotationMirror found = annotations.get(annotation);
        return found == null ? "" : String.valueOf(values(found).get(name));
    }

    private List<AnnotationValue> list(Map<String, AnnotationMirror> annotations, String annotation) {
        AnnotationMirror found = annotations.get(annotation);
        List<AnnotationValue> all = new ArrayList<>();
        if (found != null && values(found).get("value") instanceof List<?> values) {
            values.forEach(value -> all.add((AnnotationValue) value));
        }
        return all;
    }
}
