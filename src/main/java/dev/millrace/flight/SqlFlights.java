package dev.millrace.flight;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.codec.ArrowValues;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Request;
import dev.millrace.problem.Problem;
import dev.millrace.sql.SqlEngine;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * Answers what Flight SQL asks of the mesh itself: a catalog is the mesh, a schema a domain, a table a product as its caller
 * sees it. A ticket is the command again, so the server keeps nothing between the calls, and policy is asked at each.
 */
final class SqlFlights {
    private static final String TABLE = "TABLE";
    private static final int CHAR = 1;
    private static final int DECIMAL = 3;
    private static final int INTEGER = 4;
    private static final int DOUBLE = 8;
    private static final int DATE = 91;
    private static final int TIME = 92;
    private static final int TIMESTAMP = 93;
    private static final int BINARY = -2;
    private static final int BIGINT = -5;
    private static final int BIT = -7;

    /** Of the stream with the values of a statement's parameters. */
    private static final int MOST_VALUES = 256 << 10;

    static final String CREATE = "CreatePreparedStatement";
    static final String CLOSE = "ClosePreparedStatement";

    private final ProductRegistry registry;
    private final Optional<SqlEngine> engine;

    /** @param engine runs statements; empty where none are answered */
    SqlFlights(ProductRegistry registry, Optional<SqlEngine> engine) {
        this.registry = registry;
        this.engine = engine;
    }

    /** The statement that is to be prepared; some clients pack the message, others do not. */
    static String prepared(byte[] body) {
        try {
            Optional<Any> packed = command(body);
            var asked = packed.isPresent()
                    ? unpack(packed.get(), FlightSql.ActionCreatePreparedStatementRequest.class)
                    : FlightSql.ActionCreatePreparedStatementRequest.parseFrom(body);
            if (asked.hasTransactionId()) {
                throw transaction();
            }
            return asked.getQuery();
        } catch (InvalidProtocolBufferException broken) {
            throw Selection.invalid("action", "it cannot be read.", "a request of Flight SQL.");
        }
    }

    /** The statement that a command or a ticket asks; empty where it asks none. */
    private static Optional<SqlHandle> statement(Any command) {
        return switch (name(command)) {
            case "CommandStatementQuery" -> {
                var asked = unpack(command, FlightSql.CommandStatementQuery.class);
                if (asked.hasTransactionId()) {
                    throw transaction();
                }
                yield Optional.of(SqlHandle.of(asked.getQuery()));
            }
            case "CommandPreparedStatementQuery" -> Optional.of(prepared(command));
            case "TicketStatementQuery" ->
                Optional.of(SqlHandle.of(
                        unpack(command, FlightSql.TicketStatementQuery.class).getStatementHandle()));
            default -> Optional.empty();
        };
    }

    private static SqlHandle prepared(Any command) {
        return SqlHandle.of(
                unpack(command, FlightSql.CommandPreparedStatementQuery.class).getPreparedStatementHandle());
    }

    private static RuntimeException transaction() {
        return Selection.invalid("transaction", "there are none here.", "a statement of its own.");
    }

    private SqlEngine engine() {
        return engine.orElseThrow(
                () -> new Problem.Unavailable("SQL", "this server has no workers for it.").exception());
    }

    private Future<SqlEngine.Plan> plan(Request asked, SqlHandle handle) {
        return Future.fromCompletionStage(engine().plan(handle.asked(asked)), Vertx.currentContext());
    }

    /** What a client is told of a prepared statement: its handle says all of it, so that nothing is kept. */
    Future<FlightAnswer> prepare(FlightRequest.SqlPrepare request) {
        SqlHandle handle = SqlHandle.of(request.statement());
        ByteString bytes = handle.bytes();
        return plan(request.asked(), handle)
                .map(plan -> new FlightAnswer.Said(Any.pack(FlightSql.ActionCreatePreparedStatementResult.newBuilder()
                                .setPreparedStatementHandle(bytes)
                                .setDatasetSchema(ByteString.copyFrom(
                                        bytes(SqlSchemas.result(plan.columns().schema()))))
                                .setParameterSchema(ByteString.copyFrom(
                                        bytes(plan.parameters().schema())))
                                .build())
                        .toByteString()));
    }

    /** The handle of a prepared statement with the values that were put, which a client uses from then on. */
    FlightAnswer bind(FlightRequest.SqlBind request) {
        if (request.rows().length > MOST_VALUES) {
            throw new Problem.TooLarge("The stream of parameters", request.rows().length, MOST_VALUES).exception();
        }
        var bound =
                new SqlHandle(prepared(request.command()).sql(), new JsonArray(ArrowValues.onlyRow(request.rows())));
        return new FlightAnswer.Said(FlightSql.DoPutPreparedStatementResult.newBuilder()
                .setPreparedStatementHandle(bound.bytes())
                .build()
                .toByteString());
    }

