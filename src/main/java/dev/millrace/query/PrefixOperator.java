package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.arrow.Kind;
import dev.millrace.arrow.KindText;
import java.util.function.Function;

/** Text that begins with a value. */
record PrefixOperator() implements Operator {
    @Override
    public String token() {
        return "prefix";
    }

    @Override
    public boolean takes(Kind kind) {
        return kind instanceof Kind.Text;
    }

    @Override
    public Condition condition(ColumnLayout column, String text, Function<String, RuntimeException> wrong) {
        if (column.kind().equal(text) instanceof KindText.Bytes(byte[] prefix)) {
            return new TextConditions.Beginning(prefix);
        }
        throw wrong.apply("'" + QueryParser.shown(text) + "' is no text.");
    }
}
