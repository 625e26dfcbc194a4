package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A schema object of a contract that is a product, and the product's name.
 *
 * <p>A contract's only object has the file's name. Of several each has its own: the custom property {@value #PROPERTY},
 * else the object's name in lower case, what no name may have replaced by an underscore. A descriptor is of the objects
 * that its output ports are named after, else of the one that it is named after itself, else of all; of one only, that
 * product has the descriptor's name.
 */
record NamedObject(String name, SchemaObject object) {
    static final String PROPERTY = "millrace.product";

    /** The products of a contract alone. */
    static List<NamedObject> of(String file, Contract contract) {
        return named(file, contract, contract.objects());
    }

    /** The products of a contract that a descriptor is of. */
    static List<NamedObject> of(String file, Contract contract, ProductDescriptor descriptor) {
        Set<String> ports = descriptor.outputPorts().stream()
                .filter(port -> port.contractId().isEmpty() || port.contractId().equals(contract.id()))
                .map(ProductDescriptor.Port::name)
                .collect(Collectors.toSet());
        List<SchemaObject> chosen = contract.objects().stream()
                .filter(object -> ports.contains(object.name()) || ports.contains(ownName(object)))
                .toList();
        if (chosen.isEmpty()) {
            chosen = contract.objects().stream()
                    .filter(object -> ownName(object).equals(file))
                    .toList();
        }
        return chosen.isEmpty()
                ? of(file, contract)
                : chosen.size() == 1
                        ? List.of(new NamedObject(file, chosen.getFirst()))
                        : named(file, contract, chosen);
    }

    private static List<NamedObject> named(String file, Contract contract, List<SchemaObject> objects) {
        return objects.stream()
                .map(object -> new NamedObject(contract.isOfSeveral() ? ownName(object) : file, object))
                .toList();
    }

    static String ownName(SchemaObject object) {
        return Optional.ofNullable(object.custom().get(PROPERTY))
                .flatMap(node -> node instanceof Node.Scalar scalar ? Optional.of(scalar.text()) : Optional.empty())
                .orElse(object.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_-]", "_"));
    }
}
