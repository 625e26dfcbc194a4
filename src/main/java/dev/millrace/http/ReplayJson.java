package dev.millrace.http;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.domain.Replay;
import dev.millrace.problem.Problem;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is asked of a replay and what it reports, as JSON. */
final class ReplayJson {
    static final int MAX_IDS = 1_000;
    private static final Set<String> MEMBERS = Set.of("ids", "rule", "dryRun");
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};
    private static final JsonMapper STRICT = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final String EXPECTED =
            "{\"ids\":[\"topic:partition:offset\"],\"rule\":\"required\",\"dryRun\":true}, each member optional, at most "
                    + MAX_IDS + " ids; or no body.";

    private ReplayJson() {}

    /** @throws dev.millrace.problem.ProblemException with {@code InvalidBody} */
    static Replay.Request request(Buffer body) {
        try {
            JsonObject json =
                    body.length() == 0 ? new JsonObject() : new JsonObject(STRICT.readValue(body.getBytes(), OBJECT));
            if (!MEMBERS.containsAll(json.fieldNames())) {
                throw invalid("The body has another member than " + MEMBERS + ".");
            }
            Set<String> ids = new HashSet<>();
            for (Object id : json.getJsonArray("ids", new JsonArray())) {
                ids.add((String) id);
            }
            if (ids.size() > MAX_IDS || (json.containsKey("ids") && ids.isEmpty())) {
                throw invalid("The body names " + ids.size() + " ids.");
            }
            return new Replay.Request(
                    ids, Optional.ofNullable(json.getString("rule")), json.getBoolean("dryRun", false));
        } catch (IOException | ClassCastException | NullPointerException wrong) {
            throw invalid("The body is not what a replay takes.");
        }
    }

    private static RuntimeException invalid(String reason) {
        return new Problem.InvalidBody(reason, EXPECTED).exception();
    }

    static JsonObject of(Replay.Report report) {
        return new JsonObject()
                .put("replayed", report.replayed())
                .put("taken", report.taken())
                .put("kept", report.kept().stream().map(ReplayJson::kept).toList())
                .put("complete", report.complete())
                .put("position", report.position().toString());
    }

    private static JsonObject kept(Replay.Kept each) {
        return new JsonObject()
                .put("rule", each.rule())
                .put("count", each.count())
                .put("ids", each.ids());
    }
}
