package dev.millrace.bench.proof;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.http.ChangeClient;
import dev.millrace.query.ChangeToken;
import dev.millrace.server.ChildServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber to the accounts' changes who keeps a table of them, is cut off now and then, and goes on where it was. One
 * thread.
 */
final class SoakSubscriber {
    private static final int CUT_OFF_EVERY = 20;

    private final HttpClient http = HttpClient.newHttpClient();
    private final URI changes;
    private final SoakModel model;
    private final Map<String, Long> table = new HashMap<>();
    private @Nullable ChangeClient client;
    private String last = "";

    SoakSubscriber(ChildServer server, SoakModel model) {
        this.changes =
                URI.create("http://127.0.0.1:" + server.httpPort() + Ledger.ACCOUNTS + "/changes?from=beginning");
        this.model = model;
    }

    /** Takes some more changes; whether the table could be held against the model behind them. */
    boolean read(Random random) {
        try {
            ChangeClient open =
                    client != null ? client : ChangeClient.open(http, ChangeClient.Form.LINES, changes, last);
            client = open;
            for (int i = random.nextInt(2000); i >= 0; i--) {
                Optional<ChangeClient.Event> event = open.next();
                if (event.isEmpty()) {
                    throw new IllegalStateException("the stream ended behind " + last);
                }
                if (!apply(event.get())) {
                    break;
                }
            }
            if (random.nextInt(CUT_OFF_EVERY) == 0) {
                open.close();
                client = null;
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        ChangeToken token = ChangeToken.parse(last).orElseThrow();
        if (!token.isAt(token.position())) {
            return false;
        }
        Map<String, Long> expected = model.at(token.position());
        if (!expected.equals(table)) {
            throw new IllegalStateException("at " + last + " the table has " + table.size() + " accounts for "
                    + expected.size() + ", or other numbers");
        }
        return true;
    }

    /** Whether it is a change, and not word that nothing comes at present. */
    private boolean apply(ChangeClient.Event event) {
        JsonNode before = event.before();
        JsonNode after = event.after();
        if (before.isObject() || after.isObject()) {
            String account = (after.isObject() ? after : before).get("account").textValue();
            Long then =
                    after.isObject() ? table.put(account, after.get("number").longValue()) : table.remove(account);
            Long told = before.isObject() ? (Long) before.get("number").longValue() : null;
            if (!Objects.equals(then, told)) {
                throw new IllegalStateException(account + " was " + then + ", but is told to have been: " + event);
            }
        } else if (!event.type().equals("position")) {
            throw new IllegalStateException(event.toString());
        }
        last = event.id();
        return before.isObject() || after.isObject();
    }

    void close() {
        http.shutdownNow();
    }
}
