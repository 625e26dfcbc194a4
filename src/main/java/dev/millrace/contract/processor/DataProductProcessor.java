package dev.millrace.contract.processor;

import dev.millrace.contract.Contract;
import dev.millrace.contract.ContractReader;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.contract.UnknownFields;
import dev.millrace.contract.annotations.DataProduct;
import dev.millrace.contract.evolution.Change;
import dev.millrace.contract.evolution.Evolution;
import dev.millrace.contract.processor.RecordShape.Component;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.annotation.processing.SupportedOptions;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.tools.Diagnostic.Kind;
import javax.tools.JavaFileObject;
import javax.tools.StandardLocation;
import org.jspecify.annotations.Nullable;

/**
 * Derives, from a record annotated with {@link DataProduct}, its contract as the resource
 * {@code META-INF/millrace/<domain>/<name>.odcs.yaml} and the classes that read, write, send and view it.
 *
 * <p>The contract is written first and then read by the very reader of the server; what that finds is an error at the
 * component that the line came from. All else is generated from the contract as it was read. Called by javac on its own
 * thread.
 */
@SupportedAnnotationTypes("dev.millrace.contract.annotations.DataProduct")
@SupportedOptions(DataProductProcessor.CONTRACTS)
public final class DataProductProcessor extends AbstractProcessor {
    /** The option that names the folder of committed contracts; a breaking change against one is an error. */
    public static final String CONTRACTS = "millrace.contracts";

    @Override
    public SourceVersion getSupportedSourceVersion() {
        return SourceVersion.latestSupported();
    }

