package dev.millrace.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One connection to a product's changes, read event by event. One thread. */
public interface ChangeClient extends AutoCloseable {
    ObjectMapper JSON = new ObjectMapper();

    /** How the changes come. */
    enum Form {
        EVENTS,
        LINES,
        SOCKET
    }

    /** One event; {@code line} is its data, or the whole line. */
    record Event(String type, String id, JsonNode line) {
        public JsonNode before() {
            return line.path("before");
        }

        public JsonNode after() {
            return line.path("after");
        }
    }

    /** The next event; empty when the stream has ended. */
    Optional<Event> next() throws IOException;

    @Override
    void close() throws IOException;

    /** The next event that is none of position. */
    default Event change() throws IOException {
        while (true) {
            Event event = next().orElseThrow(() -> new IOException("the stream has ended"));
            if (!event.type().equals("position")) {
                return event;
            }
        }
    }

    static ChangeClient open(HttpClient http, Form form, URI uri, String lastId) throws IOException {
        if (form == Form.SOCKET) {
            return Socket.open(http, uri, lastId);
        }
        var request = HttpRequest.newBuilder(uri);
        if (form == Form.LINES) {
            request.header("Accept", "application/x-ndjson");
        }
        if (!lastId.isEmpty()) {
            request.header("Last-Event-ID", lastId);
        }
        try {
            HttpResponse<InputStream> response = http.send(request.build(), BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new IOException(
                        response.statusCode() + " " + new String(response.body().readAllBytes(), UTF_8));
            }
            Documented.check(response);
            return new Stream(form, new BufferedReader(new InputStreamReader(response.body(), UTF_8)));
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    private static Event line(String line) throws IOException {
        JsonNode node = JSON.readTree(line);
        return new Event(node.get("type").asText(), node.path("id").asText(), node);
    }

    /** A streamed answer. */
    record Stream(Form form, BufferedReader lines) implements ChangeClient {
        @Override
        public Optional<Event> next() throws IOException {
            String type = "position";
            String id = "";
            JsonNode data = JSON.createObjectNode();
            while (true) {
                String line = lines.readLine();
                if (line == null) {
                    return Optional.empty();
                } else if (form == Form.LINES) {
                    return Optional.of(line(line));
                } else if (line.isEmpty()) {
                    return Optional.of(new Event(type, id, data));
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    type = line.substring(7);
                } else if (line.startsWith("data: ")) {
                    data = JSON.readTree(line.substring(6));
                } else if (!line.startsWith(":") && !line.startsWith("retry: ")) {
                    throw new IOException("no field of an event: " + line);
                }
            }
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    /** A WebSocket. */
    final class Socket implements ChangeClient, WebSocket.Listener {
        private static final String END = "";

        private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
        private final StringBuilder message = new StringBuilder();
        private final AtomicInteger code = new AtomicInteger();
        private Optional<WebSocket> socket = Optional.empty();

        static ChangeClient open(HttpClient http, URI uri, String lastId) throws IOException {
            var client = new Socket();
            var builder = http.newWebSocketBuilder();
            if (!lastId.isEmpty()) {
                builder.header("Last-Event-ID", lastId);
            }
            try {
                client.socket =
                        Optional.of(builder.buildAsync(URI.create(uri.toString().replace("http:", "ws:")), client)
                                .get(30, TimeUnit.SECONDS));
                return client;
            } catch (Exception failure) {
                throw new IOException(failure);
            }
        }

        /** What the server closed with; 0 while it has not. */
        int code() {
            return code.get();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            message.append(data);
            if (last) {
                message.toString().lines().forEach(lines::add);
                message.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            code.set(status);
            lines.add(END);
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable failure) {
            lines.add(END);
        }

        @Override
        public Optional<Event> next() throws IOException {
            try {
                String line = lines.poll(30, TimeUnit.SECONDS);
                if (line == null) {
                    throw new IOException("nothing comes");
                }
                return line.equals(END) ? Optional.empty() : Optional.of(line(line));
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
        }

        @Override
        public void close() {
            socket.ifPresent(WebSocket::abort);
        }
    }
}
