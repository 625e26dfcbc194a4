package dev.millrace.contract;

import dev.millrace.config.yaml.Node;
import dev.millrace.problem.Fault;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A data contract (Open Data Contract Standard v3) that can be served. Texts that the file does not give are empty.
 *
 * @param file the file as the user named it
 * @param objects the schema; may be empty
 * @param custom the custom properties by name, as written
 * @param text the whole file as it is
 * @param root the whole file as a tree, with what this record does not hold
 * @param warnings what was forgiven
 */
public record Contract(
        String file,
        String id,
        String name,
        String version,
        String status,
        String domain,
        Description description,
        List<Server> servers,
        List<SchemaObject> objects,
        Map<String, Node> custom,
        String text,
        Node root,
        List<Fault> warnings) {
    public Contract {
        servers = List.copyOf(servers);
        objects = List.copyOf(objects);
        custom = Map.copyOf(custom);
        warnings = List.copyOf(warnings);
    }

    /** The custom property of that name: the object's own, else the contract's. */
    public Optional<Node> custom(SchemaObject object, String name) {
        return Optional.ofNullable(object.custom().get(name)).or(() -> Optional.ofNullable(custom.get(name)));
    }

    /** The first Kafka server that names the format of its records. */
    public Optional<Server> serverWithFormat() {
        return servers.stream()
                .filter(server ->
                        server.type().equals("kafka") && !server.format().isEmpty())
                .findFirst();
    }

    /** Whether it has more schema objects than one, be they all sound or not. */
    boolean isOfSeveral() {
        return root instanceof Node.Mapping mapping
                && mapping.value("schema")
                        .filter(schema -> schema instanceof Node.Sequence all
                                && all.items().size() > 1)
                        .isPresent();
    }

    /** This contract as if it had that schema object only. */
    public Contract only(SchemaObject object) {
        List<SchemaObject> one = objects.stream()
                .filter(each -> each.place().equals(object.place()))
                .toList();
        return new Contract(
                file, id, name, version, status, domain, description, servers, one, custom, text, root, warnings);
    }

    /** Whether a service level with that element is said of that object, and not of another one. */
    boolean concerns(SchemaObject object, String element) {
        boolean own = object.property(element).isPresent() || element.startsWith(object.name() + ".");
        return own
                || objects.stream()
                        .noneMatch(other ->
                                !other.name().equals(object.name()) && (element + ".").startsWith(other.name() + "."));
    }

    /** What the dataset is for; each part empty for none. */
    public record Description(String purpose, String usage, String limitations) {}

    /**
     * Where the data is.
     *
     * @param type for example {@code kafka}
     * @param raw everything that the contract says about it
     */
    public record Server(String type, String format, Node raw) {}
}
