package dev.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.millrace.ingest.TestKafka;
import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.SyncPutListener;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementIngest.TableDefinitionOptions;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TimeStampMilliVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Statements with parameters, and rows put as Flight SQL puts them, at a whole server. */
@Timeout(180)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightStatementsIT {
    private final RootAllocator root = new RootAllocator();
    private MillraceServer server;
    private FlightClient client;

    @BeforeAll
    void serve(@TempDir Path folder) throws Exception {
        TestMesh mesh = TestMesh.in(folder);
        for (int i = 0; i < 10; i++) {
            TestKafka.send(
                    mesh.flights(),
                    i % 4,
                    "f" + i,
                    "{\"flight_id\":\"f%d\",\"date\":\"2001-02-03T04:05:06\",\"delay\":%d,\"distance\":%d,\"origin\":\"SFO\",\"destination\":\"JFK\"}"
                            .formatted(i, i, 100 + i));
        }
        server = MillraceServer.start(mesh.configuration(Map.of()));
        client = FlightClient.builder(root, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                .build();
        Client http = Client.of(server.httpPort());
        Client.await(
                "all flights",
                () -> http.get("/v1/products/aviation/flights").statusCode() == 200
                        && http.json("/v1/products/aviation/flights")
                                        .get("rows")
                                        .asLong()
                                == 10);
    }

    @AfterAll
    void stop() throws Exception {
        client.close();
        server.close();
        root.close();
    }

    private FlightSql.ActionCreatePreparedStatementResult prepare(String sql) throws Exception {
        var action = new Action(
                "CreatePreparedStatement",
                Any.pack(FlightSql.ActionCreatePreparedStatementRequest.newBuilder()
                                .setQuery(sql)
                                .build())
                        .toByteArray());
        return Any.parseFrom(client.doAction(action).next().getBody())
                .unpack(FlightSql.ActionCreatePreparedStatementResult.class);
    }

    private static Schema schema(ByteString bytes) throws Exception {
        return MessageSerializer.deserializeSchema(
                new ReadChannel(Channels.newChannel(new ByteArrayInputStream(bytes.toByteArray()))));
    }

    private static FlightDescriptor descriptor(Message command) {
        return FlightDescriptor.command(Any.pack(command).toByteArray());
    }

    private static Message query(ByteString handle) {
        return FlightSql.CommandPreparedStatementQuery.newBuilder()
                .setPreparedStatementHandle(handle)
                .build();
    }

    /** Puts one batch, and gives what the server says of it. */
    private byte[] put(Message command, List<FieldVector> vectors, int rows) throws Exception {
        vectors.forEach(vector -> vector.setValueCount(rows));
        try (var batch = new VectorSchemaRoot(vectors);
                var listener = new SyncPutListener()) {
            batch.setRowCount(rows);
            FlightClient.ClientStreamListener stream = client.startPut(descriptor(command), batch, listener);
            stream.putNext();
            stream.completed();
            try (var said = listener.read()) {
                byte[] bytes = new byte[(int) said.getApplicationMetadata().readableBytes()];
                said.getApplicationMetadata().readBytes(bytes);
                return bytes;
            }
        }
    }

    private ByteString bind(ByteString handle, FieldVector... values) throws Exception {
        return FlightSql.DoPutPreparedStatementResult.parseFrom(put(query(handle), List.of(values), 1))
                .getPreparedStatementHandle();
    }

    private List<List<Object>> rows(ByteString handle) throws Exception {
        FlightInfo info = client.getInfo(descriptor(query(handle)));
        var rows = new ArrayList<List<Object>>();
        try (FlightStream stream =
                client.getStream(info.getEndpoints().getFirst().getTicket())) {
            assertEquals(info.getSchema(), stream.getSchema());
            while (stream.next()) {
                for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                    int at = row;
                    rows.add(stream.getRoot().getFieldVectors().stream()
                            .<Object>map(vector -> String.valueOf(vector.getObject(at)))
                            .toList());
                }
            }
        }
        return rows;
    }

    private VarCharVector text(String value) {
        var vector = new VarCharVector("text", root);
        vector.setSafe(0, value.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return vector;
    }

    private BigIntVector number(long value) {
        var vector = new BigIntVector("number", root);
        vector.allocateNew();
        vector.setSafe(0, value);
        return vector;
    }

    @Test
    void statement_withParameters_tellsTheirTypes_andIsAskedWithTheirValues() throws Exception {
        var prepared = prepare(
                "SELECT flight_id, delay FROM aviation.flights WHERE delay >= ? AND origin = ? ORDER BY delay LIMIT 2");
        assertEquals(
                List.of("1: Int(32, true)", "2: Utf8"),
                schema(prepared.getParameterSchema()).getFields().stream()
                        .map(field -> field.getName() + ": " + field.getType())
                        .toList());
        assertEquals(2, schema(prepared.getDatasetSchema()).getFields().size());
        ByteString handle = prepared.getPreparedStatementHandle();
        assertEquals(List.of(List.of("f7", "7"), List.of("f8", "8")), rows(bind(handle, number(7), text("SFO"))));
        assertEquals(List.of(), rows(bind(handle, number(7), text("'; DROP TABLE x; --"))));
        ByteString again = bind(bind(handle, number(1), text("SFO")), number(9), text("SFO"));
        assertEquals(List.of(List.of("f9", "9")), rows(again));
    }

    @Test
    void values_ofEachKind_comeBackAsThemselves() throws Exception {
        var bool = new BitVector("b", root);
        bool.setSafe(0, 1);
        var real = new Float8Vector("r", root);
        real.setSafe(0, 0.1);
        var decimal = new DecimalVector("d", root, 10, 2);
        decimal.setSafe(0, new java.math.BigDecimal("-12.30"));
        var day = new DateDayVector("day", root);
        day.setSafe(0, -1);
        var time = new TimeMicroVector("time", root);
        time.setSafe(0, 3_600_000_001L);
        var moment = new TimeStampMicroTZVector("moment", root, "UTC");
        moment.setSafe(0, -1_000_001L);
        var local = new TimeStampMilliVector("local", root);
        local.setSafe(0, 86_400_001L);
        var bytes = new VarBinaryVector("bytes", root);
        bytes.setSafe(0, new byte[] {0, -1, 39});
        var large = new UInt8Vector("large", root);
        large.setSafe(0, -1L);
        var none = new BigIntVector("none", root);
        none.allocateNew();
        none.setNull(0);
        ByteString handle = prepare("SELECT ?::BOOLEAN, ?::DOUBLE, ?::DECIMAL(10,2), ?::DATE, ?::TIME, ?::TIMESTAMPTZ,"
                        + " ?::TIMESTAMP, hex(?::BLOB), ?::UBIGINT, ?::BIGINT, ?::VARCHAR")
                .getPreparedStatementHandle();
        assertEquals(
                List.of(List.of(
                        "true",
                        "0.1",
                        "-12.30",
                        "-1",
                        "3600000001",
                        "-1000001",
                        "1970-01-02T00:00:00.001",
                        "00FF27",
                        "-1", // Java has no other form for it
                        "null",
                        "größe 'x'")),
                rows(bind(
                        handle, bool, real, decimal, day, time, moment, local, bytes, large, none, text("größe 'x'"))));
    }

    @Test
    void values_thatAreNone_areRefused_byName() throws Exception {
        ByteString handle = prepare("SELECT ?::BIGINT").getPreparedStatementHandle();
        var list = ListVector.empty("list", root);
        list.addOrGetVector(org.apache.arrow.vector.types.pojo.FieldType.nullable(
                new org.apache.arrow.vector.types.pojo.ArrowType.Int(64, true)));
        list.allocateNew();
        list.startNewValue(0);
        list.endValue(0, 0);
        assertFault("nested", () -> bind(handle, list));
        assertFault("2 rows", () -> put(query(handle), List.of(number(1)), 2));
        assertFault("parameter", () -> rows(handle));
        for (String foreign : List.of(
                "SELECT 1", "{}", "{\"sql\":null,\"parameters\":[]}", "{\"sql\":\"SELECT 1\",\"parameters\":1}")) {
            assertFault("handle", () -> rows(ByteString.copyFromUtf8(foreign)));
        }
        for (int characters : List.of(70_000, 300_000)) { // as a handle, and before it is read
            assertFault("the limit is", () -> bind(handle, text("x".repeat(characters))));
        }
    }

    @Test
    void rows_ingested_areWritten_andStatementsThatWriteAreRefused() throws Exception {
        var append = TableDefinitionOptions.newBuilder()
                .setIfExists(TableDefinitionOptions.TableExistsOption.TABLE_EXISTS_OPTION_APPEND);
        var command = FlightSql.CommandStatementIngest.newBuilder()
                .setSchema("aviation")
                .setTable("airports")
                .setTableDefinitionOptions(append)
                .build();
        List<String> names = List.of("iata", "name", "city", "state", "country");
        List<FieldVector> columns = new ArrayList<>();
        for (String name : names) {
            var vector = new VarCharVector(name, root);
            String value = name.equals("state") ? "CA" : "QXI";
            IntStream.range(0, 2)
                    .forEach(row -> vector.setSafe(
                            row,
                            (row == 0 ? value : value.replace('X', 'Y'))
                                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            columns.add(vector);
        }
        for (String name : List.of("latitude", "longitude")) {
            var vector = new Float8Vector(name, root);
            vector.setSafe(0, 1.5);
            vector.setSafe(1, 2.5);
            columns.add(vector);
        }
        assertEquals(
                2,
                FlightSql.DoPutUpdateResult.parseFrom(put(command, columns, 2)).getRecordCount());
        ByteString handle =
                prepare("SELECT iata FROM aviation.airports ORDER BY iata").getPreparedStatementHandle();
        Client.await("what was put", () -> {
            try {
                return rows(handle).equals(List.of(List.of("QXI"), List.of("QYI")));
            } catch (Exception failure) {
                throw new AssertionError(failure);
            }
        });
        assertFault(
                "append",
                () -> put(
                        command.toBuilder()
                                .setTableDefinitionOptions(append.setIfExists(
                                        TableDefinitionOptions.TableExistsOption.TABLE_EXISTS_OPTION_REPLACE))
                                .build(),
                        List.of(text("x")),
                        1));
        assertFault(
                "only read",
                () -> put(
                        FlightSql.CommandStatementUpdate.newBuilder()
                                .setQuery("DELETE FROM aviation.airports")
                                .build(),
                        List.of(text("x")),
                        1));
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void assertFault(String words, Work work) {
        Exception thrown = assertThrows(Exception.class, work::run);
        var fault = assertInstanceOf(
                FlightRuntimeException.class, thrown instanceof ExecutionException ? thrown.getCause() : thrown);
        assertTrue(String.valueOf(fault.getMessage()).contains(words), fault::getMessage);
        assertEquals(FlightStatusCode.INVALID_ARGUMENT, fault.status().code(), fault::getMessage);
    }
}
