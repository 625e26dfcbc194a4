package dev.millrace.http;

import dev.millrace.problem.Problem;
import dev.millrace.query.ChangeForm;
import dev.millrace.query.ChangeReader;
import dev.millrace.query.ChangeToken;
import dev.millrace.query.RowsQuery;
import dev.millrace.query.View;
import dev.millrace.store.Position;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * The subscribers of one query in one form on one event loop. Those who stand at the group's position are its members: what
 * comes next is read and encoded once for all of them. Who cannot take it leaves, and so slows nobody; when its socket has
 * room again it reads for itself until it stands where the group stands.
 *
 * <p>A group always stands between two records. It moves on before its members are sent the buffer that leads there, so who
 * joins meanwhile is not sent it, and there is no next one before the last member was sent this one.
 */
final class ChangeGroup {
    /** With the record that goes beyond it below 64 KiB, which some clients take for the limit of a frame. */
    private static final int SOFT_BYTES = 32 << 10;

    private static final long TURN_NANOS = 1_000_000;
    private static final short SLOW = 1013;
    private static final short POLICY = 1008;

    /** What a group's subscribers have in common. */
    record Asked(long view, List<String> query, ChangeForm form, boolean numbersAsStrings) {}

    private record Filled(ChangeReader.Filled end, ByteBuf bytes) {}

    private final ChangeHub hub;
    private final Asked key;
    private final View view;
    private final RowsQuery query;
    private final Set<Subscriber> all = new LinkedHashSet<>();
    private final Set<Subscriber> members = new LinkedHashSet<>();
    private List<Subscriber> ahead = new ArrayList<>();
    private Position position;
    private boolean busy;
    private long policyVersion;

    ChangeGroup(ChangeHub hub, Asked key, View view, RowsQuery query) {
        this.hub = hub;
        this.key = key;
        this.view = view;
        this.query = query;
        this.position = view.position();
        this.policyVersion = hub.product().policyVersion();
    }

    /** Takes a subscriber from its token on; it gives its place back in the end. */
    void join(Subscriber subscriber) {
        all.add(subscriber);
        subscriber.outlet.onClose(() -> leave(subscriber));
        subscriber.outlet.beat(key.form().opening(subscriber.token));
        if (!sees(subscriber)) {
            close(subscriber);
            return;
        }
        settle(subscriber, subscriber.token.isAt(view.position()));
    }

    private void settle(Subscriber subscriber, boolean current) {
        if (subscriber.stand == Subscriber.Stand.ENDED) {
            return;
        }
        ChangeToken token = subscriber.token;
        if (members.isEmpty() && !busy) {
            // Nobody stands there: the group is wherever that is best.
            position = current ? token.position() : view.position();
        }
        if (token.isAt(position)) {
            subscriber.stand = Subscriber.Stand.MEMBER;
            members.add(subscriber);
            advance();
        } else if (!position.topicId().equals(token.position().topicId())
                || (reached().hasReached(token.needs()) && !token.isAt(reached()))) {
            subscriber.stand = Subscriber.Stand.BEHIND;
            hub.queue(() -> catchUp(subscriber));
        } else {
            subscriber.stand = Subscriber.Stand.AHEAD;
            ahead.add(subscriber);
        }
    }

    /** How far of the group's position can be read: a partition that is read again from the topic may be behind it. */
    private Position reached() {
        Position now = view.position();
        if (now.hasReached(position) || !now.topicId().equals(position.topicId())) {
            return position;
        }
        long[] next = new long[position.partitions()];
        Arrays.setAll(next, partition -> Math.min(position.next(partition), now.next(partition)));
        return Position.of(position.topicId(), next);
    }

    private boolean sees(Subscriber subscriber) {
        return hub.product()
                .seenBy(subscriber.caller)
                .filter(now -> now.id() == key.view())
                .isPresent();
    }

    /** Ends those who see something else now, or nothing, with the id to resume from. */
    private void checkSight() {
        List.copyOf(all).stream().filter(subscriber -> !sees(subscriber)).forEach(this::close);
    }

    /** Looks whether the product has moved on. */
    void advance() {
        if (hub.product().policyVersion() != policyVersion) {
            policyVersion = hub.product().policyVersion();
            checkSight();
        }
        Position now = view.position();
        if (busy || position.hasReached(now) || hub.isClosed()) {
            return;
        }
        if (members.isEmpty()) {
            position = now;
            settleAhead();
            return;
        }
        busy = true;
        fill(ChangeToken.changes(position), now, filled -> moved(filled), failure -> {
            busy = false;
            if (HttpFaults.of(failure) instanceof Problem.InvalidParameter) {
                return; // a partition was set back meanwhile; the next run tries again
            }
            position = view.position();
            List.copyOf(members).forEach(member -> fail(member, failure));
            settleAhead();
        });
    }

    private void moved(Filled filled) {
        position = filled.end().token().position();
        deliver(filled, Subscriber.Stand.MEMBER, members.toArray(Subscriber[]::new), () -> {
            busy = false;
            settleAhead();
            advance();
        });
    }

