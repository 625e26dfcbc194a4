package dev.millrace.layer;

import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.Queue;
import java.util.SequencedMap;

/**
 * Tasks that wait for a turn. The next is the first one of the client whose turn it is, in the domain whose turn it is;
 * then both of them go to the end of their line. So a domain waits for one task of each other domain at most, however many
 * those have, and within a domain a client for one of each other client. Any thread.
 */
public final class FairQueue<T> {
    private final SequencedMap<String, SequencedMap<String, Queue<T>>> domains = new LinkedHashMap<>();

    /** Puts a task behind the others of its owner. */
    public synchronized void add(Owner owner, T task) {
        domains.computeIfAbsent(owner.domain(), name -> new LinkedHashMap<>())
                .computeIfAbsent(owner.client(), name -> new ArrayDeque<>())
                .add(task);
    }

    /** Takes the task whose turn it is; empty when none waits. */
    public synchronized Optional<T> poll() {
        var domain = domains.pollFirstEntry();
        if (domain == null) {
            return Optional.empty();
        }
        var client = domain.getValue().pollFirstEntry();
        T task = client.getValue().remove();
        if (!client.getValue().isEmpty()) {
            domain.getValue().putLast(client.getKey(), client.getValue());
        }
        if (!domain.getValue().isEmpty()) {
            domains.putLast(domain.getKey(), domain.getValue());
        }
        return Optional.of(task);
    }
}
