package dev.millrace.codec;

import com.google.protobuf.WireFormat.FieldType;
import dev.millrace.codec.ProtobufSchema.Form;
import dev.millrace.codec.ProtobufSchema.Member;
import dev.millrace.codec.ProtobufSchema.Message;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Arrays;

/**
 * Reads a Protobuf message as {@link ProtobufSchema} resolved it: walks the wire format and gives every value to the checks.
 *
 * <p>A field may stand anywhere in a message and more than once, and its last value counts; columns take one value each.
 * So a message is read twice: the first pass notes where the last value of each field stands, the second writes them.
 * Reading allocates nothing, but where a message field stands twice, whose parts are then put together as the
 * specification asks. Belongs to one decoder.
 */
final class ProtobufPlan implements RegistryDecoder.Plan {
    private static final int MAX_DEPTH = 64;
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int GROUP = 3;
    private static final int GROUP_END = 4;
    private static final int FIXED32 = 5;

    /** What is noted of a member: where its first tag is, where its last value begins and ends, and how many there are. */
    private static final int NOTES = 4;

    private static final byte[] ZEROS = new byte[8];

    private final RecordFaults faults;
    private final CheckedColumns checked;
    private final ScalarConverter converter;
    private final ByteReader in = new ByteReader();
    private final long[] parts = new long[5];
    private int[] notes = new int[256];
    private final Message root;

    ProtobufPlan(Message root, ScalarConverter converter) {
        this.root = root;
        this.faults = converter.faults;
        this.checked = converter.checked;
        this.converter = converter;
    }

    @Override
    public boolean read(byte[] bytes, int from, int end) {
        return read(root, bytes, from, end, 0);
    }

    /** Reads a message; {@code base} is where its notes begin. */
    private boolean read(Message message, byte[] bytes, int from, int end, int base) {
        Member[] members = message.members();
        int next = base + members.length * NOTES;
        if (notes.length < next) {
            notes = Arrays.copyOf(notes, Math.max(next, 2 * notes.length));
        }
        Arrays.fill(notes, base, next, 0);
        scan(message, bytes, from, end, base);
        for (int i = 0; i < members.length; i++) {
            Member member = members[i];
            int note = base + i * NOTES;
            boolean good = member.repeated()
                    ? list(member, bytes, note, next)
                    : notes[note + 3] == 0 ? absent(member) : single(member, bytes, note, next);
            if (!good) {
                return faults.refusedIn(member.field().name);
            }
        }
        return checked.absent(message.absent()) && (message.owner() == null || checked.struct(message.owner()));
    }

    private void scan(Message message, byte[] bytes, int from, int end, int base) {
        int likely = 0;
        in.over(bytes, from, end);
        while (!in.isDone()) {
            int tagAt = in.at();
            int tag = tag();
            int found = message.find(tag >>> 3, likely);
            int begin = begin(tag & 7);
            int stop = in.at();
            if (found < 0 || !takes(message.members()[found], tag & 7)) {
                continue;
            }
            likely = found + 1;
            int note = base + found * NOTES;
            for (int rival : message.members()[found].rivals()) {
                notes[base + rival * NOTES + 3] = 0;
            }
            if (notes[note + 3]++ == 0) {
                notes[note] = tagAt;
            }
            notes[note + 1] = begin;
            notes[note + 2] = stop;
        }
    }

    private static boolean takes(Member member, int wire) {
        return wire == member.wire() || wire == LENGTH && member.repeated();
    }

    private int tag() {
        long tag = in.varint();
        if (tag >>> 32 != 0 || tag >>> 3 == 0) {
            throw new Malformed("A field's number is out of range.");
        }
        return (int) tag;
    }

