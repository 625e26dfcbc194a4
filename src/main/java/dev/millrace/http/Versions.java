package dev.millrace.http;

import dev.millrace.arrow.Hash;
import dev.millrace.domain.Product;
import dev.millrace.store.Position;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;

/** Of what the answers of one view of a product are. One event loop, which is the only thread that calls it. */
final class Versions {
    /** Goes up when the same rows are written in another form than before. */
    private static final long FORM = 1;

    /** A position as a header value, and the hash of what all answers at it depend on. */
    private record PositionText(Position position, Product.Face face, long contract, CharSequence text, long seed) {}

    private final Product product;
    private final long view;
    private PositionText latest;

    /** @param view its id */
    Versions(Product product, long view) {
        this.product = product;
        this.view = view;
        Product.Face face = product.face();
        this.latest = new PositionText(Position.of("-"), face, contract(face), "-:", 0);
    }

    /**
     * Of what an answer to the request is.
     *
     * @param fixed whether the request names the position
     */
    Answer.Version of(Position position, HttpServerRequest request, Negotiation<?> negotiation, boolean fixed) {
        PositionText at = at(position);
        int form = 31 * negotiation.format().token().hashCode()
                + 2 * negotiation.codec().hashCode()
                + (negotiation.numbersAsStrings() ? 1 : 0);
        long hash = Conditional.hash(Hash.combine(at.seed(), form), request.uri());
        return new Answer.Version(at.text(), Conditional.tag(hash), fixed, Answer.Version.NOT_COUNTED);
    }

    /** The last one is kept, since most requests see the position of the one before. */
    private PositionText at(Position position) {
        PositionText kept = latest;
        Product.Face face = product.face();
        if (kept.face() != face
                || (kept.position() != position && !kept.position().equals(position))) {
            String text = position.toString();
            long contract = kept.face() == face ? kept.contract() : contract(face);
            kept = new PositionText(
                    position,
                    face,
                    contract,
                    HttpHeaders.createOptimized(text),
                    Conditional.hash(Hash.combine(Hash.combine(contract, view), FORM), text));
            latest = kept;
        }
        return kept;
    }

    private static long contract(Product.Face face) {
        return Conditional.hash(0, face.contractText());
    }
}
