package dev.millrace.query;

import dev.millrace.contract.Mask;
import java.util.List;

/**
 * Some rows of a product and what is shown of them. Immutable.
 *
 * @param rows over the columns of the whole product
 * @param masks one for each of these columns
 */
public record Showing(Filter rows, List<Mask> masks) {
    public Showing {
        masks = List.copyOf(masks);
    }
}
