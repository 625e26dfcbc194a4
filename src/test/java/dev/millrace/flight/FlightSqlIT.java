package dev.millrace.flight;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import java.io.ByteArrayInputStream;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What clients of Flight SQL ask of the mesh, with what broke such clients at other servers. */
class FlightSqlIT {
    private final ServedPort served = new ServedPort();

    @AfterEach
    void stop_everythingIsGivenBack() throws Exception {
        served.close();
    }

    /** adbc's "inconsistent schema": arrow-adbc issue 3134. */
    @Test
    void everyCommand_flightAndStreamAndGetSchema_haveOneSchema() throws Exception {
        for (Message command : List.of(
                FlightSql.CommandGetCatalogs.getDefaultInstance(),
                FlightSql.CommandGetDbSchemas.getDefaultInstance(),
                FlightSql.CommandGetTables.getDefaultInstance(),
                FlightSql.CommandGetTables.newBuilder().setIncludeSchema(true).build(),
                FlightSql.CommandGetTableTypes.getDefaultInstance(),
                FlightSql.CommandGetPrimaryKeys.newBuilder().setTable("flights").build(),
                FlightSql.CommandGetImportedKeys.newBuilder()
                        .setTable("flights")
                        .build(),
                FlightSql.CommandGetExportedKeys.newBuilder()
                        .setTable("flights")
                        .build(),
                FlightSql.CommandGetCrossReference.getDefaultInstance(),
                FlightSql.CommandGetXdbcTypeInfo.getDefaultInstance(),
                FlightSql.CommandGetSqlInfo.getDefaultInstance())) {
            FlightInfo info = served.client.getInfo(descriptor(command));
            assertEquals(
                    info.getSchema(),
                    served.client.getSchema(descriptor(command)).getSchema());
            assertTrue(info.getEndpoints().getFirst().getLocations().isEmpty());
            try (FlightStream stream =
                    served.client.getStream(info.getEndpoints().getFirst().getTicket())) {
                assertEquals(info.getSchema(), stream.getSchema());
                while (stream.next()) {
                    assertNotNull(stream.getRoot());
                }
            }
        }
    }

    /** DBeaver shows no catalogs: arrow-rs issue 5540; names that may be null: arrow-rs issue 7637. */
    @Test
    void catalogsDomainsTables_areTheMesh() throws Exception {
        assertEquals("[[mesh]]", rows(FlightSql.CommandGetCatalogs.getDefaultInstance()));
        assertEquals(
                "[[mesh, aviation], [mesh, seismology]]", rows(FlightSql.CommandGetDbSchemas.getDefaultInstance()));
        assertEquals("[[TABLE]]", rows(FlightSql.CommandGetTableTypes.getDefaultInstance()));
        assertEquals(
                "[[mesh, aviation, airports, TABLE], [mesh, aviation, flights, TABLE],"
                        + " [mesh, seismology, airports, TABLE], [mesh, seismology, earthquakes, TABLE]]",
                rows(FlightSql.CommandGetTables.getDefaultInstance()));
        Schema tables = served.client
                .getSchema(descriptor(FlightSql.CommandGetTables.getDefaultInstance()))
                .getSchema();
        assertTrue(tables.findField("catalog_name").isNullable());
        assertTrue(tables.findField("db_schema_name").isNullable());
        assertFalse(tables.findField("table_name").isNullable());
    }

    @Test
    void tables_narrowedByPatterns_areThose() throws Exception {
        assertEquals(
                "[[mesh, seismology, earthquakes, TABLE]]",
                rows(FlightSql.CommandGetTables.newBuilder()
                        .setCatalog("mesh")
                        .setDbSchemaFilterPattern("s%y")
                        .setTableNameFilterPattern("e_rth%")
                        .addTableTypes("TABLE")
                        .build()));
        for (var none : List.of(
                FlightSql.CommandGetTables.newBuilder().setCatalog("").build(),
                FlightSql.CommandGetTables.newBuilder().addTableTypes("VIEW").build(),
                FlightSql.CommandGetTables.newBuilder()
                        .setTableNameFilterPattern("flight")
                        .build(),
                FlightSql.CommandGetTables.newBuilder()
                        .setTableNameFilterPattern("f\\%")
                        .build(),
                FlightSql.CommandGetTables.newBuilder()
                        .setTableNameFilterPattern("%".repeat(5_000) + "!")
                        .build())) {
            assertEquals("[]", rows(none));
        }
    }

