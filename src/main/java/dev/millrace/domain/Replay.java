package dev.millrace.domain;

import dev.millrace.store.Position;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Sends a product's dead letters back to its topic, as far as its contract takes them now. Any thread. */
public interface Replay {
    /**
     * Replays what the request selects; each letter once, however often it is asked for and whatever stops it.
     *
     * @return fails with {@code Conflict} when another replay of the product is under way, with {@code Unavailable} when
     *     the brokers are away
     */
    CompletableFuture<Report> run(Request request);

    /**
     * What to replay: all letters in state {@code rejected}, or those of them that are named.
     *
     * @param ids keys of letters; empty for all
     * @param rule the first rule that the letters broke; empty for any
     * @param dryRun whether only to say what would happen
     */
    record Request(Set<String> ids, Optional<String> rule, boolean dryRun) {
        public Request {
            ids = Set.copyOf(ids);
        }
    }

    /**
     * Letters that stay where they are, for one reason.
     *
     * @param rule that the record breaks now, or {@code omitted} (its value was too large to be kept), {@code unread} (the
     *     product has not read its place yet), {@code gone} (retention has let go of the rows of its place, so that it
     *     cannot be told whether the product took it), {@code refused} (the topic takes no record so large or so old), {@code
     *     unknown} (there is no such letter in state {@code rejected})
     * @param ids some of the letters
     */
    record Kept(String rule, long count, List<String> ids) {
        public Kept {
            ids = List.copyOf(ids);
        }
    }

    /**
     * What happened.
     *
     * @param replayed letters whose records were sent to the topic again
     * @param taken letters whose records turned out to be rows of the product already, since they were read again
     * @param complete whether all selected letters were looked at; otherwise time ran out, and another run goes on
     * @param position the product's position after the last record sent; the product holds them all when it is reached
     */
    record Report(long replayed, long taken, List<Kept> kept, boolean complete, Position position) {
        public Report {
            kept = List.copyOf(kept);
        }
    }
}
