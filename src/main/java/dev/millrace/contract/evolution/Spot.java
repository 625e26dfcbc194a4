package dev.millrace.contract.evolution;

import dev.millrace.contract.evolution.Change.Effect;
import java.util.List;

/**
 * A place in a contract, and where its changes go.
 *
 * @param path of {@link Change#path}; empty for the whole contract
 * @param changes all that were found so far
 */
record Spot(String path, List<Change> changes) {
    Spot within(String name) {
        return new Spot(path.isEmpty() ? name : path + "." + name, changes);
    }

    /** What an array at this place holds. */
    Spot items() {
        return new Spot(path + "[]", changes);
    }

    /** Adds a change; {@code message} is a format of the values. */
    void add(String rule, Effect producer, Effect consumer, String message, Object... values) {
        changes.add(Change.of(path, rule, message.formatted(values), producer, consumer));
    }

    /** Adds something new that hurts nobody. */
    void addition(String rule, String message, Object... values) {
        changes.add(Change.addition(path, rule, message.formatted(values)));
    }

    /** Adds a change where the two differ; {@code message} is a format of both. */
    void compare(String rule, Object before, Object after, Effect producer, Effect consumer, String message) {
        if (!before.equals(after)) {
            add(rule, producer, consumer, message, before, after);
        }
    }

    /** Adds a change of something that binds who produces where it is so, and who consumes where it is not. */
    void flag(String rule, boolean before, boolean after, String set, String cleared) {
        if (before != after) {
            add(rule, after ? Effect.BREAK : Effect.NONE, after ? Effect.NONE : Effect.BREAK, after ? set : cleared);
        }
    }
}
