package dev.millrace.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.contract.check.ContractCheck.Result;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Rule;
import java.io.File;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;

/** How the faults of files are written. */
enum FaultReport {
    /** A line a fault and a line of counts. */
    TEXT {
        @Override
        String write(Result result, String version) {
            StringBuilder text = new StringBuilder();
            for (Fault fault : result.faults()) {
                String line = fault.file()
                        + (fault.line() > 0 ? ":" + fault.line() + ":" + fault.column() : "")
                        + ": " + severity(fault) + ": "
                        + (fault.path().isEmpty() ? "" : fault.path() + ": ")
                        + fault.message() + " [" + fault.rule().id() + "]";
                // a file's text goes to a terminal here
                text.append(line.replaceAll("\\p{Cntrl}", "?")).append('\n');
            }
            return text.append(result.files() + " files, " + result.count(Severity.ERROR) + " errors, "
                            + result.count(Severity.WARNING) + " warnings\n")
                    .toString();
        }
    },
    /** {@code {"files", "errors", "warnings", "faults": [{rule, severity, file, line, column, path, message}]}}. */
    JSON {
        @Override
        String write(Result result, String version) {
            ObjectNode report = NODES.objectNode()
                    .put("files", result.files())
                    .put("errors", result.count(Severity.ERROR))
                    .put("warnings", result.count(Severity.WARNING));
            ArrayNode faults = report.putArray("faults");
            for (Fault fault : result.faults()) {
                faults.addObject()
                        .put("rule", fault.rule().id())
                        .put("severity", severity(fault))
                        .put("file", fault.file())
                        .put("line", fault.line())
                        .put("column", fault.column())
                        .put("path", fault.path())
                        .put("message", fault.message());
            }
            return report.toPrettyString() + "\n";
        }
    },
    /** SARIF 2.1.0, as GitHub's code scanning takes it. */
    SARIF {
        @Override
        String write(Result result, String version) {
            ObjectNode report = NODES.objectNode()
                    .put("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
                    .put("version", "2.1.0");
            ObjectNode run = report.putArray("runs").addObject().put("columnKind", "unicodeCodePoints");
            ObjectNode driver = run.putObject("tool")
                    .putObject("driver")
                    .put("name", "millrace")
                    .put("version", version);
            ArrayNode rules = driver.putArray("rules");
            for (Rule rule : Rule.values()) {
                ObjectNode entry = rules.addObject().put("id", rule.id());
                entry.putObject("shortDescription").put("text", rule.summary());
                entry.putObject("defaultConfiguration")
                        .put("level", rule.severity(Severity.ERROR).name().toLowerCase(Locale.ROOT));
            }
            ArrayNode results = run.putArray("results");
            for (Fault fault : result.faults()) {
                ObjectNode entry = results.addObject()
                        .put("ruleId", fault.rule().id())
                        .put("ruleIndex", fault.rule().ordinal())
                        .put("level", severity(fault));
                entry.putObject("message")
                        .put("text", (fault.path().isEmpty() ? "" : fault.path() + ": ") + fault.message());
                ObjectNode place = entry.putArray("locations").addObject().putObject("physicalLocation");
                place.putObject("artifactLocation").put("uri", uri(fault.file()));
                place.putObject("region")
                        .put("startLine", Math.max(1, fault.line()))
                        .put("startColumn", Math.max(1, fault.column()));
            }
            return report.toPrettyString() + "\n";
        }
    };

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** The whole report with a line end; {@code version} is the program's. */
    abstract String write(Result result, String version);

    private static String severity(Fault fault) {
        return fault.severity().name().toLowerCase(Locale.ROOT);
    }

    /** A URI, relative as the path is: a repository's root is where the check is run. */
    private static String uri(String file) {
        Path path = Path.of(file).normalize();
        if (path.isAbsolute()) {
            return path.toUri().toASCIIString();
        }
        try {
            String rooted = "/" + path.toString().replace(File.separatorChar, '/');
            return new URI(null, null, rooted, null).toASCIIString().substring(1);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a path is always a URI's path", e);
        }
    }
}
