package dev.millrace.documents;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.domain.Product;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The products' own documents, each kept as long as what it is made of stays the same: one of thousands of columns takes
 * seconds. Workers, any number; who asks for one that is being made waits for it.
 */
public final class Documents {
    /** Beyond that many all are forgotten, so that views of many callers do not fill the memory. */
    static final int MOST = 256;

    private record Key(String product, long view) {}

    private record Made(Product.Face face, Optional<ObjectNode> example, String text) {}

    private final Map<Key, Made> all = new ConcurrentHashMap<>();

    /**
     * The document of a view of a product.
     *
     * @param example the row in it, which is compared, since it may be deleted or changed
     * @param making gives the text, anew where face or example are other ones
     */
    public String of(
            String product, long view, Product.Face face, Optional<ObjectNode> example, Supplier<String> making) {
        if (all.size() >= MOST) {
            all.clear();
        }
        return all.compute(
                        new Key(product, view),
                        (key, kept) -> kept != null
                                        && kept.face().equals(face)
                                        && kept.example().equals(example)
                                ? kept
                                : new Made(face, example.map(ObjectNode::deepCopy), making.get()))
                .text();
    }
}