    /** Whether what is put with a command are values of parameters. */
    static boolean binds(Any command) {
        return name(command).equals("CommandPreparedStatementQuery");
    }

    /** The product, as a path, into which a command's rows are to be written; any other command is refused. */
    static List<String> into(Any command) {
        switch (name(command)) {
            case "CommandStatementIngest" -> {
                var wanted = unpack(command, FlightSql.CommandStatementIngest.class);
                var exists = wanted.getTableDefinitionOptions().getIfExists();
                if (wanted.hasTransactionId()) {
                    throw transaction();
                }
                if (wanted.getTemporary()
                        || exists
                                == FlightSql.CommandStatementIngest.TableDefinitionOptions.TableExistsOption
                                        .TABLE_EXISTS_OPTION_REPLACE
                        || exists
                                == FlightSql.CommandStatementIngest.TableDefinitionOptions.TableExistsOption
                                        .TABLE_EXISTS_OPTION_FAIL) {
                    throw Selection.invalid(
                            "ingest",
                            "a product is made by its contract, and is not replaced.",
                            "to append rows to one.");
                }
                return wanted.hasSchema() ? List.of(wanted.getSchema(), wanted.getTable()) : List.of(wanted.getTable());
            }
            case "CommandStatementUpdate", "CommandPreparedStatementUpdate" ->
                throw Selection.invalid(
                        "command",
                        "statements only read here.",
                        "a SELECT; rows are written by CommandStatementIngest.");
            default -> throw unknown(command);
        }
    }

    /** What a client of Flight SQL is told of rows that were written. */
    static ByteString ingested(ByteString receipt) {
        return FlightSql.DoPutUpdateResult.newBuilder()
                .setRecordCount(new JsonObject(receipt.toStringUtf8()).getLong("accepted", 0L))
                .build()
                .toByteString();
    }

    /** The flight of a command: of a statement that is planned and not run, or of a table about the mesh. */
    Future<FlightAnswer> info(FlightRequest.SqlInfo request) {
        Optional<SqlHandle> statement = statement(request.command());
        if (statement.isEmpty()) {
            return Future.succeededFuture(info(request.command(), request.descriptor()));
        }
        ByteString handle = statement.get().bytes();
        return plan(request.asked(), statement.get()).map(plan -> {
            byte[] ticket = Any.pack(FlightSql.TicketStatementQuery.newBuilder()
                            .setStatementHandle(handle)
                            .build())
                    .toByteArray();
            var endpoint = FlightEndpoint.builder(new Ticket(ticket)).build();
            return new FlightAnswer.Infos(List.of(FlightInfo.builder(
                            SqlSchemas.result(plan.columns().schema()), request.descriptor(), List.of(endpoint))
                    .build()));
        });
    }

    /** The rows of a statement, or a table about the mesh. */
    Future<FlightAnswer> read(FlightRequest.SqlRead request) {
        Optional<SqlHandle> statement = statement(request.command());
        if (statement.isEmpty()) {
            return Future.succeededFuture(new FlightAnswer.Table(answer(request.asked(), request.command())));
        }
        return Future.fromCompletionStage(engine().run(statement.get().asked(request.asked())), Vertx.currentContext())
                .map(rows -> new FlightAnswer.Rows(Streamed.of(rows)));
    }

    /** The command or ticket in some bytes, packed as Flight SQL does; empty when it is none. */
    static Optional<Any> command(byte[] bytes) {
        try {
            Any any = Any.parseFrom(bytes);
            return any.getTypeUrl().startsWith("type.googleapis.com/arrow.flight.protocol.sql.")
                    ? Optional.of(any)
                    : Optional.empty();
        } catch (InvalidProtocolBufferException other) {
            return Optional.empty();
        }
    }

    /** A message of a type, out of its packing. */
    static <M extends Message> M unpack(Any any, Class<M> type) {
        try {
            return any.unpack(type);
        } catch (InvalidProtocolBufferException broken) {
            throw Selection.invalid("command", "it cannot be read.", "a command of Flight SQL.");
        }
    }

    /** The last part of a command's type. */
    static String name(Any any) {
        return any.getTypeUrl().substring(any.getTypeUrl().lastIndexOf('.') + 1);
    }

