package dev.millrace.mcp;

import dev.millrace.domain.Door;
import dev.millrace.mcp.McpDoor.Message;
import dev.millrace.problem.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tools: each reads, by one operation of the HTTP port, whose parameters its arguments are. All of them stand in {@code
 * tools.json}. Any thread.
 */
final class Tools {
    private static final String POSITION_LINE = "{\"type\":\"position\"";
    private static final String TOO_LARGE =
            "One row has more than " + Bounded.MAX_BYTES + " bytes. Ask for fewer columns.";

    private final JsonArray listed;
    private final Map<String, JsonObject> operations = new LinkedHashMap<>();

    Tools() {
        try (InputStream in = Objects.requireNonNull(Tools.class.getResourceAsStream("tools.json"))) {
            listed = new JsonArray(Buffer.buffer(in.readAllBytes()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        for (Object each : listed) {
            var tool = (JsonObject) each;
            JsonObject known = tool.getJsonObject("inputSchema").getJsonObject("properties");
            operations.put(tool.getString("name"), ((JsonObject) tool.remove("operation")).put("arguments", known));
        }
    }

    JsonArray list() {
        return listed;
    }

    Door.Step call(Message request) {
        JsonObject operation =
                operations.get(String.valueOf(request.parameters().getValue("name")));
        if (operation == null
                || !(request.parameters().getValue("arguments", new JsonObject()) instanceof JsonObject arguments)) {
            return request.error(
                    McpDoor.WRONG_PARAMETERS,
                    "There is no such tool, of those in tools/list; or no object of arguments.");
        }
        return new Call(request, operation, arguments.copy()).step();
    }

    /** One call of a tool. */
    private record Call(Message request, JsonObject operation, JsonObject arguments) {
        Door.Step step() {
            Set<String> known = operation.getJsonObject("arguments").fieldNames();
            if (!known.containsAll(arguments.fieldNames())) {
                return failed("There is no such argument. Expected: " + String.join(", ", known) + ".");
            }
            String kind = operation.getString("answer");
            return switch (kind) {
                case "page" -> {
                    arguments.put("limit", arguments.getValue("limit", 50));
                    yield ask(this::page);
                }
                case "table" -> ask(this::table);
                case "changes" -> ask(this::changes);
                default -> {
                    Object from = Objects.requireNonNullElse(arguments.remove("from"), 0);
                    yield from instanceof Integer place && place >= 0
                            ? ask(told -> list(new JsonObject(told.text()), kind, place))
                            : failed("'from' is no place in a list.");
                }
            };
        }

        /** The operation, with the arguments as its parameters or its body; a problem is told as the tool's answer. */
        private Door.Step ask(Function<Door.Told, Door.Step> then) {
            boolean sql =
                    arguments.containsKey("sql") || operation.getString("path").endsWith("/sql");
            return new Door.Asked(
                    operation.getString("id"),
                    operation.getString("path").replace("{product}", product()),
                    sql ? List.of() : parameters(),
                    operation.getString("accept"),
                    sql ? arguments.encode() : "",
                    told -> told.problem()
                            .<Door.Step>map(problem -> failed(says(problem)))
                            .orElseGet(() -> then.apply(told)));
        }

        /** The product's place in an address; of a text that can be no name, a place where there is none. */
        private String product() {
            String name = String.valueOf(arguments.getValue("product"));
            return name.matches("[\\w-]+\\.[\\w.-]*[\\w-]") ? name.replaceFirst("\\.", "/") : "-/-";
        }

        private List<Map.Entry<String, String>> parameters() {
            var parameters = new ArrayList<Map.Entry<String, String>>();
            for (Map.Entry<String, Object> argument : arguments) {
                if (!argument.getKey().equals("product") && argument.getValue() != null) {
                    String value = argument.getValue() instanceof JsonArray several
                            ? several.stream().map(String::valueOf).collect(Collectors.joining(","))
                            : argument.getValue().toString();
                    parameters.add(Map.entry(argument.getKey(), value));
                }
            }
            if (operation.getString("answer").equals("table")
                    && Stream.of("group", "agg", "bucket").noneMatch(arguments::containsKey)) {
                parameters.add(Map.entry("agg", "count"));
            }
            return parameters;
        }

        private static String says(Problem problem) {
            return switch (problem) {
                case Problem.RateLimited limited ->
                    problem.detail() + " Try again in " + limited.retryAfterSeconds() + " s.";
                case Problem.NotFound missing
                when missing.what().endsWith("product") ->
                    problem.detail() + " list_products has those that there are; a name is domain.product.";
                default -> problem.detail();
            };
        }

        /** A document with as much of a list within it as there is room for. */
        private Door.Step list(JsonObject json, String member, int from) {
            if (json.remove("schema") instanceof JsonObject schema) {
                var columns = new JsonArray();
                schema.getJsonObject("properties")
                        .forEach(column -> columns.add(
                                new JsonObject().put("name", column.getKey()).mergeIn((JsonObject) column.getValue())));
                json.put("columns", columns);
            } else {
                json.remove("columns"); // of quality: numbers, which SQL tells better
            }
            Stream.of("urls", "partitions", "windows").forEach(json::remove);
            return succeeded(Bounded.list(json, member, from).encode());
        }

        /** A page of rows; a smaller one where it is too large, since a cursor stands only between pages. */
        private Door.Step page(Door.Told told) {
            int bytes = Bounded.bytes(told.text());
            if (told.whole() && bytes <= Bounded.MAX_BYTES) {
                return succeeded(told.text());
            }
            long limit = Long.parseLong(arguments.getValue("limit").toString());
            long fitting = Math.max(1, Math.min(limit / 2, limit * Bounded.MAX_BYTES / bytes));
            return limit == 1
                    ? failed(TOO_LARGE)
                    : new Call(request, operation, arguments.copy().put("limit", fitting)).step();
        }

        /** Rows that have no cursor: as many as there is room for, and that there are more. */
        private Door.Step table(Door.Told told) {
            List<String> rows = Bounded.lines(told.text());
            boolean more = !told.whole()
                    || rows.size() < told.text().chars().filter(c -> c == '\n').count();
            if (rows.isEmpty() && more) {
                return failed(TOO_LARGE);
            }
            String note = more
                    ? ",\"note\":\"These are the first " + rows.size() + " rows, not all. Filter, group or sort so that"
                            + " fewer are enough, or in SQL go on with OFFSET and the same positions.\""
                    : "";
            return succeeded("{\"data\":[" + String.join(",", rows) + "],\"position\":\"" + told.position()
                    + "\",\"more\":" + more + note + "}");
        }

        private Door.Step changes(Door.Told told) {
            List<String> lines = Bounded.lines(told.text());
            if (lines.isEmpty()) {
                return failed(TOO_LARGE);
            }
            String last = lines.getLast();
            String changes = lines.stream()
                    .filter(line -> !line.startsWith(POSITION_LINE))
                    .collect(Collectors.joining(","));
            return succeeded("{\"changes\":[" + changes + "],\"next\":\"" + new JsonObject(last).getString("id")
                    + "\",\"more\":" + !last.startsWith(POSITION_LINE) + "}");
        }

        private Door.Said succeeded(String json) {
            return result(json, false);
        }

        private Door.Said failed(String why) {
            return result(why, true);
        }

        private Door.Said result(String text, boolean failed) {
            var content = new JsonObject().put("type", "text").put("text", text);
            return request.result(new JsonObject()
                    .put("content", new JsonArray().add(content))
                    .put("isError", failed));
        }
    }
}