    /** Passes over a value; returns where it begins, behind its length if it has one. */
    private int begin(int wire) {
        int at = in.at();
        switch (wire) {
            case VARINT -> in.varint();
            case FIXED64 -> in.take(8);
            case FIXED32 -> in.take(4);
            case LENGTH -> {
                return in.take(in.varint());
            }
            case GROUP -> {
                int depth = 1;
                while (depth > 0) {
                    int inner = tag() & 7;
                    if (inner == GROUP_END) {
                        depth--;
                    } else if (inner != GROUP) {
                        begin(inner);
                    } else if (++depth > MAX_DEPTH) {
                        throw new Malformed("Groups are nested too deep.");
                    }
                }
            }
            default ->
                throw new Malformed("A value is of a kind that Protobuf does not have, or a group has no begin.");
        }
        return at;
    }

    /** A field that the message does not have: its zero where the schema cannot tell the two apart. */
    private boolean absent(Member member) {
        FieldPlan field = member.field();
        boolean text = member.type() == FieldType.STRING && field.kind != FieldPlan.Kind.TEXT;
        if (member.presence() || text) {
            return checked.absent(field);
        }
        return switch (member.scalar().shape()) {
            case TEXT ->
                member.type() == FieldType.ENUM
                        ? symbol(member, 0)
                        : converter.bytes(field, member.scalar(), ZEROS, 0, 0);
            case BYTES -> converter.bytes(field, member.scalar(), ZEROS, 0, 0);
            case FLOATING -> converter.floating(field, 0);
            default -> converter.whole(field, member.scalar(), 0);
        };
    }

    private boolean single(Member member, byte[] bytes, int note, int next) {
        int from = notes[note + 1];
        int end = notes[note + 2];
        if (member.form() == Form.PLAIN || notes[note + 3] == 1) {
            return value(member, bytes, from, end, next);
        }
        byte[] merged = new byte[end - notes[note]];
        int length = 0;
        in.over(bytes, notes[note], end);
        while (!in.isDone()) {
            int tag = tag();
            int begin = begin(tag & 7);
            if (tag == (member.number() << 3 | LENGTH)) {
                System.arraycopy(bytes, begin, merged, length, in.at() - begin);
                length += in.at() - begin;
            }
        }
        return value(member, merged, 0, length, next);
    }

    private boolean list(Member member, byte[] bytes, int note, int next) {
        // A list that must have items and has none is one that is not there: Protobuf cannot tell the two apart.
        if (notes[note + 3] == 0 && member.field().minItems > 0 && !member.field().required) {
            return checked.absent(member.field());
        }
        int count = 0;
        int at = notes[note];
        int end = notes[note + 3] == 0 ? at : notes[note + 2];
        while (at < end) {
            in.over(bytes, at, end);
            int tag = tag();
            int from = begin(tag & 7);
            at = in.at();
            if (tag >>> 3 != member.number() || !takes(member, tag & 7)) {
                continue;
            }
            boolean packed = (tag & 7) == LENGTH && member.wire() != LENGTH;
            do {
                int stop = at;
                if (packed) {
                    if (from == at) {
                        break;
                    }
                    in.over(bytes, from, at);
                    begin(member.wire());
                    stop = in.at();
                }
                if (!value(member, bytes, from, stop, next)) {
                    return faults.refusedIn(count);
                }
                count++;
                from = stop;
            } while (from < at);
        }
        return member.field().kind == FieldPlan.Kind.MAP
                ? checked.map(member.field(), count)
                : checked.list(member.field(), count);
    }