    /** The schema of what answers a command about the mesh; empty for other commands. */
    private static Optional<Schema> schema(Any command) {
        return Optional.ofNullable(
                switch (name(command)) {
                    case "CommandGetCatalogs" -> SqlSchemas.CATALOGS;
                    case "CommandGetDbSchemas" -> SqlSchemas.DOMAINS;
                    case "CommandGetTableTypes" -> SqlSchemas.TABLE_TYPES;
                    case "CommandGetTables" ->
                        unpack(command, FlightSql.CommandGetTables.class).getIncludeSchema()
                                ? SqlSchemas.TABLES_WITH_SCHEMAS
                                : SqlSchemas.TABLES;
                    case "CommandGetPrimaryKeys" -> SqlSchemas.PRIMARY_KEYS;
                    case "CommandGetExportedKeys", "CommandGetImportedKeys", "CommandGetCrossReference" ->
                        SqlSchemas.FOREIGN_KEYS;
                    case "CommandGetXdbcTypeInfo" -> SqlSchemas.TYPES;
                    case "CommandGetSqlInfo" -> SqlSchemas.INFO;
                    default -> null;
                });
    }

    /** The flight of a command; its ticket is the command, and its one endpoint is where it was asked. */
    private static FlightAnswer info(Any command, FlightDescriptor descriptor) {
        var endpoint = FlightEndpoint.builder(new Ticket(command.toByteArray())).build();
        return new FlightAnswer.Infos(List.of(FlightInfo.builder(known(command), descriptor, List.of(endpoint))
                .build()));
    }

    private static Schema known(Any command) {
        return schema(command).orElseThrow(() -> unknown(command));
    }

    private static RuntimeException unknown(Any command) {
        return CallStatus.UNIMPLEMENTED
                .withDescription("There is no " + name(command) + " here.")
                .toRuntimeException();
    }

    /** What answers a command about the mesh, with the schema that its flight has. */
    SqlTable answer(Request asked, Any command) {
        return new SqlTable(
                known(command),
                switch (name(command)) {
                    case "CommandGetCatalogs" -> List.of(List.of(registry.mesh()));
                    case "CommandGetDbSchemas" -> domains(asked, unpack(command, FlightSql.CommandGetDbSchemas.class));
                    case "CommandGetTableTypes" -> List.of(List.of(TABLE));
                    case "CommandGetTables" -> tables(asked, unpack(command, FlightSql.CommandGetTables.class));
                    case "CommandGetPrimaryKeys" ->
                        primaryKeys(asked, unpack(command, FlightSql.CommandGetPrimaryKeys.class));
                    case "CommandGetXdbcTypeInfo" -> types(unpack(command, FlightSql.CommandGetXdbcTypeInfo.class));
                    case "CommandGetSqlInfo" ->
                        SqlServerFacts.of(unpack(command, FlightSql.CommandGetSqlInfo.class)
                                .getInfoList());
                    // Contracts name their references, which are not kept as keys.
                    default -> List.of();
                });
    }

    private List<List<String>> domains(Request asked, FlightSql.CommandGetDbSchemas wanted) {
        if (isElsewhere(wanted.hasCatalog(), wanted.getCatalog())) {
            return List.of();
        }
        Predicate<String> like = like(wanted.hasDbSchemaFilterPattern(), wanted.getDbSchemaFilterPattern());
        return seen(asked).stream()
                .map(Product::domain)
                .distinct()
                .filter(like)
                .map(domain -> List.of(registry.mesh(), domain))
                .toList();
    }

    private List<List<Object>> tables(Request asked, FlightSql.CommandGetTables wanted) {
        if (isElsewhere(wanted.hasCatalog(), wanted.getCatalog())
                || (wanted.getTableTypesCount() > 0
                        && !wanted.getTableTypesList().contains(TABLE))) {
            return List.of();
        }
        Predicate<String> domains = like(wanted.hasDbSchemaFilterPattern(), wanted.getDbSchemaFilterPattern());
        Predicate<String> names = like(wanted.hasTableNameFilterPattern(), wanted.getTableNameFilterPattern());
        var rows = new ArrayList<List<Object>>();
        for (Product product : seen(asked)) {
            if (domains.test(product.domain()) && names.test(product.name())) {
                var row = new ArrayList<Object>(List.of(registry.mesh(), product.domain(), product.name(), TABLE));
                if (wanted.getIncludeSchema()) {
                    row.add(bytes(schema(asked, product)));
                }
                rows.add(row);
            }
        }
        return rows;
    }

    private Schema schema(Request asked, Product product) {
        return new Schema(columns(asked, product).stream()
                .map(column -> SqlSchemas.column(column.field(), registry.mesh(), product.domain(), product.name()))
                .toList());
    }

