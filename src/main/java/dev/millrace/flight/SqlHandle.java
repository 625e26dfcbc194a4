package dev.millrace.flight;

import com.google.protobuf.ByteString;
import dev.millrace.domain.Request;
import dev.millrace.problem.Problem;
import dev.millrace.sql.Literals;
import dev.millrace.sql.SqlStatement;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A statement and the values of its parameters, as they stand in a handle or a ticket: the server keeps neither, any server of
 * the mesh takes both, and who made them does not matter, since both are asked as if they were new.
 */
record SqlHandle(String sql, JsonArray parameters) {
    /** A ticket is a message that asks something, which may have 64 KiB. */
    private static final int MOST_BYTES = 60 << 10;

    static SqlHandle of(String sql) {
        return new SqlHandle(sql, new JsonArray());
    }

    /** One that {@link #bytes} made; any other is a {@link Problem}. */
    static SqlHandle of(ByteString handle) {
        try {
            var json = new JsonObject(handle.toStringUtf8());
            String sql = json.getString("sql");
            JsonArray parameters = json.getJsonArray("parameters");
            if (sql != null && parameters != null) {
                return new SqlHandle(sql, parameters);
            }
        } catch (DecodeException | ClassCastException foreign) {
            // as one that lacks them
        }
        throw Selection.invalid("handle", "it is none of this server's.", "one of CreatePreparedStatement.");
    }

    ByteString bytes() {
        var bytes = ByteString.copyFromUtf8(
                new JsonObject().put("sql", sql).put("parameters", parameters).encode());
        if (bytes.size() > MOST_BYTES) {
            throw new Problem.TooLarge("The statement with its parameters", bytes.size(), MOST_BYTES).exception();
        }
        return bytes;
    }

    /** What is asked by it. */
    SqlStatement asked(Request asked) {
        var gone = new AtomicBoolean();
        asked.onGone().accept(() -> gone.set(true));
        return new SqlStatement(asked.caller(), asked.owner(), sql, Literals.of(parameters), Map.of(), gone::get);
    }
}