    /** A value whose bytes are {@code [from, end)}. */
    private boolean value(Member member, byte[] bytes, int from, int end, int next) {
        FieldPlan target = member.target();
        return switch (member.form()) {
            case PLAIN -> plain(member, bytes, from, end);
            case WRAPPED -> {
                in.over(bytes, from, end);
                int wire = member.type().getWireType();
                int begin = 0;
                int stop = 0;
                while (!in.isDone()) {
                    int tag = tag();
                    int at = begin(tag & 7);
                    if (tag == (1 << 3 | wire)) {
                        begin = at;
                        stop = in.at();
                    }
                }
                byte[] inner = stop == 0 ? ZEROS : bytes;
                yield plain(member, inner, begin, stop == 0 && wire != LENGTH ? 8 : stop);
            }
            case TIMESTAMP -> {
                parts(bytes, from, end);
                yield parts[2] >= 0 && parts[2] < 1_000_000_000
                        ? checked.timestamp(target, parts[1], parts[2])
                        : faults.refuse("type", "Expected nanoseconds of 0 to 999999999.");
            }
            case DATE -> {
                parts(bytes, from, end);
                yield date(target);
            }
            case TIME_OF_DAY -> {
                parts(bytes, from, end);
                yield within(0, 23, 1) && within(0, 59, 2) && within(0, 59, 3) && within(0, 999_999_999, 4)
                        ? checked.time(target, parts[1] * 3600 + parts[2] * 60 + parts[3], parts[4])
                        : faults.refuse("type", "Expected a time of day.");
            }
            case MESSAGE ->
                read(java.util.Objects.requireNonNull(member.message()), bytes, from, end, next)
                        && (target.kind != FieldPlan.Kind.MAP || checked.entry(target));
        };
    }

    private boolean within(long min, long max, int part) {
        return parts[part] >= min && parts[part] <= max;
    }

    private boolean date(FieldPlan field) {
        try {
            return within(0, 9999, 1)
                    ? checked.integer(
                            field,
                            LocalDate.of((int) parts[1], Math.toIntExact(parts[2]), Math.toIntExact(parts[3]))
                                    .toEpochDay())
                    : faults.refuse("type", "Expected a year from 0000 to 9999.");
        } catch (DateTimeException | ArithmeticException none) {
            return faults.refuse("type", "Expected a day of the calendar.");
        }
    }

    /** The whole numbers that are the fields 1 to 4 of a message. */
    private void parts(byte[] bytes, int from, int end) {
        Arrays.fill(parts, 0);
        in.over(bytes, from, end);
        while (!in.isDone()) {
            int tag = tag();
            if ((tag & 7) == VARINT && tag >>> 3 < parts.length) {
                parts[tag >>> 3] = in.varint();
            } else {
                begin(tag & 7);
            }
        }
    }

    private boolean plain(Member member, byte[] bytes, int from, int end) {
        FieldPlan target = member.target();
        ScalarType scalar = member.scalar();
        in.over(bytes, from, end);
        return switch (member.type()) {
            case STRING, BYTES -> converter.bytes(target, scalar, bytes, from, end - from);
            case BOOL -> converter.whole(target, scalar, in.varint() == 0 ? 0 : 1);
            case INT32 -> converter.whole(target, scalar, (int) in.varint());
            case UINT32 -> converter.whole(target, scalar, in.varint() & 0xFFFFFFFFL);
            case INT64, UINT64 -> converter.whole(target, scalar, in.varint());
            case SINT32 -> converter.whole(target, scalar, (int) ByteReader.unzigzag(in.varint() & 0xFFFFFFFFL));
            case SINT64 -> converter.whole(target, scalar, in.zigzag());
            case FIXED32 -> converter.whole(target, scalar, in.fixed32() & 0xFFFFFFFFL);
            case SFIXED32 -> converter.whole(target, scalar, in.fixed32());
            case FIXED64, SFIXED64 -> converter.whole(target, scalar, in.fixed64());
            case FLOAT -> converter.floating(target, Float.intBitsToFloat(in.fixed32()));
            case DOUBLE -> converter.floating(target, Double.longBitsToDouble(in.fixed64()));
            case ENUM -> symbol(member, (int) in.varint());
            case GROUP, MESSAGE -> throw new IllegalStateException(member.type().name());
        };
    }

    private boolean symbol(Member member, int number) {
        byte[] symbol = member.symbols().get(number);
        if (symbol == null) {
            return faults.refuse("enum", "The schema has no name for the number.");
        }
        return converter.bytes(member.target(), member.scalar(), symbol, 0, symbol.length);
    }
}
