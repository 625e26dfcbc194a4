package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.config.yaml.YamlReader.Document;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads an ODCS v3 file, YAML or JSON, for serving: leniently, since many real files break the schema of the version
 * they name. What can be forgiven is a warning of the {@link Contract}; all that cannot, of one file, is reported
 * together in a {@link Problem.InvalidContract}. Reads files, so never called on an event loop. No state.
 */
public final class ContractReader {
    private static final Pattern KNOWN_VERSION = Pattern.compile("v?3\\.[012](\\.\\d+)?(-.*)?");
    private static final Set<String> KNOWN =
            Set.of(("version kind apiVersion id name tenant tags status servers dataProduct description "
                            + "domain schema support price team roles slaDefaultElement slaProperties "
                            + "authoritativeDefinitions customProperties contractCreatedTs context relationships "
                            + "synonyms deprecated")
                    .split(" ", -1));
    private static final Set<String> KNOWN_IN_OBJECT =
            Set.of(("id name physicalType physicalName description businessName authoritativeDefinitions "
                            + "tags customProperties logicalType dataGranularityDescription properties "
                            + "relationships quality context synonyms deprecated semanticType")
                    .split(" ", -1));

    private ContractReader() {}

    /** The contract in that file; throws a {@link Problem.InvalidContract} with every fault, warnings too. */
    public static Contract read(Path file) {
        return Elements.orThrow(faults -> read(file, faults));
    }

    /** The contract in that text; {@code file} is the name that faults bear. */
    public static Contract read(String file, String text) {
        return Elements.orThrow(faults -> read(file, text, faults));
    }

    /** The contract without those of its objects that have errors, as long as one has none. */
    static Optional<Contract> readSound(Path file, Faults faults) {
        return YamlReader.read(file, faults).flatMap(document -> contract(file.toString(), document, faults, true));
    }

    static Optional<Contract> readSound(String file, String text, Faults faults) {
        return YamlReader.parse(file, text, faults).flatMap(document -> contract(file, document, faults, true));
    }

    static Optional<Contract> read(String file, String text, Faults faults) {
        return YamlReader.parse(file, text, faults).flatMap(document -> contract(file, document, faults));
    }

    static Optional<Contract> read(Path file, Faults faults) {
        return YamlReader.read(file, faults).flatMap(document -> contract(file.toString(), document, faults));
    }

    /** The contract; empty when there is an error in it. */
    public static Optional<Contract> contract(String file, Document document, Faults faults) {
        return contract(file, document, faults, false);
    }

    private static Optional<Contract> contract(String file, Document document, Faults faults, boolean sound) {
        Cursor root = Cursor.at(document.root(), faults);
        if (!root.isMapping()) {
            root.as(Rule.SHAPE).error("Expected a data contract, found " + root.shape() + ".");
            return Optional.empty();
        }
        root.warnOfUnknown(KNOWN);
        kind(root);
        apiVersion(root);
        if (root.field("status").isEmpty()) {
            root.as(Rule.MISSING_KEY).warning("The key 'status' is missing.");
        }
        String id = Elements.needed(root, "id");
        String version = Elements.needed(root, "version");
        List<SchemaObject> objects = new ArrayList<>();
        int inObjects = objects(root, objects);
        ReferenceCheck.check(root);
        Contract contract = new Contract(
                file,
                id,
                root.text("name"),
                version,
                root.text("status"),
                root.text("domain"),
                Elements.description(root),
                servers(root),
                objects,
                Elements.custom(root),
                document.text(),
                document.root(),
                faults.warningsOf(file));
        boolean partly = sound && !objects.isEmpty() && faults.ofErrors(file) == inObjects;
        return partly || !faults.hasErrors(file) ? Optional.of(contract) : Optional.empty();
    }

    private static void kind(Cursor root) {
        String kind = root.text("kind");
        if (kind.isEmpty()) {
            root.as(Rule.MISSING_KEY).warning("The key 'kind' is missing. Expected DataContract.");
        } else if (!kind.equals("DataContract")) {
            root.field("kind")
                    .ifPresent(given -> given.as(Rule.SHAPE).error("Expected DataContract, found '" + kind + "'."));
        }
    }

    private static void apiVersion(Cursor root) {
        Optional<Cursor> given = root.field("apiVersion");
        String version = root.text("apiVersion");
        if (given.isEmpty()) {
            root.as(Rule.MISSING_KEY).warning("The key 'apiVersion' is missing; read as v3.1.0.");
        } else if (!version.startsWith("v3.") && !version.startsWith("3.")) {
            given.get()
                    .as(Rule.UNKNOWN_VERSION)
                    .error("Expected a version of ODCS 3, for example v3.1.0, found '" + version + "'.");
        } else if (!KNOWN_VERSION.matcher(version).matches()) {
            given.get().as(Rule.UNKNOWN_VERSION).warning("The version '" + version + "' is not known; read as v3.2.");
        }
    }

    private static List<Contract.Server> servers(Cursor root) {
        List<Contract.Server> servers = new ArrayList<>();
        for (Cursor server : root.items("servers")) {
            if (server.isMapping()) {
                if (!server.text("type").equals("kafka")) {
                    server.as(Rule.NOT_APPLIED)
                            .warning("Records are read from Kafka; a server of type '" + server.text("type")
                                    + "' plays no part.");
                }
                servers.add(new Contract.Server(server.text("type"), server.text("format"), server.node()));
            } else {
                server.as(Rule.SHAPE).warning("Expected a server with its type, found " + server.shape() + ".");
            }
        }
        return servers;
    }

    /** Adds the objects without errors; how many errors the others have. */
    private static int objects(Cursor root, List<SchemaObject> objects) {
        int before = root.faults().errors();
        Set<String> names = new HashSet<>();
        for (Cursor cursor : root.items("schema")) {
            int errors = root.faults().errors();
            if (!cursor.isMapping()) {
                cursor.as(Rule.SHAPE)
                        .error("Expected an object with name and properties, found " + cursor.shape() + ".");
                continue;
            }
            cursor.warnOfUnknown(KNOWN_IN_OBJECT);
            String name = Elements.needed(cursor, "name");
            if (!names.add(name) && !name.isEmpty()) {
                cursor.as(Rule.DUPLICATE_NAME).error("The name '" + name + "' stands here a second time.");
            }
            String physicalName = cursor.text("physicalName");
            var object = new SchemaObject(
                    cursor.place(),
                    name,
                    physicalName.isEmpty() ? name : physicalName,
                    cursor.text("description"),
                    PropertyReader.readAll(cursor),
                    Elements.raw(cursor, "quality"),
                    CelRuleReader.read(cursor),
                    Elements.custom(cursor));
            if (root.faults().errors() == errors) {
                objects.add(object);
            }
        }
        return root.faults().errors() - before;
    }
}