    /** A malformed schema: xtdb issue 5551. */
    @Test
    void tables_withSchemas_areEncapsulatedSchemasWithoutDictionaries() throws Exception {
        FlightInfo info = served.client.getInfo(descriptor(FlightSql.CommandGetTables.newBuilder()
                .setIncludeSchema(true)
                .setTableNameFilterPattern("flights")
                .build()));
        try (FlightStream stream =
                served.client.getStream(info.getEndpoints().getFirst().getTicket())) {
            assertTrue(stream.next());
            byte[] bytes = (byte[]) stream.getRoot().getVector("table_schema").getObject(0);
            Schema schema = MessageSerializer.deserializeSchema(
                    new ReadChannel(Channels.newChannel(new ByteArrayInputStream(bytes))));
            assertEquals(
                    FakeStore.SCHEMA.layout().top().getFirst().field().getName(),
                    schema.getFields().getFirst().getName());
            for (var field : schema.getFields()) {
                assertEquals(null, field.getDictionary());
                assertEquals("flights", field.getMetadata().get("ARROW:FLIGHT:SQL:TABLE_NAME"));
                assertFalse(String.valueOf(field.getMetadata().get("ARROW:FLIGHT:SQL:TYPE_NAME"))
                        .isEmpty());
            }
        }
    }

    /** A code without a value ends DBeaver: arrow-java issue 159. */
    @Test
    void sqlInfo_everyCode_hasAValue() throws Exception {
        var said = new java.util.TreeMap<Integer, Object>();
        FlightInfo info = served.client.getInfo(descriptor(FlightSql.CommandGetSqlInfo.getDefaultInstance()));
        try (FlightStream stream =
                served.client.getStream(info.getEndpoints().getFirst().getTicket())) {
            while (stream.next()) {
                for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                    said.put(
                            ((Number) stream.getRoot().getVector("info_name").getObject(row)).intValue(),
                            stream.getRoot().getVector("value").getObject(row));
                }
            }
        }
        for (FlightSql.SqlInfo code : FlightSql.SqlInfo.values()) {
            if (code != FlightSql.SqlInfo.UNRECOGNIZED) {
                assertNotNull(said.get(code.getNumber()), code::name);
            }
        }
        assertEquals("Millrace", String.valueOf(said.get(0)));
        assertEquals(true, said.get(3));
        assertEquals(0, said.get(8));
        assertEquals(
                "[[0, Millrace]]",
                rows(FlightSql.CommandGetSqlInfo.newBuilder().addInfo(0).build()));
    }

    @Test
    void xdbcTypes_ofOneNumber_areThose() throws Exception {
        assertTrue(rows(FlightSql.CommandGetXdbcTypeInfo.newBuilder()
                        .setDataType(-5)
                        .build())
                .startsWith("[[BIGINT, -5, 19,"));
        assertTrue(rows(FlightSql.CommandGetXdbcTypeInfo.getDefaultInstance()).contains("VARCHAR"));
    }

    @Test
    void command_unknownOrUnreadable_isRefusedByName() {
        ServedPort.assertFault(
                FlightStatusCode.UNIMPLEMENTED,
                "CommandStatementSubstraitPlan",
                () -> served.client.getInfo(descriptor(FlightSql.CommandStatementSubstraitPlan.getDefaultInstance())));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "Flight SQL",
                () -> served.client.getInfo(FlightDescriptor.command("SELECT 1".getBytes(UTF_8))));
        ServedPort.assertFault(
                FlightStatusCode.INVALID_ARGUMENT,
                "command",
                () -> served.client.getInfo(FlightDescriptor.command(Any.newBuilder()
                        .setTypeUrl("type.googleapis.com/arrow.flight.protocol.sql.CommandGetTables")
                        .setValue(com.google.protobuf.ByteString.copyFromUtf8("\377\377"))
                        .build()
                        .toByteArray())));
    }

    private static FlightDescriptor descriptor(Message command) {
        return FlightDescriptor.command(Any.pack(command).toByteArray());
    }

    private String rows(Message command) throws Exception {
        var rows = new ArrayList<List<String>>();
        FlightInfo info = served.client.getInfo(descriptor(command));
        try (FlightStream stream =
                served.client.getStream(info.getEndpoints().getFirst().getTicket())) {
            while (stream.next()) {
                for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                    int at = row;
                    rows.add(stream.getRoot().getFieldVectors().stream()
                            .map(vector -> String.valueOf(vector.getObject(at)))
                            .toList());
                }
            }
        }
        return rows.toString();
    }
}
