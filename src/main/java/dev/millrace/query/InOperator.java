package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** One of several values, each as equality takes it; one that the column cannot hold equals nothing. */
record InOperator() implements Operator {
    private static final int MAX_VALUES = 1_000;

    @Override
    public String token() {
        return "in";
    }

    @Override
    public boolean takes(Kind kind) {
        return kind.isScalar() && !(kind instanceof Kind.Bool);
    }

    @Override
    public String expected(Kind kind) {
        return "up to " + MAX_VALUES + " values separated by commas, each " + kind.expected()
                + "; a comma in a value is \\,";
    }

    @Override
    public Map<String, Object> schema(Kind kind) {
        return Map.of("type", "string", "description", expected(kind) + ".");
    }

    @Override
    public Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong) {
        Kind kind = column.kind();
        List<String> texts = split(text);
        if (texts.size() > MAX_VALUES) {
            throw wrong.apply("there are " + texts.size() + " values.");
        }
        var wholes = new ArrayList<BigInteger>();
        var reals = new ArrayList<Double>();
        var bytes = new ArrayList<byte[]>();
        for (String each : texts) {
            switch (kind.equal(each)) {
                case KindText.Wrong(String reason) -> throw wrong.apply("'" + QueryParser.shown(each) + "' " + reason);
                case KindText.Bytes(byte[] one) -> bytes.add(one);
                case KindText.Real(double value) -> reals.add(value);
                case KindText.Whole(BigInteger value, var _) -> wholes.add(value);
            }
        }
        return !bytes.isEmpty()
                ? new TextConditions.Among(bytes.toArray(byte[][]::new))
                : !reals.isEmpty()
                        ? new NumberConditions.DoubleSet(
                                reals.stream().mapToDouble(value -> value).toArray())
                        : kind.width() > Long.BYTES
                                ? DecimalCondition.among(kind, wholes)
                                : NumberConditions.LongSet.of(kind, wholes);
    }

    /** Values as one text of this operator. */
    static String joined(List<String> values) {
        return String.join(
                ",",
                values.stream()
                        .map(value -> value.replace("\\", "\\\\").replace(",", "\\,"))
                        .toList());
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length() && (text.charAt(i + 1) == ',' || text.charAt(i + 1) == '\\')) {
                part.append(text.charAt(++i));
            } else if (c == ',') {
                parts.add(part.toString());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
