package dev.millrace.query;

import dev.millrace.arrow.ColumnLayout;

/**
 * One condition on one column. Immutable; any thread.
 *
 * @param column top-level or nested in structs
 * @param operator the comparison
 * @param operand what is compared with, as the column stores it
 * @param text the value as the request gave it
 */
public record Filter(ColumnLayout column, Operator operator, Operand operand, String text) {
    /** The condition in one line, the same for the same condition: a cursor is bound to it. */
    String canonical() {
        return column.path() + '[' + operator.token() + "]=" + text;
    }
}
