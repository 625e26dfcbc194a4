package dev.millrace.query;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** What a filter asks of a column's value. No operator but {@link #NULL} ever matches a missing value. */
public enum Operator {
    EQ,
    NE,
    GT,
    GTE,
    LT,
    LTE,
    /** One of several values. */
    IN,
    /** Text that begins with a value. */
    PREFIX,
    /** {@code true}: the value is missing; {@code false}: it is there. */
    NULL;

    /** How a request names it, for example {@code gte}; {@link #EQ} may also be left out. */
    public String token() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    static Optional<Operator> ofToken(String token) {
        return Arrays.stream(values())
                .filter(operator -> operator.token().equals(token))
                .findFirst();
    }

    static List<String> tokens(List<Operator> operators) {
        return operators.stream().map(Operator::token).toList();
    }
}
