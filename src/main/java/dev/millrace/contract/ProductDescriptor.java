package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import dev.millrace.config.yaml.Place;
import java.util.List;

/**
 * A data product's descriptor (Bitol Open Data Product Standard 0.9, 1.0). Texts that the file does not give are empty.
 *
 * @param file the file as the user named it
 * @param text the whole file as it is
 * @param root the whole file as a tree, with what this record does not hold
 */
public record ProductDescriptor(
        String file, String id, String domain, List<Port> inputPorts, List<Port> outputPorts, String text, Node root) {
    public ProductDescriptor {
        inputPorts = List.copyOf(inputPorts);
        outputPorts = List.copyOf(outputPorts);
    }

    /**
     * Where data comes in or goes out.
     *
     * @param version of the contract
     * @param contractId the {@link Contract#id()} meant; empty for none
     */
    public record Port(Place place, String name, String version, String contractId) {}
}
