package dev.millrace.contract.evolution;

import dev.millrace.contract.Contract;
import dev.millrace.contract.evolution.Change.Effect;
import dev.millrace.contract.evolution.Change.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What changes from one version of a contract to another, whom it breaks, and the version number that it asks for.
 * Immutable; any thread.
 *
 * @param id the new contract's
 * @param from the old contract's version
 * @param to the new contract's version
 * @param changes in the order of the new contract; the removed before the added, the documentation last
 */
public record Evolution(String id, String from, String to, List<Change> changes) {
    private static final Pattern VERSION =
            Pattern.compile("(v?)(\\d{1,9})(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?(?:[-+].*)?");

    public Evolution {
        changes = List.copyOf(changes);
    }

    /** All that changes from {@code before} to {@code after}. */
    public static Evolution between(Contract before, Contract after) {
        List<Change> changes = new ArrayList<>();
        identity(before, after, changes);
        new SchemaChanges(changes).objects(before, after);
        ServiceLevelChanges.between(before.root(), after.root(), changes);
        DocumentChanges.between(before.root(), after.root(), changes);
        return new Evolution(after.id(), before.version(), after.version(), changes);
    }

    private static void identity(Contract before, Contract after, List<Change> changes) {
        if (!before.id().equals(after.id())) {
            changes.add(Change.of(
                    "id",
                    "id",
                    "The contract's id changes from '" + before.id() + "' to '" + after.id()
                            + "': to everybody who refers to it, it is another contract.",
                    Effect.NONE,
                    Effect.BREAK));
        }
        if (!before.status().equals(after.status())) {
            boolean ends = List.of("deprecated", "retired").contains(after.status());
            changes.add(Change.of(
                    "status",
                    "status",
                    "The status changes from '" + before.status() + "' to '" + after.status() + "'.",
                    Effect.NONE,
                    ends ? Effect.WARNING : Effect.NONE));
        }
    }

    /** Whether any change breaks the producer's side. */
    public boolean breaksProducers() {
        return changes.stream().anyMatch(change -> change.producer() == Effect.BREAK);
    }

    /** Whether any change breaks the consumer's side. */
    public boolean breaksConsumers() {
        return changes.stream().anyMatch(change -> change.consumer() == Effect.BREAK);
    }

    /** Whether any change breaks anybody. */
    public boolean breaks() {
        return changes.stream().anyMatch(Change::breaks);
    }

    /** The part of the version number that must grow; empty when nothing changes. */
    public Optional<Level> level() {
        return changes.stream().map(Change::level).max(Level::compareTo);
    }

    /** The least version that the changes ask for; empty where the old version is no number that could grow. */
    public Optional<String> askedVersion() {
        Matcher old = VERSION.matcher(from.strip());
        if (!old.matches()) {
            return Optional.empty();
        }
        long major = number(old, 2);
        long minor = number(old, 3);
        long patch = number(old, 4);
        String prefix = old.group(1);
        return Optional.of(level().map(level -> switch (level) {
                    case MAJOR -> prefix + (major + 1) + ".0.0";
                    case MINOR -> prefix + major + "." + (minor + 1) + ".0";
                    case PATCH -> prefix + major + "." + minor + "." + (patch + 1);
                })
                .orElse(from));
    }

    /** Whether the new version is at least the one asked for; true where either is no number. */
    public boolean versionIsEnough() {
        Matcher given = VERSION.matcher(to.strip());
        Optional<Matcher> asked = askedVersion().map(VERSION::matcher).filter(Matcher::matches);
        if (!given.matches() || asked.isEmpty()) {
            return true;
        }
        for (int part = 2; part <= 4; part++) {
            int order = Long.compare(number(given, part), number(asked.get(), part));
            if (order != 0) {
                return order > 0;
            }
        }
        return true;
    }

    private static long number(Matcher version, int group) {
        String digits = version.group(group);
        return digits == null ? 0 : Long.parseLong(digits);
    }
}
