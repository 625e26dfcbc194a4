package dev.millrace.http;

import dev.millrace.layer.Lease;
import dev.millrace.problem.Problem;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The request's path and query, decoded strictly. A path with dot segments, empty segments, broken escapes or control
 * characters is refused before any route sees it, so that no spelling of a path reaches another route than it reads.
 *
 * @param segments raw, between the slashes
 * @param parameters decoded, in the order of the query
 * @param body empty for a method that has none
 * @param memory what counts for the body, and for what is made of it
 */
@SuppressWarnings("ArrayRecordComponent") // borrowed, never compared
record RequestTarget(List<String> segments, List<Map.Entry<String, String>> parameters, byte[] body, Lease memory) {
    private static final int MAX_PARAMETERS = 100;

    RequestTarget {
        segments = List.copyOf(segments);
        parameters = List.copyOf(parameters);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code InvalidParameter} */
    static RequestTarget of(List<String> segments, HttpServerRequest request, byte[] body, Lease memory) {
        return new RequestTarget(segments, parameters(request.query()), body, memory);
    }

    /** A decoded segment. */
    String segment(int index) {
        return segment(segments, index);
    }

    /** A decoded one of raw segments. */
    static String segment(List<String> segments, int index) {
        return Percent.decode(segments.get(index), false).orElseThrow(RequestTarget::wrongPath);
    }

    /** The parameters with other names than these. */
    List<Map.Entry<String, String>> without(Set<String> names) {
        var others = new ArrayList<Map.Entry<String, String>>(parameters.size());
        for (Map.Entry<String, String> parameter : parameters) {
            if (!names.contains(parameter.getKey())) {
                others.add(parameter);
            }
        }
        return others;
    }

    /** The segments of a path, when it has only one reading. */
    static List<String> segments(@Nullable String path) {
        if (path == null || !path.startsWith("/")) {
            throw wrongPath();
        }
        List<String> segments = List.of(path.substring(1).split("/", -1));
        for (String segment : segments) {
            String decoded = Percent.decode(segment, false).orElseThrow(RequestTarget::wrongPath);
            if (decoded.equals(".")
                    || decoded.equals("..")
                    || decoded.chars().anyMatch(Character::isISOControl)
                    || (decoded.isEmpty() && segments.size() > 1)) {
                throw wrongPath();
            }
        }
        return segments;
    }

    private static List<Map.Entry<String, String>> parameters(@Nullable String query) {
        var parameters = new ArrayList<Map.Entry<String, String>>();
        if (query == null || query.isEmpty()) {
            return parameters;
        }
        for (String pair : query.split("&", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            String rawName = equals < 0 ? pair : pair.substring(0, equals);
            String name = Percent.decode(rawName, true).orElseThrow(() -> wrongEscape("query"));
            String value = Percent.decode(equals < 0 ? "" : pair.substring(equals + 1), true)
                    .orElseThrow(() -> wrongEscape(name));
            parameters.add(Map.entry(name, value));
            if (parameters.size() > MAX_PARAMETERS) {
                throw new Problem.InvalidParameter(
                                "query", "there are too many parameters.", "at most " + MAX_PARAMETERS + ".")
                        .exception();
            }
        }
        return parameters;
    }

    private static RuntimeException wrongEscape(String parameter) {
        return new Problem.InvalidParameter(
                        parameter, "a percent escape is broken.", "%XX escapes of UTF-8 text without NUL.")
                .exception();
    }

    private static RuntimeException wrongPath() {
        return new Problem.InvalidParameter(
                        "path",
                        "the path has a dot segment, an empty segment, a control character or a broken escape.",
                        "a path as in /openapi.yaml, each segment percent-encoded.")
                .exception();
    }
}
