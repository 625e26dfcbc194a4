package dev.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.Kind;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.FieldType.Encoding;
import dev.millrace.contract.FieldType.Unit;
import dev.millrace.contract.Property;
import dev.millrace.contract.TypeForms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/types.md} and the table of types together; {@code -Dmillrace.docs=write} writes the page. */
class TypesDocsTest {
    private static final Path PAGE = Path.of("docs/types.md");

    @Test
    void page_ofTheTable_isTheCommittedOne() throws IOException {
        if (System.getProperty("millrace.docs", "").equals("write")) {
            Files.writeString(PAGE, page());
        }
        assertEquals(
                page(), Files.readString(PAGE), "Rewrite it: ./mvnw test -Dtest=TypesDocsTest -Dmillrace.docs=write");
    }

    @Test
    void sql_ofTheTableOfKinds_isThePages() {
        for (Property column : columns()) {
            Kind kind = Kind.of(column.fieldType());
            boolean plain = kind.isScalar()
                    && !(kind instanceof Kind.Decimal)
                    && !(column.fieldType() instanceof FieldType.OneOf);
            if (plain) {
                assertEquals(TypeForms.of(column.fieldType()).sql(), kind.sql());
            }
            assertEquals(kind, Kind.of(kind.arrow()), "Arrow's type is the kind's and no other's");
        }
    }

