package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.query.ChangeToken;
import dev.millrace.server.ChildServer;
import dev.millrace.server.Client;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
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
    private @Nullable BufferedReader lines;
    private String last = "";

    SoakSubscriber(ChildServer server, SoakModel model) {
        this.changes =
                URI.create("http://127.0.0.1:" + server.httpPort() + Ledger.ACCOUNTS + "/changes?from=beginning");
        this.model = model;
    }

    /** Takes some more changes; whether the table could be held against the model behind them. */
    boolean read(Random random) {
        try {
            BufferedReader open = lines != null ? lines : connect();
            lines = open;
            for (int i = random.nextInt(2000); i >= 0; i--) {
                String line = open.readLine();
                if (line == null) {
                    throw new IllegalStateException("the stream ended behind " + last);
                }
                if (!apply(Client.tree(line))) {
                    break;
                }
            }
            if (random.nextInt(CUT_OFF_EVERY) == 0) {
                open.close();
                lines = null;
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

    private BufferedReader connect() throws IOException {
        var request = HttpRequest.newBuilder(changes).header("Accept", "application/x-ndjson");
        if (!last.isEmpty()) {
            request.header("Last-Event-ID", last);
        }
        try {
            HttpResponse<InputStream> response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new IllegalStateException(
                        response.statusCode() + " " + new String(response.body().readAllBytes(), UTF_8));
            }
            return new BufferedReader(new InputStreamReader(response.body(), UTF_8));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    /** Whether it is a change, and not word that nothing comes at present. */
    private boolean apply(JsonNode event) {
        JsonNode before = event.path("before");
        JsonNode after = event.path("after");
        if (before.isObject() || after.isObject()) {
            String account = (after.isObject() ? after : before).get("account").textValue();
            Long then =
                    after.isObject() ? table.put(account, after.get("number").longValue()) : table.remove(account);
            Long told = before.isObject() ? (Long) before.get("number").longValue() : null;
            if (!Objects.equals(then, told)) {
                throw new IllegalStateException(account + " was " + then + ", but is told to have been: " + event);
            }
        } else if (!event.get("type").textValue().equals("position")) {
            throw new IllegalStateException(event.toString());
        }
        last = event.get("id").textValue();
        return before.isObject() || after.isObject();
    }

    void close() {
        http.shutdownNow();
    }
}
