package dev.millrace.http;

import dev.millrace.domain.Product;
import dev.millrace.problem.Problem;
import dev.millrace.query.ChangeForm;
import dev.millrace.query.ChangeToken;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.store.Position;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Changes of one product for the requests of one event loop, which is the only thread that calls it. */
final class ChangePort {
    private static final String EXPECTED = "now, beginning, a Millrace-Position or the id of an event.";

    private final Product product;
    private final ChangeHub hub;

    ChangePort(Product product, RowStream.Workplace room) {
        this.product = product;
        this.hub = new ChangeHub(product, room);
    }

    /** Changes behind the event that {@code Last-Event-ID} names, else from where the parameter {@code from} says. */
    Future<Answer> open(Call call, RequestTarget target, View view, QueryParser parser) {
        HttpServerRequest request = call.request();
        boolean socket = ChangeHub.Subscription.isSocket(request);
        String length = Call.text(request, HttpHeaders.CONTENT_LENGTH);
        if (socket && (request.headers().contains(HttpHeaders.TRANSFER_ENCODING) || !length.matches("0?"))) {
            throw new Problem.InvalidBody("A WebSocket's request has a body.", "none.").exception();
        }
        Negotiation<Format.Push> negotiation = Negotiation.of(
                Call.header(request, HttpHeaders.ACCEPT),
                target.parameters(),
                socket ? List.of(Format.Push.LINES) : Format.Push.ALL);
        RowsQuery query = parser.parseChanges(target.without(Set.of("from", "format")));
        Optional<String> from = Negotiation.single(target.parameters(), "from");
        ProductPort.readable(product);
        String lastId = Call.text(request, "Last-Event-ID").strip();
        ChangeToken token = token(view, lastId.isEmpty() ? from.orElse("now") : lastId);
        ChangeForm form = negotiation.format() == Format.Push.EVENTS ? ChangeForm.EVENTS : ChangeForm.LINES;
        return Future.succeededFuture(
                new Answer.Pushed(hub.open(view, query, form, negotiation.numbersAsStrings(), token, call.asked())));
    }

    /** The token, of which all history is there or is still to come. */
    private static ChangeToken token(View view, String text) {
        Position now = view.position();
        if (text.equals("now")) {
            return ChangeToken.changes(now);
        }
        if (text.equals("beginning")) {
            return ChangeToken.state(now);
        }
        ChangeToken token = ChangeToken.parse(text)
                .filter(each -> each.needs().partitions() <= now.partitions())
                .orElseThrow(() -> wrong("it is no id of an event here."));
        Position from = token.position();
        boolean foreign = !from.topicId().equals(now.topicId());
        if (foreign || (token.state() && now.hasReached(from))) {
            view.open(from).close();
        } else if (!token.state()) {
            try (Reading reading = view.open()) {
                reading.requireChanges(from);
            }
        }
        return token;
    }

    private static RuntimeException wrong(String reason) {
        return new Problem.InvalidParameter("from", reason, EXPECTED).exception();
    }

    /** Ends the subscribers; done when nothing is read for them any more. */
    Future<Void> close() {
        return hub.close();
    }
}
