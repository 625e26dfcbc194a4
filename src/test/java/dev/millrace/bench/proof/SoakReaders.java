package dev.millrace.bench.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.server.ChildServer;
import dev.millrace.server.Client;
import dev.millrace.store.Position;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;

/** Reads in every way, each on a thread of its own, and holds each answer against the model at its position. */
final class SoakReaders implements AutoCloseable {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final Duration REMEMBERED = Duration.ofSeconds(60);

    /** A position that was current at a time. */
    private record Seen(Position position, long nanos) {}

    /** One reading and its check. */
    private interface Reading {
        void read(Random random);
    }

    private final Client client;
    private final FlightClient flight;
    private final RootAllocator allocator = new RootAllocator();
    private final SoakModel model;
    private final int accounts;
    private final Duration history;
    private final SoakSubscriber subscriber;
    private final Deque<Seen> seen = new ArrayDeque<>();
    private final Map<String, AtomicLong> answers = Collections.synchronizedMap(new LinkedHashMap<>());
    private final List<String> wrong = Collections.synchronizedList(new ArrayList<>());
    private final List<Thread> threads;
    private volatile boolean ending;

    SoakReaders(ChildServer server, SoakModel model, int accounts, Duration history) {
        this.client = Client.of(server.httpPort());
        this.flight = FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
                .build();
        this.model = model;
        this.accounts = accounts;
        this.history = history;
        this.subscriber = new SoakSubscriber(server, model);
        this.threads = List.of(
                thread("row by key", this::byKey),
                thread("rows by keys", this::byKeys),
                thread("page sequence", random -> pages("limit=" + (50 + random.nextInt(900)))),
                thread("NDJSON", random -> lines("")),
                thread("as of a position", this::asOf),
                thread("Flight", random -> flight("")),
                thread("bookings", this::bookings),
                thread("changes", this::changes));
    }

