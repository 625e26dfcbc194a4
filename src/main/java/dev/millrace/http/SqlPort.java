package dev.millrace.http;

import dev.millrace.layer.WorkerPool;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.Filter;
import dev.millrace.query.RowsQuery;
import dev.millrace.sql.Literals;
import dev.millrace.sql.SqlEngine;
import dev.millrace.sql.SqlRows;
import dev.millrace.sql.SqlStatement;
import dev.millrace.store.Position;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Answers statements in SQL, in every form that rows have. On event loops; its answers are filled on workers of their own.
 *
 * @param workers who wait for rows; empty as the engine is
 */
record SqlPort(Optional<SqlEngine> engine, Optional<WorkerPool> workers, RowStream.Workplace room) {
    private static final String EXPECTED =
            "{\"sql\":\"SELECT …\",\"parameters\":[…] or {…},\"positions\":{\"domain.product\":\"…\"}}, the last two where needed.";
    private static final Set<String> MEMBERS = Set.of("sql", "parameters", "positions");

    Future<Answer> answer(Call call, RequestTarget target) {
        Negotiation<RowFormat> negotiation =
                Negotiation.of(Call.header(call.request(), HttpHeaders.ACCEPT), target.parameters(), room.formats());
        RowFormat format = negotiation.format();
        if (format.isFile()) {
            throw new Problem.NotAcceptable(
                            format.mediaType(),
                            room.formats().stream()
                                    .filter(each -> !each.isFile())
                                    .map(Format::mediaType)
                                    .toList())
                    .exception();
        }
        Coding.Accepted coding = Coding.accepted(
                Call.header(call.request(), HttpHeaders.ACCEPT_ENCODING),
                negotiation.codec().equals(Negotiation.NO_CODEC) && !format.isCompressed(),
                room.compressFrom());
        SqlEngine asked = engine.orElseThrow(
                () -> new Problem.Unavailable("SQL", "this server has no workers for it.").exception());
        CompletableFuture<SqlRows> running = asked.run(statement(call, Buffer.buffer(target.body())));
        call.asked().onGone().accept(() -> running.cancel(false));
        return Future.fromCompletionStage(running, Vertx.currentContext())
                .compose(rows -> stream(call, negotiation, coding, rows).onWorker());
    }

    private SqlStatement statement(Call call, Buffer body) {
        try {
            var json = new JsonObject(body);
            if (!(json.getValue("sql") instanceof String sql) || !MEMBERS.containsAll(json.fieldNames())) {
                throw invalid("The body has not just the members sql, parameters and positions.");
            }
            return new SqlStatement(
                    call.asked().caller(),
                    call.owner(),
                    sql,
                    Literals.of(json.getValue("parameters")),
                    positions(json.getValue("positions")),
                    () -> call.request().response().closed());
        } catch (DecodeException | ClassCastException notJson) {
            throw invalid("The body is no JSON object.");
        }
    }

    private static Map<String, Position> positions(@org.jspecify.annotations.Nullable Object given) {
        var positions = new HashMap<String, Position>();
        if (given == null) {
            return positions;
        }
        if (!(given instanceof JsonObject named)) {
            throw invalid("The member positions is no object.");
        }
        for (Map.Entry<String, Object> each : named) {
            positions.put(
                    each.getKey(),
                    Position.parse(String.valueOf(each.getValue()))
                            .orElseThrow(() -> invalid("The position of " + each.getKey() + " is none.")));
        }
        return positions;
    }

    private static ProblemException invalid(String reason) {
        return new Problem.InvalidBody(reason, EXPECTED).exception();
    }

    private RowStream stream(Call call, Negotiation<RowFormat> negotiation, Coding.Accepted coding, SqlRows rows) {
        String positions = rows.position();
        RowsQuery query = RowsQuery.scan(rows.layout().top(), Filter.ALL);
        RowFormat format = negotiation.format();
        var written = new RowFormat.Rows(
                rows,
                query,
                rows.layout()::top,
                () -> new Schema(rows.layout().schema().getFields(), Map.of("millrace.position", positions)),
                Long.MAX_VALUE,
                negotiation,
                positions,
                Optional.empty(),
                (partition, offset, skip) -> "",
                Optional.empty(),
                room.engine(),
                () -> call.request().response().closed());
        return new RowStream(
                room,
                () -> {},
                format.writer(written),
                format,
                Answer.Version.at(positions),
                coding,
                Optional.empty(),
                call.owner(),
                workers.orElseThrow(),
                written.gone());
    }
}
