package dev.millrace.codec;

import dev.millrace.codec.ScalarType.Shape;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Date;
import org.apache.arrow.flatbuf.DateUnit;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.DictionaryEncoding;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeBinary;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Time;
import org.apache.arrow.flatbuf.Timestamp;
import org.apache.arrow.flatbuf.Type;
import org.jspecify.annotations.Nullable;

/**
 * A field of an Arrow schema as it stands in a record: what its values are and how they lie.
 *
 * @param width bytes of a value, of an offset, or how many values a vector has
 * @param signed whether a dictionary's indexes are
 * @param dictionary the dictionary's id; -1 for none
 * @param values what a dictionary holds
 */
record ArrowField(
        String name,
        Lay lay,
        int width,
        ScalarType scalar,
        boolean signed,
        long dictionary,
        @Nullable ArrowField values,
        List<ArrowField> children) {
    private static final int MAX_DEPTH = 32;
    private static final int MAX_NAME = 1024;

    /** Which buffers a column has. */
    enum Lay {
        NONE(0),
        BITS(2),
        FIXED(2),
        BYTES(3),
        LIST(2),
        VECTOR(1),
        STRUCT(1);

        final int buffers;

        Lay(int buffers) {
            this.buffers = buffers;
        }
    }

    /** Whether values lie in the same way and mean the same, whatever they are called. */
    boolean isLike(ArrowField other) {
        boolean like = lay == other.lay
                && width == other.width
                && scalar.equals(other.scalar)
                && signed == other.signed
                && dictionary == other.dictionary
                && children.size() == other.children.size()
                && (values == null || other.values == null ? values == other.values : values.isLike(other.values));
        for (int i = 0; like && i < children.size(); i++) {
            like = children.get(i).isLike(other.children.get(i));
        }
        return like;
    }

    /** Counts fields, so that a hostile schema, which may refer to one of its parts again and again, stays bounded. */
    static final class Budget {
        private int left = 4096;

        void take(int depth) {
            if (--left < 0 || depth > MAX_DEPTH) {
                throw new Malformed("The schema has too many fields, or they are nested too deep.");
            }
        }
    }

    static ArrowField of(@Nullable Field field, int depth, Budget budget) {
        budget.take(depth);
        if (field == null) {
            throw new Malformed("The schema lacks a field.");
        }
        var utf8 = field.nameAsByteBuffer();
        if (utf8 != null && utf8.remaining() > MAX_NAME) {
            throw new Malformed("A field's name is longer than " + MAX_NAME + " bytes.");
        }
        String name = utf8 == null ? "" : StandardCharsets.UTF_8.decode(utf8).toString();
        List<ArrowField> children = new ArrayList<>();
        for (int i = 0; i < field.childrenLength(); i++) {
            children.add(of(field.children(i), depth + 1, budget));
        }
        ArrowField plain = plain(field, name, children);
        DictionaryEncoding dictionary = field.dictionary();
        if (dictionary == null) {
            return plain;
        }
        Int index = dictionary.indexType();
        int bits = index == null ? 32 : index.bitWidth();
        boolean signed = index == null || index.isSigned();
        return new ArrowField(
                name, Lay.FIXED, bytes(bits), ScalarType.of(Shape.SIGNED), signed, dictionary.id(), plain, List.of());
    }

    private static ArrowField plain(Field field, String name, List<ArrowField> children) {
        return switch (field.typeType()) {
            case Type.Null -> of(name, Lay.NONE, 0, ScalarType.TEXT);
            case Type.Bool -> of(name, Lay.BITS, 0, ScalarType.of(Shape.BOOL));
            case Type.Int -> {
                Int type = (Int) known(field.type(new Int()));
                yield of(
                        name,
                        Lay.FIXED,
                        bytes(type.bitWidth()),
                        ScalarType.of(type.isSigned() ? Shape.SIGNED : Shape.UNSIGNED));
            }
            case Type.FloatingPoint -> {
                int precision = ((FloatingPoint) known(field.type(new FloatingPoint()))).precision();
                int bits = precision == Precision.DOUBLE ? 64 : precision == Precision.SINGLE ? 32 : 16;
                yield of(name, Lay.FIXED, bits / 8, new ScalarType(Shape.FLOATING, bits));
            }
            case Type.Decimal -> {
                Decimal type = (Decimal) known(field.type(new Decimal()));
                yield of(
                        name,
                        Lay.FIXED,
                        bytes(type.bitWidth()),
                        new ScalarType(Shape.DECIMAL, Math.max(0, type.scale())));
            }
            case Type.Date -> {
                boolean days = ((Date) known(field.type(new Date()))).unit() == DateUnit.DAY;
                yield of(
                        name,
                        Lay.FIXED,
                        days ? 4 : 8,
                        days ? ScalarType.of(Shape.DATE) : new ScalarType(Shape.LOCAL, 1_000));
            }
            case Type.Time -> {
                Time type = (Time) known(field.type(new Time()));
                yield of(name, Lay.FIXED, bytes(type.bitWidth()), new ScalarType(Shape.TIME, perSecond(type.unit())));
            }
            case Type.Timestamp -> {
                Timestamp type = (Timestamp) known(field.type(new Timestamp()));
                Shape shape = type.timezoneAsByteBuffer() == null ? Shape.LOCAL : Shape.INSTANT;
                yield of(name, Lay.FIXED, 8, new ScalarType(shape, perSecond(type.unit())));
            }
            case Type.Utf8 -> of(name, Lay.BYTES, 4, ScalarType.TEXT);
            case Type.LargeUtf8 -> of(name, Lay.BYTES, 8, ScalarType.TEXT);
            case Type.Binary -> of(name, Lay.BYTES, 4, ScalarType.of(Shape.BYTES));
            case Type.LargeBinary -> of(name, Lay.BYTES, 8, ScalarType.of(Shape.BYTES));
            case Type.FixedSizeBinary -> {
                int width = ((FixedSizeBinary) known(field.type(new FixedSizeBinary()))).byteWidth();
                yield of(name, Lay.FIXED, Math.max(0, width), ScalarType.of(width == 16 ? Shape.UUID : Shape.BYTES));
            }
            case Type.List, Type.Map -> nested(name, Lay.LIST, 4, children, 1);
            case Type.LargeList -> nested(name, Lay.LIST, 8, children, 1);
            case Type.FixedSizeList -> {
                int size = ((FixedSizeList) known(field.type(new FixedSizeList()))).listSize();
                yield nested(name, Lay.VECTOR, Math.max(0, size), children, 1);
            }
            case Type.Struct_ -> nested(name, Lay.STRUCT, 0, children, children.size());
            default ->
                throw new Malformed(
                        "The column " + name + " is of a type that is not read: " + Type.name(field.typeType()));
        };
    }

    private static ArrowField of(String name, Lay lay, int width, ScalarType scalar) {
        return new ArrowField(name, lay, width, scalar, false, -1, null, List.of());
    }

    private static ArrowField nested(String name, Lay lay, int width, List<ArrowField> children, int expected) {
        if (children.size() != expected) {
            throw new Malformed("The list " + name + " has more or less than one kind of item.");
        }
        return new ArrowField(name, lay, width, ScalarType.TEXT, false, -1, null, children);
    }

    private static <T> T known(@Nullable T type) {
        if (type == null) {
            throw new Malformed("A column lacks its type.");
        }
        return type;
    }

    private static int bytes(int bits) {
        return switch (bits) {
            case 8, 16, 32, 64, 128, 256 -> bits / 8;
            default -> throw new Malformed("A number of " + bits + " bits is not read.");
        };
    }

    private static int perSecond(short unit) {
        return switch (unit) {
            case 0 -> 1;
            case 1 -> 1_000;
            case 2 -> 1_000_000;
            case 3 -> 1_000_000_000;
            default -> throw new Malformed("A unit of time is not one of Arrow's.");
        };
    }
}