    private static List<Property> columns() {
        return List.of(
                of(new FieldType.Bool()),
                of(new FieldType.Int(8, true)),
                of(new FieldType.Int(16, true)),
                of(new FieldType.Int(32, true)),
                of(new FieldType.Int(64, true)),
                of(new FieldType.Int(8, false)),
                of(new FieldType.Int(16, false)),
                of(new FieldType.Int(32, false)),
                of(new FieldType.Int(64, false)),
                of(new FieldType.Floating(32)),
                of(new FieldType.Floating(64)),
                of(new FieldType.Decimal(38, 2)),
                of(new FieldType.Decimal(76, 2)),
                of(new FieldType.Text()),
                of(new FieldType.OneOf(List.of("a", "b"))),
                of(new FieldType.Uuid()),
                of(new FieldType.Binary()),
                of(new FieldType.Date()),
                of(new FieldType.Date(Encoding.EPOCH_DAYS)),
                of(new FieldType.Time(Unit.MICROS)),
                of(new FieldType.Timestamp(Unit.MICROS, true, Encoding.ISO)),
                of(new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_MILLIS)),
                of(new FieldType.Timestamp(Unit.MILLIS, true, Encoding.EPOCH_SECONDS)),
                of(new FieldType.Timestamp(Unit.MICROS, true, Encoding.EPOCH_MICROS)),
                of(new FieldType.Timestamp(Unit.NANOS, true, Encoding.EPOCH_NANOS)),
                of(new FieldType.Timestamp(Unit.MICROS, false, Encoding.ISO)),
                Records.struct("x", true, of(new FieldType.Text())),
                Records.list("x", of(new FieldType.Text())),
                Records.map("x", true, of(new FieldType.Text()), of(new FieldType.Text())),
                Records.vector("x", 3, 32));
    }

    private static Property of(FieldType type) {
        return Records.required("item", type);
    }

    private static String page() {
        StringBuilder page = new StringBuilder("""
                # Types

                What a property of a contract is in a record, in memory, in Arrow files and over Flight, and in SQL. This
                table is made from `dev.millrace.contract.TypeForms` and the schemas that the server makes, and a test
                holds them together. A column of the table says what is taken; anything else is a fault that names the
                property. A type that stands without a note is what the `logicalType` alone gives.

                | contract | JSON | Arrow | Avro | Protobuf | SQL |
                |---|---|---|---|---|---|
                """);
        for (Property column : columns()) {
            TypeForms forms = TypeForms.of(column.fieldType());
            page.append("| %s | %s | `%s` | %s | %s | %s |\n"
                    .formatted(
                            forms.contract(),
                            forms.json(),
                            arrow(ArrowSchemas.of(List.of(column)).getFields().getFirst()),
                            forms.avro(),
                            forms.protobuf(),
                            forms.sql()));
        }
        return page.append("""

                - Times and timestamps count milliseconds, microseconds or nanoseconds; microseconds where the contract
                  does not say. A zoned timestamp is kept as UTC. Years from 0000 to 9999 are taken.
                - A **timestamp**'s text is ISO 8601, with `T` or a space, a point or a comma, and `Z`, an offset, or the name of
                  a zone (`Europe/Berlin`, `[Europe/Berlin]`; an offset before it counts). A text without any of these is of
                  the option `defaultTimezone`, of UTC where there is none; in an hour that a clock has twice, it is the
                  first. The option `format` may say any of these forms, and none is refused for it; with
                  `yyyy-MM-dd` a date alone is its midnight. Any other format is an error.
                - An **enum** is a `string` property with a list of values (`enum`, or `enum` among the options). Its
                  column holds numbers; the texts are a dictionary in the order of the contract, which Arrow files and
                  Flight carry, and which also stands in the field's metadata as `enum`. In JSON and in filters it is
                  text. New values go behind those that are there: a product's data is then read on as it is. Any other
                  change of the list, like a change of a type, needs the data to be read again from the topic, and the
                  server says so when it starts.
                - A **map**'s keys are strings (also `uuid` or with an enum) or integers, which are names in JSON: a whole
                  number without leading zeros there. A key that stands twice is a fault. A null value is taken unless the
                  value is `required`.
                - A **vector** has exactly its `dimensions` numbers (1 to 65536), none of them null.
                - Maps, vectors, arrays and objects can be filtered for null only, binary columns also for equality (`eq`, `ne`,
                  `in`).

                ## Values as texts

                A value has one text, wherever a request gives it: as a component of a key in `rows/{key}`, `rows:lookup` or a `DELETE`,
                and in a filter. What an answer writes of a value is such a text. `dev.millrace.arrow.Kind` is the one table of it.

                | type | text |
                |---|---|
                | boolean | `true`, `false` |
                | integer | `60`, `-7`, `+5`; a number that the column cannot hold equals no row |
                | number | `12.5`, `.5`, `1e3`; a decimal with more digits than its scale lies between two values |
                | string, enum, UUID | the text as it is, in UTF-8 |
                | binary | base64 |
                | date | `2026-01-31` |
                | time | `13:45`, `13:45:00.123` |
                | timestamp | `2026-01-31T13:45:00Z`, with any offset, with up to nine digits of fraction; or a date, for its midnight in UTC. A column without zone takes the same without an offset |

                Keys and the operators `eq`, `ne` and `in` want a text that the column's unit can say: `…00.000999Z` of a column of
                milliseconds is refused, and the answer names the unit. `gt`, `gte`, `lt` and `lte` take it and compare exactly.

                ## Fields that the contract does not know

                The custom property `millrace.unknownFields` of the schema object, or of the contract, says what becomes of
                them: `ignore` (without it), `reject` (the record is a dead letter) or `keep`. With `keep` they go into a
                column of their own, the last one, a map from the field's name to its value as JSON text. Its name is
                `unknown_fields`, or what `millrace.unknownFieldsColumn` says; a property of that name is a fault. A record
                without unknown fields has an empty map. Only fields of the record itself are kept; what a nested object
                does not know is skipped. A name that stands twice is a fault with each policy.
                """).toString();
    }

    private static String arrow(Field field) {
        String children = field.getChildren().isEmpty()
                ? ""
                : "<"
                        + String.join(
                                ", ",
                                field.getChildren().stream()
                                        .map(TypesDocsTest::arrow)
                                        .toList()) + ">";
        String type = field.getType() + children;
        return field.getDictionary() == null
                ? type
                : "Dictionary<" + field.getDictionary().getIndexType() + ", " + type + ">";
    }
}