    /** An encapsulated message, as the specification has it. */
    static byte[] bytes(Schema schema) {
        var bytes = new ByteArrayOutputStream();
        try {
            MessageSerializer.serialize(new WriteChannel(Channels.newChannel(bytes)), schema);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    private List<List<Object>> primaryKeys(Request asked, FlightSql.CommandGetPrimaryKeys wanted) {
        if (isElsewhere(wanted.hasCatalog(), wanted.getCatalog())) {
            return List.of();
        }
        var rows = new ArrayList<List<Object>>();
        for (Product product : seen(asked)) {
            if (!product.name().equals(wanted.getTable())
                    || (wanted.hasDbSchema() && !product.domain().equals(wanted.getDbSchema()))) {
                continue;
            }
            List<String> key = product.as(asked.caller()).shape().key().stream()
                    .map(ColumnLayout::name)
                    .toList();
            for (int i = 0; i < key.size(); i++) {
                rows.add(List.of(
                        registry.mesh(), product.domain(), product.name(), key.get(i), product.name() + "_key", i + 1));
            }
        }
        return rows;
    }

    /** Types of products and results, by number and name. */
    private static List<List<@Nullable Object>> types(FlightSql.CommandGetXdbcTypeInfo wanted) {
        return List.of(
                        type("BOOLEAN", BIT, 1, null, null),
                        type("BIGINT", BIGINT, 19, null, 10),
                        type("BLOB", BINARY, Integer.MAX_VALUE, "'", null),
                        type("VARCHAR", CHAR, Integer.MAX_VALUE, "'", null),
                        type("DECIMAL", DECIMAL, 76, null, 10),
                        type("INTEGER", INTEGER, 10, null, 10),
                        type("DOUBLE", DOUBLE, 53, null, 2),
                        type("DATE", DATE, 10, "'", null),
                        type("TIME", TIME, 15, "'", null),
                        type("TIMESTAMP WITH TIME ZONE", TIMESTAMP, 32, "'", null))
                .stream()
                .filter(row -> !wanted.hasDataType() || row.get(1).equals(wanted.getDataType()))
                .sorted(Comparator.comparing(row -> (Integer) row.get(1)))
                .toList();
    }

    private static List<@Nullable Object> type(
            String name, int number, int size, @Nullable String quote, @Nullable Integer radix) {
        var row = new ArrayList<@Nullable Object>();
        boolean isNumber = radix != null;
        row.addAll(List.of(name, number, size));
        row.add(quote);
        row.add(quote);
        row.add(null);
        row.addAll(List.of(1, number == CHAR, 3)); // nullable, and searched for in every way
        row.add(isNumber ? false : null);
        row.add(false);
        row.add(isNumber ? false : null);
        row.add(name);
        row.add(number == DECIMAL ? 0 : null);
        row.add(number == DECIMAL ? 76 : null);
        row.add(number >= DATE && number <= TIMESTAMP ? 9 : number); // 9: a date or time, of the kind that comes next
        row.add(number >= DATE && number <= TIMESTAMP ? number - DATE + 1 : null);
        row.add(radix);
        row.add(null);
        return row;
    }

    /** Products of which the caller sees anything, by domain and name. */
    private List<Product> seen(Request asked) {
        return registry.read(asked.caller());
    }

    private static List<ColumnLayout> columns(Request asked, Product product) {
        return product.as(asked.caller()).shape().columns();
    }

    private boolean isElsewhere(boolean given, String catalog) {
        return given && !catalog.equals(registry.mesh());
    }

    /** {@code %} is any text and {@code _} any character, {@code \\} takes the next as it is. */
    private static Predicate<String> like(boolean given, String pattern) {
        return given ? name -> isLike(name, pattern) : name -> true;
    }

    /** Goes back to the last {@code %} alone, so it takes as long as the two are wide, whatever the pattern. */
    private static boolean isLike(String name, String pattern) {
        int at = 0;
        int next = 0;
        int anyAt = -1;
        int anyNext = -1;
        while (at < name.length()) {
            char c = next < pattern.length() ? pattern.charAt(next) : 0;
            boolean isEscaped = c == '\\' && next + 1 < pattern.length();
            if (!isEscaped && c == '%') {
                anyAt = at;
                anyNext = ++next;
            } else if (next < pattern.length()
                    && (isEscaped ? pattern.charAt(next + 1) == name.charAt(at) : c == '_' || c == name.charAt(at))) {
                at++;
                next += isEscaped ? 2 : 1;
            } else if (anyNext >= 0) {
                at = ++anyAt;
                next = anyNext;
            } else {
                return false;
            }
        }
        while (next < pattern.length() && pattern.charAt(next) == '%') {
            next++;
        }
        return next == pattern.length();
    }
}