    private Thread thread(String kind, Reading reading) {
        answers.put(kind, new AtomicLong());
        return Thread.ofPlatform().name("soak " + kind).unstarted(() -> {
            var random = new Random(kind.hashCode());
            while (!ending) {
                try {
                    reading.read(random);
                    count(kind);
                } catch (RuntimeException | AssertionError failure) {
                    wrong(kind + ": " + failure);
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        });
    }

    private void count(String kind) {
        answers.computeIfAbsent(kind, key -> new AtomicLong()).incrementAndGet();
    }

    private void wrong(String what) {
        if (wrong.size() < 20) {
            wrong.add(what.substring(0, Math.min(400, what.length())));
        }
    }

    void start() {
        Client.await(
                "the topics",
                () -> client.get(Ledger.ACCOUNTS + "/rows?limit=1").statusCode() == 200
                        && client.get(Ledger.BOOKINGS + "/rows?limit=1").statusCode() == 200);
        byKeys(new Random(0)); // for a first position to look back to
        threads.forEach(Thread::start);
    }

    private Position position(HttpResponse<String> answer) {
        return position(answer.headers().firstValue("Millrace-Position").orElseThrow());
    }

    private static Position position(String text) {
        return Position.parse(text).orElseThrow();
    }

    private void remember(Position position, long nanos) {
        synchronized (seen) {
            if (seen.isEmpty() || !seen.getLast().position().hasReached(position)) {
                seen.addLast(new Seen(position, nanos));
            }
        }
    }

    /** Forgets positions that are not asked for any more, and what only they see. */
    void forget() {
        synchronized (seen) {
            long oldest = System.nanoTime() - REMEMBERED.toNanos();
            while (seen.size() > 1 && seen.getFirst().nanos() < oldest) {
                seen.removeFirst();
            }
            if (!seen.isEmpty()) {
                model.forget(seen.getFirst().position());
            }
        }
    }

    private void byKey(Random random) {
        String account = Ledger.account(random.nextInt(), accounts);
        Position before;
        synchronized (seen) {
            before = seen.isEmpty() ? Position.of("-") : seen.getLast().position();
        }
        HttpResponse<String> answer = client.get(Ledger.ACCOUNTS + "/rows/" + account);
        if (answer.statusCode() == 404) {
            if (!model.isAbsentSince(account, before)) {
                wrong(account + " is not found, but was there all the time since " + before);
            }
        } else {
            check(
                    "row by key",
                    answer,
                    Map.of(account, model.at(account, position(answer))),
                    rows(List.of(Client.tree(answer.body()))));
        }
    }

    private void byKeys(Random random) {
        List<String> keys = IntStream.range(0, 20)
                .mapToObj(i -> Ledger.account(random.nextInt(), accounts))
                .distinct()
                .toList();
        long begun = System.nanoTime();
        HttpResponse<String> answer = client.post(
                Ledger.ACCOUNTS + "/rows:lookup",
                keys.stream().collect(Collectors.joining("\",\"", "{\"keys\":[\"", "\"]}")));
        Position position = position(answer);
        remember(position, begun);
        Map<String, Long> expected = new HashMap<>();
        List<JsonNode> found = new ArrayList<>();
        JsonNode data = Client.tree(answer.body()).get("data");
        for (int i = 0; i < keys.size(); i++) {
            long number = model.at(keys.get(i), position);
            if (number != SoakModel.NONE) {
                expected.put(keys.get(i), number);
            }
            if (!data.get(i).isNull()) {
                found.add(data.get(i));
            }
        }
        check("rows by keys", answer, expected, rows(found));
    }

    /** A table kept by its changes is what the model has, now and then. */
    private void changes(Random random) {
        boolean checked = false;
        while (!checked && !ending) {
            checked = subscriber.read(random); // not within the first rows
        }
    }

    private void pages(String options) {
        List<JsonNode> found = new ArrayList<>();
        String cursor = "";
        while (true) {
            HttpResponse<String> answer = client.get(Ledger.ACCOUNTS + "/rows?" + options + cursor);
            if (answer.statusCode() != 200) {
                throw new IllegalStateException("a page answers " + answer.statusCode() + ": " + answer.body());
            }
            JsonNode page = Client.tree(answer.body());
            page.get("data").forEach(found::add);
            if (page.get("next").isNull()) {
                check("page sequence", answer, model.at(position(answer)), rows(found));
                return;
            }
            cursor = "&cursor=" + page.get("next").textValue();
        }
    }

    private void lines(String options) {
        HttpResponse<String> answer = client.get(Ledger.ACCOUNTS + "/rows" + options, "Accept", "application/x-ndjson");
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("NDJSON answers " + answer.statusCode() + ": " + answer.body());
        }
        check(
                "NDJSON" + options,
                answer,
                model.at(position(answer)),
                rows(answer.body().lines().map(Client::tree).toList()));
    }

    /** An older position is answered as it was, or is gone when it is older than is promised. */
    private void asOf(Random random) {
        Seen old;
        synchronized (seen) {
            old = seen.stream().skip(random.nextInt(seen.size())).findFirst().orElseThrow();
        }
        boolean byFlight = random.nextBoolean();
        int status;
        if (byFlight) {
            status = flight("as_of=" + old.position());
        } else {
            HttpResponse<String> answer =
                    client.get(Ledger.ACCOUNTS + "/rows?as_of=" + old.position(), "Accept", "application/x-ndjson");
            status = answer.statusCode();
            if (status == 200) {
                if (!position(answer).equals(old.position())) {
                    wrong("as_of " + old.position() + " is answered at " + position(answer));
                }
                check(
                        "as of",
                        answer,
                        model.at(old.position()),
                        rows(answer.body().lines().map(Client::tree).toList()));
            }
        }
        if (status == 410) {
            count("as of a position: gone");
            Duration age = Duration.ofNanos(System.nanoTime() - old.nanos());
            if (age.compareTo(history) < 0) {
                wrong("as_of " + old.position() + " is gone after " + age);
            }
        } else if (status != 200) {
            wrong("as_of " + old.position() + " answers " + status);
        }
    }

    /** Reads all accounts; 200 or 410. */
    private int flight(String option) {
        Map<String, Long> found = new HashMap<>();
        Position position;
        try {
            FlightInfo info = flight.getInfo(
                    option.isEmpty()
                            ? FlightDescriptor.path("bank", "accounts")
                            : FlightDescriptor.path("bank", "accounts", option));
            String named =
                    info.getSchemaOptional().orElseThrow().getCustomMetadata().get("millrace.position");
            position = position(java.util.Objects.requireNonNull(named));
            try (FlightStream stream =
                    flight.getStream(info.getEndpoints().getFirst().getTicket())) {
                while (stream.next()) {
                    var account = (VarCharVector) stream.getRoot().getVector("account");
                    var number = (BigIntVector) stream.getRoot().getVector("number");
                    for (int row = 0; row < stream.getRoot().getRowCount(); row++) {
                        if (found.put(new String(account.get(row), UTF_8), number.get(row)) != null) {
                            wrong("Flight: an account twice at " + position);
                        }
                    }
                }
            }
        } catch (FlightRuntimeException refused) {
            if (!option.isEmpty() && refused.status().code() == FlightStatusCode.NOT_FOUND) {
                return 410;
            }
            throw refused;
        } catch (RuntimeException unchecked) {
            throw unchecked;
        } catch (Exception failure) { // closing a stream may throw anything
            throw new IllegalStateException(failure);
        }
        check("Flight " + option, position, model.at(position), found);
        return 200;
    }

    /** Bookings are there without a gap from the oldest that is kept. */
    private void bookings(Random random) {
        HttpResponse<String> answer =
                client.get(Ledger.BOOKINGS + "/rows?filter[number][gte]=0", "Accept", "application/x-ndjson");
        Position position = position(answer);
        long[] next = new long[SoakModel.PARTITIONS];
        java.util.Arrays.fill(next, -1);
        answer.body().lines().map(Client::tree).forEach(row -> {
            int partition = Integer.parseInt(row.get("account").textValue().substring(1));
            long number = row.get("number").longValue();
            if (next[partition] >= 0 && number != next[partition]
                    || !row.get("text").textValue().equals(Ledger.text(number))) {
                wrong("bookings: " + row + " instead of number " + next[partition] + " at " + position);
            }
            next[partition] = number + 1;
        });
        for (int partition = 0; partition < next.length; partition++) {
            if (next[partition] >= 0 && next[partition] != position.next(partition)) {
                wrong("bookings of " + partition + " end at " + next[partition] + " at " + position);
            }
        }
    }

    private Map<String, Long> rows(List<JsonNode> rows) {
        Map<String, Long> found = new HashMap<>();
        for (JsonNode row : rows) {
            long number = row.get("number").longValue();
            if (!row.get("text").textValue().equals(Ledger.text(number))
                    || found.put(row.get("account").textValue(), number) != null) {
                wrong("a row is there twice or torn: " + row);
            }
        }
        return found;
    }

    private void check(String what, HttpResponse<String> answer, Map<String, Long> expected, Map<String, Long> found) {
        check(what, position(answer), expected, found);
    }

    private void check(String what, Position position, Map<String, Long> expected, Map<String, Long> found) {
        if (!expected.equals(found)) {
            var differences = new HashMap<>(expected);
            found.forEach((account, number) ->
                    differences.merge(account, number, (wanted, got) -> wanted.equals(got) ? null : wanted));
            wrong(what + " at " + position + ": expected " + expected.size() + " accounts, found " + found.size()
                    + "; differences " + differences);
        }
    }

    /** Reads everything once more when all that was written is served. */
    void last() {
        Position end = model.end("");
        Client.await("the end of the topic", () -> {
            Position now = position(client.json(Ledger.ACCOUNTS).get("position").textValue());
            return IntStream.range(0, SoakModel.PARTITIONS).allMatch(p -> now.next(p) == end.next(p));
        });
        lines("");
        pages("limit=1000");
        flight("");
    }

    Map<String, Long> answers() {
        Map<String, Long> counts = new LinkedHashMap<>();
        answers.forEach((kind, count) -> counts.put(kind, count.get()));
        return counts;
    }

    List<String> wrong() {
        return List.copyOf(wrong);
    }

    @Override
    public String toString() {
        return answers() + ", wrong: " + wrong;
    }

    @Override
    public void close() throws InterruptedException {
        if (!ending) {
            ending = true;
            for (Thread thread : threads) {
                thread.join();
            }
            subscriber.close();
        }
    }
}
