package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.config.yaml.YamlReader.Document;
import dev.millrace.contract.ProductDescriptor.Port;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads a Bitol ODPS file, YAML or JSON, as leniently as {@link ContractReader} reads a contract. Reads files, so never
 * called on an event loop. No state.
 */
public final class ProductReader {
    private static final Set<String> KNOWN =
            Set.of(("apiVersion kind id name version status domain tenant authoritativeDefinitions "
                            + "description customProperties tags inputPorts outputPorts managementPorts support "
                            + "team productCreatedTs type context synonyms deprecated")
                    .split(" ", -1));

    private ProductReader() {}

    /** The descriptor in that file; throws a {@link Problem.InvalidContract} with every fault, warnings too. */
    public static ProductDescriptor read(Path file) {
        return Elements.orThrow(faults -> read(file, faults));
    }

    /** The descriptor in that text; {@code file} is the name that faults bear. */
    public static ProductDescriptor read(String file, String text) {
        return Elements.orThrow(
                faults -> YamlReader.parse(file, text, faults).flatMap(document -> descriptor(file, document, faults)));
    }

    static Optional<ProductDescriptor> read(Path file, Faults faults) {
        return YamlReader.read(file, faults).flatMap(document -> descriptor(file.toString(), document, faults));
    }

    /** The descriptor; empty when there is an error in the file. */
    public static Optional<ProductDescriptor> descriptor(String file, Document document, Faults faults) {
        Cursor root = Cursor.at(document.root(), faults);
        if (!root.isMapping()) {
            root.as(Rule.SHAPE).error("Expected a data product, found " + root.shape() + ".");
            return Optional.empty();
        }
        root.warnOfUnknown(KNOWN);
        String kind = root.text("kind");
        if (!kind.equals("DataProduct")) {
            root.field("kind")
                    .ifPresentOrElse(
                            given -> given.as(Rule.SHAPE).error("Expected DataProduct, found '" + kind + "'."),
                            () -> root.as(Rule.MISSING_KEY).error("The key 'kind' is missing. Expected DataProduct."));
        }
        String apiVersion = root.text("apiVersion");
        if (!apiVersion.matches("v?(0\\.9|1\\.[0-9]{1,3})(\\.[0-9]{1,3})?")) {
            root.field("apiVersion")
                    .orElse(root)
                    .as(Rule.UNKNOWN_VERSION)
                    .warning("Expected an apiVersion of ODPS, v0.9.0, v1.0.0 or v1.1.0, found '" + apiVersion
                            + "'; read as v1.0.0.");
        }
        String id = Elements.needed(root, "id");
        ProductDescriptor descriptor = new ProductDescriptor(
                file,
                id,
                root.text("domain"),
                ports(root, "inputPorts"),
                ports(root, "outputPorts"),
                document.text(),
                document.root());
        return !faults.hasErrors(file) ? Optional.of(descriptor) : Optional.empty();
    }

    private static List<Port> ports(Cursor root, String name) {
        List<Port> ports = new ArrayList<>();
        for (Cursor port : root.items(name)) {
            if (port.isMapping()) {
                ports.add(new Port(
                        port.place(), Elements.needed(port, "name"), port.text("version"), port.text("contractId")));
            } else {
                port.as(Rule.SHAPE).error("Expected a port with its name, found " + port.shape() + ".");
            }
        }
        return ports;
    }
}
