package dev.millrace.write;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.codec.BodyForm;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.Writes;
import dev.millrace.ingest.Bombs;
import dev.millrace.layer.Lease;
import dev.millrace.layer.Places;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys of every type: that of a written record is that of its delete, and ingest reads it. */
class WriteCheckTest {
    private final Places bytes = new Places("request.bytes", 4 << 20, 1 << 20, 1);
    private final Lease memory = bytes.lease("client");

    @TempDir
    Path mesh;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "logicalType: string | \"a,b\" | a,b",
                "logicalType: string | \"\\\"c\\\"\" | \"c\"",
                "logicalType: string | \"{\\\"the_key\\\":\\\"c\\\"}\" | {\"the_key\":\"c\"}",
                "logicalType: integer | -7 | -7",
                "logicalType: boolean | true | true",
                "logicalType: date | \"2001-01-31\" | 2001-01-31",
                "logicalType: timestamp | \"2001-01-31T12:00:00.000Z\" | 2001-01-31T12:00:00Z",
                "logicalType: timestamp, physicalType: epoch_millis | 1000 | 1970-01-01T00:00:01Z",
                "logicalType: timestamp, physicalType: epoch_seconds | 1.5 | 1970-01-01T00:00:01.500Z",
                "logicalType: timestamp, physicalType: epoch_seconds | 86400 | 1970-01-02",
                "logicalType: timestamp | \"2001-01-31T00:00:00Z\" | 2001-01-31",
                "logicalType: timestamp | \"2001-01-31T12:00:00.000001Z\" | 2001-01-31T13:00:00.000001+01:00",
                "logicalType: time | \"12:34:56\" | 12:34:56",
                "logicalType: integer, physicalType: uint8 | 200 | 200",
                "logicalType: number, physicalType: 'decimal(12,2)' | -1.50 | -1.5",
                "logicalType: number, physicalType: 'decimal(70,2)' | -1.50 | -1.5",
                "logicalType: string, logicalTypeOptions: {enum: [a, b]} | \"b\" | b",
                "logicalType: string, physicalType: bytes | \"3q2+7w==\" | 3q2+7w=="
            })
    void key_ofARecordAndOfItsDelete_areTheSame(String type, String json, String component) throws IOException {
        for (boolean composite : new boolean[] {false, true}) {
            ProductDefinition product = product(type, composite);
            try (var root = new RootAllocator();
                    var check = new WriteCheck(product, root.newChildAllocator("check", 0, 1 << 20), 10, 8)) {
                String record = "{\"the_key\":" + json + ",\"second\":\"s\"}";
                byte[] written = check.check(
                                new Writes.Records(
                                        BodyForm.JSON, record.getBytes(UTF_8), false, "", memory, Writes.By.ANYBODY),
                                WriteCheck.Guard.NONE)
                        .records()
                        .getFirst()
                        .key();
                var draft = check.delete(
                        new Writes.Deletion(
                                composite ? List.of(component, "s") : List.of(component),
                                "",
                                memory,
                                Writes.By.ANYBODY),
                        List.of());
                assertEquals(1, draft.accepted());
                assertArrayEquals(written, draft.records().getFirst().key(), () -> new String(written, UTF_8));
                try (var writer = new BatchWriter(Layout.of(ArrowSchemas.of(product.object())), root)) {
                    writer.open(8);
                    JsonDecoder decoder = JsonDecoder.of(product, writer, JsonLimits.DEFAULT);
                    assertTrue(decoder.decodeKey(written), () -> decoder.violation() + new String(written, UTF_8));
                    if (type.equals("logicalType: string")) {
                        assertEquals(
                                component, new String(writer.batch().column(0).bytes(0), UTF_8));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '#',
            value = {
                "logicalType: integer, physicalType: uint8 | 256 | cannot hold",
                "logicalType: string, logicalTypeOptions: {enum: [a, b]} | c | cannot hold",
                "logicalType: integer, logicalTypeOptions: {maximum: 5} | 6 | greater",
            })
    void delete_ofAKeyThatNoRowCanHave_isRefused(String type, String component, String reason) throws IOException {
        try (var root = new RootAllocator()) {
            var check = new WriteCheck(product(type, false), root, 10, 8);
            var refused = assertThrows(
                    ProblemException.class,
                    () -> check.delete(
                            new Writes.Deletion(List.of(component), "", memory, Writes.By.ANYBODY), List.of()));
            assertTrue(refused.problem().detail().contains(reason), refused.problem()::detail);
        }
    }

    /** Every row names the one value of a dictionary; limits below, at and above what the records need. */
    @ParameterizedTest
    @CsvSource({"0, true", "1, true", "-1, false"})
    void records_thatExpand_areCountedBeforeTheyAreMade(int spare, boolean taken) throws Exception {
        int rows = 50;
        int valueBytes = 20_000;
        long needed = rows * (2 * valueBytes + "{\"the_key\":\"\",\"second\":\"\"}".length() + 128L);
        Places share = new Places("request.bytes", 4 * (needed + spare), needed + spare, 1);
        try (var root = new RootAllocator();
                var check = new WriteCheck(
                        product("logicalType: string", false), root.newChildAllocator("check", 0, 4 << 20), rows, 8);
                Lease lease = share.lease("client")) {
            byte[] body = Bombs.dictionary(rows, valueBytes, "the_key", "second");
            assertTrue(body.length < 2 * valueBytes);
            var request = new Writes.Records(BodyForm.ARROW, body, false, "", lease, Writes.By.ANYBODY);
            if (taken) {
                assertEquals(
                        rows,
                        check.check(request, WriteCheck.Guard.NONE).records().size());
                assertEquals(needed, share.taken());
            } else {
                var refused = assertThrows(ProblemException.class, () -> check.check(request, WriteCheck.Guard.NONE));
                assertInstanceOf(Problem.TooLarge.class, refused.problem());
                assertTrue(share.taken() < needed);
            }
        }
        assertEquals(0, share.taken());
    }

    /** Another request of the client has half of its share: what fits alone may come again, what never fits is told so. */
    @ParameterizedTest
    @CsvSource({"40, false", "80, true"})
    void records_whileAnotherRequestHasMemory_areRefusedByWhatTheyNeedAlone(int rows, boolean tooLarge)
            throws Exception {
        int valueBytes = 10_000;
        Places share = new Places("request.bytes", 4_000_000, 1_000_000, 1);
        try (var root = new RootAllocator();
                var check = new WriteCheck(
                        product("logicalType: string", false), root.newChildAllocator("check", 0, 4 << 20), 100, 8);
                Lease other = share.lease("client");
                Lease lease = share.lease("client")) {
            other.take(500_000);
            byte[] body = Bombs.dictionary(rows, valueBytes, "the_key", "second");
            var request = new Writes.Records(BodyForm.ARROW, body, false, "", lease, Writes.By.ANYBODY);
            var refused = assertThrows(ProblemException.class, () -> check.check(request, WriteCheck.Guard.NONE));
            Class<? extends Problem> expected = tooLarge ? Problem.TooLarge.class : Problem.ShareTaken.class;
            assertEquals(expected, refused.problem().getClass());
        }
        assertEquals(0, share.taken());
    }

    private ProductDefinition product(String type, boolean composite) throws IOException {
        Path folder = Files.createDirectories(mesh.resolve("domains/d"));
        Files.writeString(folder.resolve("p.odcs.yaml"), """
                apiVersion: v3.1.0
                kind: DataContract
                id: p
                name: p
                version: 1.0.0
                status: active
                customProperties:
                  - property: millrace.mode
                    value: upsert
                schema:
                  - name: p
                    logicalType: object
                    properties:
                      - {name: key, physicalName: the_key, %s, required: true, primaryKey: true, primaryKeyPosition: 1}
                      - {name: second, logicalType: string, required: true%s}
                """.formatted(
                        type, composite ? ", primaryKey: true, primaryKeyPosition: 2" : ""));
        return MeshReader.read(mesh).product("d", "p").orElseThrow();
    }
}
