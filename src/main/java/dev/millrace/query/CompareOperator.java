package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import java.math.BigInteger;
import java.util.Map;
import java.util.function.Function;

/**
 * Compares with one value. A text that lies between two values of the column, or beyond all of them, has its place in an
 * order; only equality asks for a text that the column's unit can say.
 *
 * @param below whether it is true of the values below
 * @param equal of that value
 * @param above of those above
 */
record CompareOperator(String token, boolean below, boolean equal, boolean above) implements Operator {
    @Override
    public boolean takes(Kind kind) {
        return isEquality() ? kind.isScalar() : kind.isOrdered() && !(kind instanceof Kind.Bool);
    }

    @Override
    public Map<String, Object> schema(Kind kind) {
        return kind.schema();
    }

    @Override
    public Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong) {
        Kind kind = column.kind();
        return switch (isEquality() ? kind.equal(text) : kind.read(text)) {
            case KindText.Wrong(String reason) -> throw wrong.apply("'" + QueryParser.shown(text) + "' " + reason);
            case KindText.Bytes(byte[] bytes) -> new TextConditions.Compared(bytes, below, equal, above);
            case KindText.Real(double value) ->
                new NumberConditions.DoubleRange(least(value), most(value), isEquality() && !equal);
            case KindText.Whole whole -> range(kind, whole);
        };
    }

    private boolean isEquality() {
        return below == above;
    }

    private double least(double value) {
        return below && !isEquality() ? Double.NEGATIVE_INFINITY : equal || isEquality() ? value : Math.nextUp(value);
    }

    private double most(double value) {
        return above && !isEquality() ? Double.POSITIVE_INFINITY : equal || isEquality() ? value : Math.nextDown(value);
    }

    private Condition range(Kind kind, KindText.Whole whole) {
        BigInteger floor = whole.floor();
        BigInteger next = floor.add(BigInteger.ONE);
        boolean outside = isEquality() && !equal;
        BigInteger min = isEquality() ? floor : below ? KindText.least(kind) : equal && whole.exact() ? floor : next;
        BigInteger max = isEquality()
                ? floor
                : above ? KindText.greatest(kind) : equal || !whole.exact() ? floor : floor.subtract(BigInteger.ONE);
        return kind.width() > Long.BYTES
                ? DecimalCondition.of(kind, min, max, outside)
                : NumberConditions.LongRange.of(kind, min, max, outside);
    }
}
