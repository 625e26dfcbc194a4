package dev.millrace.query;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.ByteSink;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.arrow.Storage;
import dev.millrace.store.StoreSchema;
import dev.millrace.text.JsonEncoder;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fields of structs within structs, each chosen alone, in any order. */
class NestedSelectTest {
    private static final StoreSchema SCHEMA = new StoreSchema(
            new Schema(List.of(
                    number("id"), struct("s", number("a"), struct("t", number("b"), number("c")), number("d")))),
            List.of(),
            false);

    private static Field number(String name) {
        return new Field(name, FieldType.nullable(new ArrowType.Int(32, true)), List.of());
    }

    private static Field struct(String name, Field... fields) {
        return new Field(name, FieldType.nullable(ArrowType.Struct.INSTANCE), List.of(fields));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "s.d | {'s':{'d':4}} {'s':{'d':4}} {'s':null}",
                "s.t.c,id | {'s':{'t':{'c':3}},'id':1} {'s':{'t':null},'id':1} {'s':null,'id':1}",
                "s.t.c,id,s.a,s.t.b | {'s':{'t':{'c':3,'b':2},'a':0},'id':1} {'s':{'t':null,'a':0},'id':1}"
                        + " {'s':null,'id':1}",
                "s.t | {'s':{'t':{'b':2,'c':3}}} {'s':{'t':null}} {'s':null}",
            })
    void select_ofFields_isJustThem_whereverTheRowsLie(String select, String expected) {
        RowsQuery query = query(select);
        assertNotEquals(query("s").fingerprint(), query.fingerprint());
        // Subscribers of other fields of a struct are another group.
        assertNotEquals(query("s").canonical(), query.canonical());
        try (var root = new RootAllocator();
                var writer = new BatchWriter(SCHEMA.layout(), root);
                var target = new ByteSink.ArrowTarget(root, 1024)) {
            writer.open(8);
            for (int row = 0; row < 3; row++) {
                writer.column(0).putInt32(1);
                struct(writer.column(1), row);
                for (int hidden = 2; hidden < SCHEMA.layout().top().size(); hidden++) {
                    ColumnWriter column = writer.column(hidden);
                    if (column.layout().storage() == Storage.BIT) {
                        column.putBit(false);
                    } else {
                        column.putFixed(0);
                    }
                }
                writer.endRow();
            }
            ByteSink sink = new ByteSink(target);
            JsonEncoder encoder = JsonEncoder.of(query.select(), false);
            for (int row = 0; row < 3; row++) {
                encoder.row(writer.batch(), row, sink);
                sink.put(row == 2 ? "" : " ");
            }
            assertEquals(expected.replace('\'', '"'), new String(sink.toBytes(), UTF_8));
            try (var gathered = writer.batch().gather(query.select(), new int[] {0, 2}, 2, root);
                    var sliced = writer.batch().slice(query.select(), 1, 3, root)) {
                int nodes = query.select().stream()
                        .mapToInt(NestedSelectTest::nodes)
                        .sum();
                assertEquals(nodes, gathered.getNodes().size());
                assertEquals(nodes, sliced.getNodes().size());
            }
        }
    }

    private static RowsQuery query(String select) {
        return new QueryParser("p", new Shape(SCHEMA), 0, QueryParser.Limits.USUAL, new CursorCodec(new byte[16]))
                .parse(List.of(Map.entry("select", select)));
    }

    private static int nodes(ColumnLayout column) {
        return 1 + column.children().stream().mapToInt(NestedSelectTest::nodes).sum();
    }

    /** Row 0 has all, row 1 no inner struct, row 2 none. */
    private static void struct(ColumnWriter outer, int row) {
        if (row == 2) {
            outer.putNull();
            return;
        }
        outer.child(0).putInt32(0);
        if (row == 1) {
            outer.child(1).putNull();
        } else {
            outer.child(1).child(0).putInt32(2);
            outer.child(1).child(1).putInt32(3);
            outer.child(1).endStruct();
        }
        outer.child(2).putInt32(4);
        outer.endStruct();
    }
}
