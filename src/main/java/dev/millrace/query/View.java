package dev.millrace.query;

import dev.millrace.store.Position;
import java.util.List;
import java.util.Optional;

/**
 * What one caller may see of one product: the only way from an output port to rows and columns. Immutable; any thread.
 *
 * <p>Everything else that is asked of rows is written over its {@linkplain Reading readings}: counts, groups, sorts,
 * files, changes. Whoever makes a view decides what is seen: columns that it hides are not in its shape, rows that it
 * hides are in none of its answers.
 */
public interface View {
    /** The qualified name of the product. */
    String product();

    Shape shape();

    /**
     * A digest of what is shown: the shape and the rule that its rows meet. It is bound into every entity tag, cursor,
     * ticket and group of subscribers, so that none of them is good for another view.
     */
    long id();

    /**
     * Whether it shows everything. Of another view no figure of the store's own may be told, such as the bytes of a column;
     * and to count its rows takes a look at each.
     */
    default boolean isOpen() {
        return false;
    }

    /** How far the product has read. */
    Position position();

    /** The product as it is now; the caller closes it. */
    Reading open();

    /**
     * The product as it was at a position; the caller closes it.
     *
     * @throws dev.millrace.problem.ProblemException with {@code Gone} when the position is of another topic or too old,
     *     with {@code InvalidParameter} when it is not reached yet
     */
    Reading open(Position position);

    /** The product where a query begins; the caller closes it. Fails as {@link #open(Position)}. */
    default Reading open(Start start) {
        return switch (start) {
            case Start.Now ignored -> open();
            case Start.At(Position position) -> open(position);
            case Start.After(PageCursor cursor) -> open(cursor.position());
        };
    }

    /** The key whose components have these texts, in key order; empty when their number or the form of one is wrong. */
    Optional<RowKey> key(List<String> components);

    /** Why texts are no key, in a sentence. */
    String keyFault(List<String> components);
}
