package dev.millrace.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.arrow.Batch;
import dev.millrace.arrow.Column;
import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.SipHash;
import dev.millrace.arrow.Storage;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** The value of a product's primary key, for look-ups. Immutable. */
public final class Key {
    private final StoreSchema schema;
    private final byte[][] texts;
    private final long[] numbers;

    private Key(StoreSchema schema, byte[][] texts, long[] numbers) {
        this.schema = schema;
        this.texts = texts;
        this.numbers = numbers;
    }

    /**
     * The key whose components have these texts, in key order: strings as they are, integers in decimal, dates and
     * timestamps in ISO 8601. Empty when the number of components or the form of one is wrong.
     */
    public static Optional<Key> parse(StoreSchema schema, List<String> components) {
        int size = schema.key().size();
        if (size == 0 || components.size() != size) {
            return Optional.empty();
        }
        byte[][] texts = new byte[size][];
        long[] numbers = new long[size];
        for (int i = 0; i < size; i++) {
            texts[i] = new byte[0];
            if (isText(schema, i)) {
                texts[i] = components.get(i).getBytes(UTF_8);
            } else {
                try {
                    numbers[i] = number(column(schema, i).type(), components.get(i));
                } catch (NumberFormatException | DateTimeException | ArithmeticException wrong) {
                    return Optional.empty();
                }
            }
        }
        return Optional.of(new Key(schema, texts, numbers));
    }

    /** The key of one text component, which needs no parsing; {@code utf8} is taken over. */
    public static Key ofText(StoreSchema schema, byte[] utf8) {
        return new Key(schema, new byte[][] {utf8}, new long[1]);
    }

    /** The same as {@link #hash(StoreSchema, SipHash, Batch, int)} for a row with this key. */
    long hash(SipHash secret) {
        long sum = 0;
        for (int i = 0; i < texts.length; i++) {
            long part = isText(schema, i) ? secret.of(texts[i], 0, texts[i].length) : secret.of(numbers[i]);
            sum = i == 0 ? part : secret.combine(sum, part);
        }
        return sum;
    }

    /** Whether a row has this key. */
    public boolean matches(Batch batch, int row) {
        for (int i = 0; i < texts.length; i++) {
            Column column = batch.column(schema.key().get(i));
            boolean same = column.layout().isText()
                    ? column.equalsBytes(row, texts[i])
                    : (column.layout().storage() == Storage.BIT
                            ? column.bit(row) == (numbers[i] != 0)
                            : column.fixed(row) == numbers[i]);
            if (!same) {
                return false;
            }
        }
        return true;
    }

    /** The hash of a row's key under a secret. */
    static long hash(StoreSchema schema, SipHash secret, Batch batch, int row) {
        long sum = 0;
        for (int i = 0; i < schema.key().size(); i++) {
            long part = batch.column(schema.key().get(i)).hash(row, secret);
            sum = i == 0 ? part : secret.combine(sum, part);
        }
        return sum;
    }

    /** Whether two rows have the same key. */
    public static boolean same(StoreSchema schema, Batch left, int leftRow, Batch right, int rightRow) {
        for (int column : schema.key()) {
            if (!left.column(column).sameValue(leftRow, right.column(column), rightRow)) {
                return false;
            }
        }
        return true;
    }

    private static ColumnLayout column(StoreSchema schema, int component) {
        return schema.columns().get(schema.key().get(component));
    }

    private static boolean isText(StoreSchema schema, int component) {
        return column(schema, component).isText();
    }

    private static long number(ArrowType type, String text) {
        return switch (type) {
            case ArrowType.Bool ignored -> {
                if (!text.equals("true") && !text.equals("false")) {
                    throw new NumberFormatException(text);
                }
                yield text.equals("true") ? 1 : 0;
            }
            case ArrowType.Int integer -> integer.getIsSigned() ? Long.parseLong(text) : Long.parseUnsignedLong(text);
            case ArrowType.Date ignored -> LocalDate.parse(text).toEpochDay();
            case ArrowType.Timestamp timestamp -> {
                Instant instant = timestamp.getTimezone() == null
                        ? LocalDateTime.parse(text).toInstant(ZoneOffset.UTC)
                        : Instant.parse(text);
                long perSecond = switch (timestamp.getUnit()) {
                    case SECOND -> 1;
                    case MILLISECOND -> 1_000;
                    case MICROSECOND -> 1_000_000;
                    case NANOSECOND -> 1_000_000_000;
                };
                yield Math.addExact(
                        Math.multiplyExact(instant.getEpochSecond(), perSecond),
                        instant.getNano() / (1_000_000_000 / perSecond));
            }
            default -> throw new NumberFormatException(text);
        };
    }
}
