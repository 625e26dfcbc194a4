package dev.millrace.domain;

import dev.millrace.layer.Owner;
import dev.millrace.security.Identity;
import dev.millrace.security.Principal;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What is asked of the mesh, as layers, views and waiting see it, over whatever port it came: made once, at the edge.
 * Immutable; used on the event loop of its connection.
 *
 * @param operation what is asked, by the port's own name for it
 * @param client who is at the other end: the key of limits and shares
 * @param product what it is asked of; empty where there is no such product for the caller, or none is asked of
 * @param headers the text of a header, all of a name as one; empty where there is none
 * @param onGone has something run when the client is gone
 */
public record Request(
        String operation,
        String client,
        Principal caller,
        Optional<Product> product,
        Function<CharSequence, String> headers,
        Consumer<Runnable> onGone) {
    public Request {
        product = product.filter(asked -> asked.sees(caller));
    }

    /** The same, asked by whoever was found to ask. */
    public Request by(Identity who) {
        return new Request(operation, who.key(), who.principal(), product, headers, onGone);
    }

    /** Whose turns its work takes. */
    public Owner owner() {
        return new Owner(product.map(Product::domain).orElse(""), client);
    }

    /** A header's text; empty where there is none. */
    public String header(CharSequence name) {
        return headers.apply(name);
    }
}
