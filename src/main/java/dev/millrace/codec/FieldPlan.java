package dev.millrace.codec;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.millrace.arrow.ColumnWriter;
import dev.millrace.contract.FieldType;
import dev.millrace.contract.Property;
import dev.millrace.contract.Rules;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One field of a contract, compiled: what its name looks like in a record, which column it goes to and the rules as
 * plain numbers that cost a compare. Belongs to one decoder; final and without virtual calls, so that the decoder's one
 * switch over {@link Kind} is all the dispatch there is.
 */
final class FieldPlan {
    /** What a value looks like in JSON and in its column. */
    enum Kind {
        BOOL,
        INT,
        UNSIGNED64,
        FLOAT32,
        FLOAT64,
        DECIMAL,
        TEXT,
        ONE_OF,
        UUID,
        BINARY,
        DATE,
        TIME,
        TIMESTAMP,
        EPOCH,
        STRUCT,
        LIST,
        MAP
    }

    final String name;
    private final List<String> aliases;
    final Kind kind;
    final ColumnWriter out;
    final boolean required;
    final int width;
    /** The name in quotes and a colon. */
    final byte[] token;

    private final int tokenLength;
    private final long tokenFirst;
    private final long tokenLast;
    private final long tokenMask;

    final Bounds bounds;
    /** Copies of {@link #bounds}, one step nearer. */
    final long min;

    final long max;
    final double floatMin;
    final double floatMax;
    /** Whether a number or time has rules beyond {@link #min} and {@link #max}. */
    final boolean furtherRules;
    /** Whether a decimal has any rule beside its type. */
    final boolean ruled;

    final int minLength;
    final int maxLength;
    final int minItems;
    final int maxItems;
    final boolean uniqueItems;
    final int precision;
    final int scale;
    final long perSecond;
    final boolean zoned;
    /** How texts of timestamps are read. */
    final JsonScalars.Moments moments;
    /** Digits between the number in the record and the column's unit. */
    final int epochScale;

    final @Nullable TextPattern pattern;
    /** The only texts; of {@link Kind#ONE_OF} in the order of the column's dictionary. */
    final @Nullable NameTable values;
    /** Whether a text has rules beside {@link #values}. */
    final boolean textRules;

    final @Nullable NamedFormat format;
    final @Nullable Fallback fallback;
    /** The fields of an object; of a map its key and its value. */
    final @Nullable ObjectPlan object;

    final @Nullable FieldPlan item;

    FieldPlan(Property property, ColumnWriter out) {
        this.name = property.physicalName();
        this.aliases = property.aliases();
        this.out = out;
        this.required = property.required();
        this.kind = kind(property.fieldType());
        this.width = out.layout().width();

        // As most writers escape it: what is written otherwise is found by its name.
        byte[] utf8 = ("\"" + new String(JsonStringEncoder.getInstance().quoteAsString(name)) + "\":").getBytes(UTF_8);
        byte[] padded = Arrays.copyOf(utf8, Math.max(8, utf8.length));
        this.token = utf8;
        this.tokenLength = utf8.length;
        this.tokenFirst = Words.at(padded, 0);
        this.tokenMask = utf8.length >= 8 ? -1L : (1L << (utf8.length << 3)) - 1;
        this.tokenLast = Words.at(padded, padded.length - 8);

        Rules rules = property.rules();
        FieldType type = property.fieldType();
        this.minLength = rules.minLength();
        this.maxLength = rules.maxLength();
        this.minItems = rules.minItems();
        this.maxItems = rules.maxItems();
        this.uniqueItems = rules.uniqueItems();
        this.precision = type instanceof FieldType.Decimal decimal ? decimal.precision() : 0;
        this.scale = type instanceof FieldType.Decimal decimal ? decimal.scale() : 0;
        this.perSecond = switch (type) {
            case FieldType.Timestamp timestamp -> timestamp.unit().perSecond();
            case FieldType.Time time -> time.unit().perSecond();
            default -> 1;
        };
        this.zoned = type instanceof FieldType.Timestamp timestamp && timestamp.zoned();
        this.moments = type instanceof FieldType.Timestamp timestamp
                ? new JsonScalars.Moments(
                        timestamp.zoned(),
                        timestamp.zone().getRules(),
                        JsonScalars.ofDays(property.rules().format()))
                : JsonScalars.Moments.LOCAL;
        this.epochScale = epochScale(type);
        this.bounds = new Bounds(type, rules);
        this.min = bounds.min;
        this.max = bounds.max;
        this.floatMin = bounds.floatMin;
        this.floatMax = bounds.floatMax;
        this.furtherRules = bounds.further();
        this.ruled = furtherRules || bounds.least != null || bounds.greatest != null;
        this.pattern = rules.pattern().map(TextPattern::new).orElse(null);
        List<String> allowed = type instanceof FieldType.OneOf(var values) ? values : rules.values();
        boolean text = out.layout().isText();
        this.values = text && !allowed.isEmpty()
                ? new NameTable(allowed.stream()
                        .map(value -> kind == Kind.BINARY ? Base64.getDecoder().decode(value) : value.getBytes(UTF_8))
                        .toList())
                : null;
        this.format = kind == Kind.TEXT || kind == Kind.ONE_OF
                ? NamedFormat.of(rules.format()).orElse(null)
                : null;
        this.fallback = rules.fallback().map(value -> Fallback.of(kind, value)).orElse(null);
        this.textRules = pattern != null || format != null || minLength > 0 || maxLength < Integer.MAX_VALUE;
        this.object = switch (kind) {
            case STRUCT -> new ObjectPlan(property.properties(), out::child);
            case MAP -> new ObjectPlan(property.properties(), out.child(0)::child);
            default -> null;
        };
        this.item = kind == Kind.LIST
                ? new FieldPlan(
                        property.items().orElseThrow(() -> new IllegalArgumentException("an array without items")),
                        out.child(0))
                : null;
    }

