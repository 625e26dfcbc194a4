package dev.millrace.sql;

import dev.millrace.layer.Owner;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * What is asked in SQL.
 *
 * @param caller who asks: the statement sees what the views of this principal show
 * @param owner whose turn it takes
 * @param sql one SELECT, or {@code EXPLAIN} before one
 * @param arguments values of its parameters as literals of SQL with commas between them, made by {@link Literals}
 * @param positions of products by qualified name; others are as they are now
 * @param gone whether nobody waits for the rows any more; any thread
 */
public record SqlStatement(
        Principal caller,
        Owner owner,
        String sql,
        String arguments,
        Map<String, Position> positions,
        BooleanSupplier gone) {
    public SqlStatement {
        positions = Map.copyOf(positions);
    }
}
