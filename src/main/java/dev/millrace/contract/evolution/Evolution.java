package dev.millrace.contract.evolution;

import dev.millrace.contract.Contract;
import dev.millrace.contract.evolution.Change.Effect;
import dev.millrace.contract.evolution.Change.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

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
        var root = new Spot("", new ArrayList<>());
        root.within("id")
                .compare(
                        "id",
                        before.id(),
                        after.id(),
                        Effect.NONE,
                        Effect.BREAK,
                        "The contract's id changes from '%s' to '%s': to everybody who refers to it, it is another"
                                + " contract.");
        boolean ends = List.of("deprecated", "retired").contains(after.status());
        root.within("status")
                .compare(
                        "status",
                        before.status(),
                        after.status(),
                        Effect.NONE,
                        ends ? Effect.WARNING : Effect.NONE,
                        "The status changes from '%s' to '%s'.");
        SchemaChanges.between(before, after, root);
        ServiceLevelChanges.between(before.root(), after.root(), root.within("slaProperties"));
        DocumentChanges.between(before.root(), after.root(), root.changes());
        return new Evolution(after.id(), before.version(), after.version(), root.changes());
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
        long[] numbers = numbers(old);
        String prefix = old.group(1);
        return Optional.of(level().map(level -> switch (level) {
                    case MAJOR -> prefix + (numbers[0] + 1) + ".0.0";
                    case MINOR -> prefix + numbers[0] + "." + (numbers[1] + 1) + ".0";
                    case PATCH -> prefix + numbers[0] + "." + numbers[1] + "." + (numbers[2] + 1);
                })
                .orElse(from));
    }

    /** Whether the new version is at least the one asked for; true where either is no number. */
    public boolean versionIsEnough() {
        Matcher given = VERSION.matcher(to.strip());
        Optional<Matcher> asked = askedVersion().map(VERSION::matcher).filter(Matcher::matches);
        return !given.matches() || asked.isEmpty() || Arrays.compare(numbers(given), numbers(asked.get())) >= 0;
    }

    /** Major, minor and patch. */
    private static long[] numbers(Matcher version) {
        return IntStream.rangeClosed(2, 4)
                .mapToObj(version::group)
                .mapToLong(digits -> digits == null ? 0 : Long.parseLong(digits))
                .toArray();
    }
}