    /** Whether the field's name, in quotes and with its colon, stands at {@code at}; sixteen bytes can be read there. */
    boolean standsAt(byte[] b, int at, int end) {
        if (tokenLength <= 8) {
            return ((Words.at(b, at) ^ tokenFirst) & tokenMask) == 0;
        }
        if (Words.at(b, at) != tokenFirst) {
            return false;
        }
        if (tokenLength <= 16) {
            return Words.at(b, at + tokenLength - 8) == tokenLast;
        }
        return at + tokenLength <= end && Arrays.equals(b, at + 8, at + tokenLength, token, 8, tokenLength);
    }

    int tokenLength() {
        return tokenLength;
    }

    /** Whether a field of that name is this one. */
    boolean isNamed(String other) {
        return name.equals(other) || aliases.contains(other);
    }

    boolean isNumber() {
        return switch (kind) {
            case INT, UNSIGNED64, FLOAT32, FLOAT64, DECIMAL -> true;
            case BOOL, TEXT, ONE_OF, UUID, BINARY, DATE, TIME, TIMESTAMP, EPOCH, STRUCT, LIST, MAP -> false;
        };
    }

    private static Kind kind(FieldType type) {
        return switch (type) {
            case FieldType.Bool ignored -> Kind.BOOL;
            case FieldType.Int integer -> Bounds.isUnsigned64(integer) ? Kind.UNSIGNED64 : Kind.INT;
            case FieldType.Floating floating -> floating.bits() == 32 ? Kind.FLOAT32 : Kind.FLOAT64;
            case FieldType.Decimal ignored -> Kind.DECIMAL;
            case FieldType.Text ignored -> Kind.TEXT;
            case FieldType.OneOf ignored -> Kind.ONE_OF;
            case FieldType.Binary ignored -> Kind.BINARY;
            case FieldType.Date date -> date.encoding() == FieldType.Encoding.ISO ? Kind.DATE : Kind.EPOCH;
            case FieldType.Timestamp timestamp ->
                timestamp.encoding() == FieldType.Encoding.ISO ? Kind.TIMESTAMP : Kind.EPOCH;
            case FieldType.Time ignored -> Kind.TIME;
            case FieldType.Uuid ignored -> Kind.UUID;
            case FieldType.Struct ignored -> Kind.STRUCT;
            case FieldType.ListOf _, FieldType.VectorOf _ -> Kind.LIST;
            case FieldType.MapOf _ -> Kind.MAP;
        };
    }

    private static int epochScale(FieldType type) {
        return type instanceof FieldType.Timestamp timestamp && timestamp.encoding() != FieldType.Encoding.ISO
                ? Integer.toString(timestamp.unit().perSecond()).length()
                        - 1
                        - timestamp.encoding().digits()
                : 0;
    }

    /** The children of an object by name. */
    static final class ObjectPlan {
        final FieldPlan[] fields;
        private final NameTable names;
        /** Which fields beyond the first 64 the object at hand has had. */
        final long[] seen;

        ObjectPlan(List<Property> properties, IntFunction<ColumnWriter> columns) {
            this(IntStream.range(0, properties.size())
                    .mapToObj(i -> new FieldPlan(properties.get(i), columns.apply(i)))
                    .toList());
        }

        /** Those fields. */
        ObjectPlan(List<FieldPlan> fields) {
            this.fields = fields.toArray(FieldPlan[]::new);
            this.names = NameTable.of(fields.stream()
                    .map(field -> Stream.concat(Stream.of(field.name), field.aliases.stream())
                            .toList())
                    .toList());
            this.seen = new long[fields.size() >>> 6];
        }

        /** The number of the field of that name, or -1; as {@link NameTable#find}. */
        int find(byte[] bytes, int from, int length) {
            return names.find(bytes, from, length);
        }

        /** The fields of the columns of those names, in their order. */
        ObjectPlan only(List<Property> columns, List<String> columnNames) {
            List<String> all = columns.stream().map(Property::name).toList();
            return new ObjectPlan(
                    columnNames.stream().map(name -> fields[all.indexOf(name)]).toList());
        }

        /** Gives null to every column that has no value yet in the row after {@code rows} others. */
        void nullTheRest(int rows) {
            for (FieldPlan field : fields) {
                if (field.out.count() == rows) {
                    field.out.putNull();
                }
            }
        }
    }
}