    @Override
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
        for (Element element : round.getElementsAnnotatedWith(DataProduct.class)) {
            DataProduct product = element.getAnnotation(DataProduct.class);
            if (element.getKind() == ElementKind.RECORD && element instanceof TypeElement type && product != null) {
                derive(type, product);
            } else {
                error(element, "@DataProduct stands on records only: their components are the columns.");
            }
        }
        return false;
    }

    private void derive(TypeElement type, DataProduct product) {
        List<Element> broken = new ArrayList<>();
        var reader = new ShapeReader(processingEnv.getElementUtils(), type, (element, message) -> {
            broken.add(element);
            error(element, message);
        });
        List<Object> properties = new ArrayList<>();
        RecordShape shape = reader.record(type, properties);
        Map<String, Object> document = document(product, reader.apiVersion(), properties);
        Yaml yaml = Yaml.of("Derived from " + type.getQualifiedName() + " by Millrace.", document, reader.origins());
        String path = "META-INF/millrace/" + product.domain() + "/" + product.name() + ".odcs.yaml";
        try {
            ProductDefinition read = MeshReader.product(product.domain(), product.name(), path, yaml.text());
            for (Fault fault : read.contract().warnings()) {
                message(Kind.WARNING, yaml.elementAt(fault.line(), type), fault.message());
            }
            if (broken.isEmpty() && !isBreaking(type, read.contract(), product)) {
                write(type, shape, read, yaml.text(), path);
            }
        } catch (ProblemException e) {
            faults(e).stream()
                    .filter(fault -> fault.severity() == Fault.Severity.ERROR)
                    .filter(fault -> !broken.contains(yaml.elementAt(fault.line(), type)))
                    .forEach(fault -> error(yaml.elementAt(fault.line(), type), fault.message()));
        } catch (IOException e) {
            error(type, "The derived files cannot be written: " + e);
        }
    }

    private static List<Fault> faults(ProblemException e) {
        if (e.problem() instanceof Problem.InvalidContract invalid) {
            return invalid.faults();
        }
        throw e;
    }

    private static Map<String, Object> document(DataProduct product, String apiVersion, List<Object> properties) {
        Map<String, Object> object = Yaml.map(
                "name", product.name(),
                "physicalName", product.topic(),
                "physicalType", "topic",
                "customProperties",
                        List.of(
                                custom("millrace.mode", product.mode()),
                                custom("millrace.unknownFields", product.unknownFields())),
                "properties", properties);
        Map<String, Object> document = Yaml.map(
                "apiVersion", apiVersion,
                "kind", "DataContract",
                "id", "urn:datacontract:" + product.domain() + ":" + product.name(),
                "name", product.name(),
                "version", product.version(),
                "status", product.status(),
                "domain", product.domain(),
                "dataProduct", product.name(),
                "description", Map.of("purpose", product.description()),
                "schema", List.of(object));
        if (product.description().isEmpty()) {
            document.remove("description");
        }
        return document;
    }

    private static Map<String, Object> custom(String name, Enum<?> value) {
        return Yaml.map("property", name, "value", value.name().toLowerCase(Locale.ROOT));
    }

    /** Compares with the committed contract, where there is one; true after an error. */
    private boolean isBreaking(TypeElement type, Contract contract, DataProduct product) throws IOException {
        String folder = processingEnv.getOptions().get(CONTRACTS);
        if (folder == null) {
            return false;
        }
        Path file = Path.of(folder, product.name() + ".odcs.yaml");
        if (!Files.exists(file)) {
            message(Kind.WARNING, type, file + " does not exist: there is nothing to compare the contract with.");
            return false;
        }
        Evolution evolution;
        try {
            evolution = Evolution.between(ContractReader.read(file.toString(), Files.readString(file)), contract);
        } catch (ProblemException e) {
            faults(e).forEach(fault -> error(type, fault.toString()));
            return true;
        }
        boolean allowed = evolution.versionIsEnough();
        for (Change change : evolution.changes()) {
            if (change.breaks()) {
                message(
                        allowed ? Kind.NOTE : Kind.ERROR,
                        element(type, change.path(), product.name()),
                        "A breaking change against " + file + ": " + change.message());
            }
        }
        if (!allowed) {
            message(
                    evolution.breaks() ? Kind.ERROR : Kind.WARNING,
                    type,
                    "The version " + product.version() + " is too low for what changed since "
                            + contract.version() + " was committed in " + file + ": "
                            + evolution
                                    .askedVersion()
                                    .map(asked -> asked + " is asked for.")
                                    .orElse("raise it."));
        }
        return !allowed && evolution.breaks();
    }

    /** The component that a path such as {@code orders.lines[].sku} begins with; the record where it is gone. */
    private static Element element(TypeElement type, String path, String object) {
        for (Element component : type.getRecordComponents()) {
            String name = object + "." + component.getSimpleName();
            if (path.equals(name) || path.startsWith(name + ".") || path.startsWith(name + "[")) {
                return component;
            }
        }
        return type;
    }

    private void write(TypeElement type, RecordShape shape, ProductDefinition product, String contract, String path)
            throws IOException {
        var filer = processingEnv.getFiler();
        try (Writer out = filer.createResource(StandardLocation.CLASS_OUTPUT, "", path, type)
                .openWriter()) {
            out.write(contract);
        }
        String packageName = processingEnv
                .getElementUtils()
                .getPackageOf(type)
                .getQualifiedName()
                .toString();
        String simple = type.getSimpleName().toString();
        List<Property> columns = product.object().properties();
        List<Component> keys =
                shape.components().stream().filter(Component::key).toList();
        Map<String, String> values = new LinkedHashMap<>();
        values.put("views", ViewSource.of(shape, columns, simple + "Json"));
        values.put("methods", JsonSource.of(shape, columns));
        values.put("key", KeySource.keys(shape.type(), keys));
        values.put("delete", KeySource.delete(simple + "Json", keys));
        values.put("keyOfValue", keys.isEmpty() ? "null" : simple + "Json.key(value)");
        values.put("package", packageName.isEmpty() ? "" : "package " + packageName + ";\n");
        values.put("Type", shape.type());
        for (String role : List.of("Json", "View", "Columns", "Producer")) {
            values.put(role, simple + role);
        }
        values.put("id", product.contract().id());
        values.put("version", product.contract().version());
        values.put("contract", Source.quote("/" + path));
        values.put("domain", Source.quote(product.domain()));
        values.put("name", Source.quote(product.name()));
        values.put("topic", Source.quote(product.topic()));
        values.put("rejectUnknown", String.valueOf(product.unknownFields() == UnknownFields.REJECT));
        values.put("accessors", KeySource.joined(shape.components(), component -> component.name() + "()"));
        for (String role : List.of("Json", "View", "Columns", "Producer")) {
            if (role.equals("Producer") && !isThere("org.apache.kafka.clients.producer.Producer")) {
                continue;
            }
            String name = simple + role;
            JavaFileObject file = filer.createSourceFile(packageName.isEmpty() ? name : packageName + "." + name, type);
            try (Writer out = file.openWriter()) {
                out.write(Source.template(role, values, ViewSource.rows(shape)));
            }
        }
    }

    private boolean isThere(String name) {
        return processingEnv.getElementUtils().getTypeElement(name) != null;
    }

    private void error(Element element, String message) {
        message(Kind.ERROR, element, message);
    }

    private void message(Kind kind, @Nullable Element element, String message) {
        processingEnv.getMessager().printMessage(kind, message, element);
    }
}