    /** Sends what was read, which is owned, to those who then still stand so, and says {@code end}. */
    private void deliver(Filled filled, Subscriber.Stand stand, Subscriber[] subscribers, Runnable end) {
        var chunk = new Outlet.Chunk(filled.bytes());
        boolean nothing = !filled.bytes().isReadable();
        Consumer<Subscriber> visit = subscriber -> {
            if (subscriber.stand == stand) {
                subscriber.token = filled.end().token();
                if (!nothing) {
                    send(subscriber, chunk);
                }
            }
        };
        each(subscribers, 0, visit, () -> {
            chunk.release();
            end.run();
        });
    }

    /** Goes over subscribers, a millisecond in each turn of the event loop, so that it is never held up. */
    private void each(Subscriber[] subscribers, int from, Consumer<Subscriber> visit, Runnable end) {
        long begun = System.nanoTime();
        int next = from;
        while (next < subscribers.length && System.nanoTime() - begun < TURN_NANOS) {
            visit.accept(subscribers[next++]);
        }
        if (next == subscribers.length) {
            end.run();
        } else {
            int rest = next;
            hub.context().runOnContext(turn -> each(subscribers, rest, visit, end));
        }
    }

    private void settleAhead() {
        List<Subscriber> waiting = ahead;
        ahead = new ArrayList<>();
        waiting.forEach(subscriber -> settle(subscriber, false));
    }

    private void catchUp(Subscriber subscriber) {
        if (subscriber.stand != Subscriber.Stand.BEHIND) {
            hub.next();
            return;
        }
        fill(
                subscriber.token,
                reached(),
                filled -> {
                    hub.next();
                    deliver(filled, Subscriber.Stand.BEHIND, new Subscriber[] {subscriber}, () -> {
                        if (subscriber.stand != Subscriber.Stand.BEHIND) {
                            return;
                        }
                        if (filled.end().more()) {
                            hub.queue(() -> catchUp(subscriber));
                        } else {
                            settle(subscriber, true);
                        }
                    });
                },
                failure -> {
                    hub.next();
                    fail(subscriber, failure);
                });
    }

    /** Reads on a worker; the result comes on the event loop, its bytes owned by {@code done}. */
    private void fill(ChangeToken from, Position until, Consumer<Filled> done, Consumer<Throwable> failed) {
        hub.work(() -> {
                    var reader = new ChangeReader(view, query, key.form(), key.numbersAsStrings());
                    var end = new AtomicReference<ChangeReader.Filled>();
                    ByteBuf bytes = new NettyTarget()
                            .filled(
                                    4096,
                                    sink -> end.setPlain(reader.fill(from, until, sink, SOFT_BYTES, hub::isClosed)));
                    return new Filled(end.getPlain(), bytes);
                })
                .onSuccess(done::accept)
                .onFailure(failed::accept);
    }

    private void send(Subscriber subscriber, Outlet.Chunk chunk) {
        subscriber.outlet.write(chunk);
        if (subscriber.outlet.full()) {
            members.remove(subscriber);
            subscriber.stand = Subscriber.Stand.FULL;
            subscriber.fullSince = System.nanoTime();
            subscriber.outlet.onDrain(() -> {
                if (subscriber.stand == Subscriber.Stand.FULL) {
                    settle(subscriber, false);
                }
            });
        }
    }

    /** Says to all how far they have come, and ends those who take nothing. */
    void beat(long stallNanos) {
        checkSight(); // a grant may have ended
        each(
                all.toArray(Subscriber[]::new),
                0,
                subscriber -> {
                    if (subscriber.stand == Subscriber.Stand.FULL) {
                        if (System.nanoTime() - subscriber.fullSince > stallNanos) {
                            end(
                                    subscriber,
                                    Optional.of(new Problem.Unavailable(
                                            "This subscription",
                                            "the client reads too slowly. Resume with the last id.")));
                        }
                    } else if (subscriber.stand != Subscriber.Stand.ENDED) {
                        subscriber.outlet.beat(key.form().position(subscriber.token));
                    }
                },
                () -> {});
    }

    /** Ends all, since the server stops, with the id to resume from. */
    void close() {
        List.copyOf(all).forEach(this::close);
    }

    private void close(Subscriber subscriber) {
        subscriber.outlet.beat(key.form().position(subscriber.token));
        end(subscriber, Optional.empty());
    }

    private void fail(Subscriber subscriber, Throwable failure) {
        end(subscriber, Optional.of(HttpFaults.of(failure)));
    }

    private void end(Subscriber subscriber, Optional<Problem> problem) {
        if (leave(subscriber)) {
            subscriber.outlet.end(problem.map(why -> new Outlet.Reason(
                    key.form().problem(Responder.json(why, "").encode()),
                    why instanceof Problem.Gone ? POLICY : SLOW,
                    why.detail())));
        }
    }

    private boolean leave(Subscriber subscriber) {
        boolean left = all.remove(subscriber);
        if (left) {
            subscriber.stand = Subscriber.Stand.ENDED;
            members.remove(subscriber);
            ahead.remove(subscriber);
            hub.left(subscriber, key, all.isEmpty());
        }
        return left;
    }
}
