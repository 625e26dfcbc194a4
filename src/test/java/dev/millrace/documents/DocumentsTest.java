package dev.millrace.documents;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.domain.Product;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DocumentsTest {
    private final Documents documents = new Documents();
    private int made;

    private String of(String product, long view, String version, Optional<ObjectNode> example) {
        var face = new Product.Face("title", "", "id", version, "text " + version);
        return documents.of(product, view, face, example, () -> "document " + ++made);
    }

    private static Optional<ObjectNode> row(int id) {
        return Optional.of(JsonNodeFactory.instance.objectNode().put("id", id));
    }

    @Test
    void of_theSameContract_isMadeOnce_andAnewForWhatIsOther() {
        assertEquals("document 1", of("d.p", 1, "1", Optional.empty()));
        assertEquals("document 1", of("d.p", 1, "1", Optional.empty()));
        assertEquals("document 2", of("d.p", 1, "1", row(7)), "there is a row now");
        assertEquals("document 2", of("d.p", 1, "1", row(7)));
        assertEquals("document 3", of("d.p", 1, "1", row(8)), "the row of the example is gone");
        assertEquals("document 4", of("d.p", 1, "2", row(8)), "another contract");
        assertEquals("document 5", of("d.p", 2, "2", row(8)), "another view");
        assertEquals("document 6", of("d.q", 1, "2", row(8)), "another product");
        assertEquals("document 4", of("d.p", 1, "2", row(8)));
    }

    @Test
    void of_moreThanTheMost_forgets() {
        for (int view = 0; view < Documents.MOST; view++) {
            of("d.p", view, "1", Optional.empty());
        }
        assertEquals("document " + (Documents.MOST + 1), of("d.p", 0, "1", Optional.empty()));
        assertEquals("document " + (Documents.MOST + 1), of("d.p", 0, "1", Optional.empty()));
    }
}
