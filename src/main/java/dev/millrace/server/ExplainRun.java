package dev.millrace.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.contract.Mask;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.Governance;
import dev.millrace.domain.ProductPolicy;
import dev.millrace.problem.Fault;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.Shape;
import dev.millrace.query.Showing;
import dev.millrace.security.Principal;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.StreamSupport;

/** Says what somebody would see of a product, and by which grants, from the mesh folder alone; no server is asked. */
record ExplainRun(Command.Explain explain, PrintStream out, PrintStream err) {
    /** {@link ExitCode#ANSWER_IS_NO} when nothing is seen, or the policies are broken. */
    ExitCode run() {
        try {
            Configuration configuration = ConfigurationReader.ofDefaults()
                    .withFile(explain.config())
                    .withEnvironment(System.getenv(), warning -> err.println("millrace: " + warning))
                    .read();
            return run(
                    configuration,
                    principal(new ObjectMapper().readTree(explain.as().toFile())));
        } catch (ProblemException expected) {
            expected.problem().detail().lines().forEach(line -> err.println("millrace: " + line));
            return ExitCode.WRONG_USE;
        } catch (IOException failure) {
            err.println("millrace: '" + explain.as() + "' cannot be read: " + failure.getMessage());
            return ExitCode.WRONG_USE;
        }
    }

    /** Of {@code {"name","roles","claims","purpose"}}, as a line of the file of keys has them. */
    private static Principal principal(JsonNode json) {
        Map<String, List<String>> claims = new HashMap<>();
        json.path("claims").properties().forEach(claim -> claims.put(claim.getKey(), texts(claim.getValue())));
        return new Principal(
                json.path("name").asText("somebody"),
                new HashSet<>(texts(json.path("roles"))),
                claims,
                Optional.of(json.path("purpose").asText("")).filter(purpose -> !purpose.isEmpty()));
    }

    private static List<String> texts(JsonNode node) {
        return node.isArray()
                ? StreamSupport.stream(node.spliterator(), false)
                        .map(JsonNode::asText)
                        .toList()
                : node.isMissingNode() ? List.of() : List.of(node.asText());
    }

    private ExitCode run(Configuration configuration, Principal principal) {
        Mesh mesh = MeshReader.readSound(configuration.mesh().folder());
        String[] names = explain.product().split("\\.", 2);
        Optional<ProductDefinition> product = mesh.product(names[0], names[1]);
        if (product.isEmpty()) {
            err.println("millrace: there is no product '" + explain.product() + "' that can be served");
            return ExitCode.WRONG_USE;
        }
        var shape = new Shape(MillraceServer.schema(product.get()));
        var policy = new ProductPolicy(
                product.get(),
                shape,
                Optional.empty(),
                mesh.policies(names[0]),
                Governance.ofTable(configuration.security().classifications()));
        List<Fault> faults =
                mesh.policies(names[0]).isBroken() ? mesh.policies(names[0]).faults() : policy.faults();
        if (!faults.isEmpty()) {
            faults.forEach(fault -> err.println("millrace: " + fault));
            err.println("millrace: the domain is closed to everybody who has a name");
            return ExitCode.ANSWER_IS_NO;
        }
        List<ProductPolicy.Holding> holding = policy.holding(principal);
        out.println(principal.name()
                + (holding.isEmpty() ? " has no grant of " : " has of ")
                + explain.product()
                + (holding.isEmpty() ? ": it does not exist for this caller" : ":"));
        holding.forEach(each -> print(each, shape));
        return holding.stream().anyMatch(each -> each.showing().isPresent()) ? ExitCode.FINE : ExitCode.ANSWER_IS_NO;
    }

    private void print(ProductPolicy.Holding holding, Shape shape) {
        Set<String> may = new TreeSet<>();
        holding.grant().may().forEach(what -> may.add(what.name().toLowerCase(Locale.ROOT)));
        out.println("  " + holding.grant().name());
        out.println("    may      " + String.join(", ", may));
        if (holding.showing().isEmpty()) {
            out.println("    rows     none: a claim of the row rule is missing, or is no value of its column");
            return;
        }
        Showing showing = holding.showing().get();
        out.println("    rows     "
                + (showing.rows().isAll() ? "all" : showing.rows().canonical()));
        Map<String, StringJoiner> columns = new LinkedHashMap<>();
        for (int i = 0; i < shape.columns().size(); i++) {
            columns.computeIfAbsent(text(showing.masks().get(i)), mask -> new StringJoiner(", "))
                    .add(shape.columns().get(i).name());
        }
        columns.forEach((mask, names) ->
                out.println("    " + mask + " ".repeat(Math.max(1, 9 - mask.length())) + names));
    }

    private static String text(Mask mask) {
        return switch (mask) {
            case Mask.Show _ -> "show";
            case Mask.Hide _ -> "hide";
            case Mask.Null _ -> "null";
            case Mask.Pseudonym _ -> "pseudonym";
            case Mask.Keep(int last) -> "keep " + last;
            case Mask.RoundTime(Mask.Unit unit) -> "round to " + unit.name().toLowerCase(Locale.ROOT);
            case Mask.RoundNumber(var unit) -> "round to " + unit.toPlainString();
        };
    }
}
