package dev.millrace.contract;

import java.util.Locale;
import java.util.Optional;

/** What a value is to people, as ODCS v3 names it; {@link FieldType} is what the server makes of it. */
public enum LogicalType {
    STRING,
    DATE,
    TIMESTAMP,
    TIME,
    NUMBER,
    INTEGER,
    OBJECT,
    ARRAY,
    BOOLEAN,
    /** ODCS 3.2. */
    MAP,
    /** ODCS 3.2. */
    VECTOR;

    /** The name in a contract, in lower case. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<LogicalType> of(String text) {
        for (LogicalType type : values()) {
            if (type.text().equals(text)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
