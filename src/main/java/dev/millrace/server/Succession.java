package dev.millrace.server;

import dev.millrace.codec.RecordRules;
import dev.millrace.config.yaml.Faults;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.QualityRule;
import dev.millrace.contract.QualityRules;
import dev.millrace.contract.evolution.Change;
import dev.millrace.contract.evolution.Evolution;
import dev.millrace.domain.ContractChange;
import dev.millrace.domain.ContractChange.State;
import dev.millrace.problem.Fault;
import dev.millrace.store.StoreSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a contract can follow the one that a product is served under.
 *
 * @param refusals why it may not be taken by itself, a sentence each; empty when it may
 * @param waits why it is taken at a start only; empty when it may be taken while the product is served
 * @param rebuilds whether the rows in store must be forgotten and read again for it
 */
record Succession(Evolution evolution, List<String> refusals, List<String> waits, boolean rebuilds) {
    Succession {
        refusals = List.copyOf(refusals);
        waits = List.copyOf(waits);
    }

    /** How {@code next} follows {@code now}; {@code stored} is what the rows in store look like, empty for none. */
    static Succession of(ProductDefinition now, ProductDefinition next, Optional<StoreSchema> stored) {
        Evolution evolution = Evolution.between(
                now.contract().only(now.object()), next.contract().only(next.object()));
        List<String> refusals = new ArrayList<>(faults(next));
        evolution.changes().stream()
                .filter(Change::breaks)
                .forEach(change -> refusals.add(change.path() + ": " + change.message()));
        boolean otherTopics = !topics(now).equals(topics(next));
        if (otherTopics) {
            refusals.add("The topics change from " + topics(now) + " to " + topics(next) + ".");
        }
        StoreSchema wanted = MillraceServer.schema(next);
        boolean unreadable = stored.isPresent() && !wanted.reads(stored.get());
        if (unreadable) {
            refusals.add(UNREADABLE);
        }
        List<String> waits = new ArrayList<>();
        if (!wanted.layout().isSame(MillraceServer.schema(now).layout())) {
            waits.add("It has other columns than the stored rows: it is served after the next start.");
        } else if (!measured(now).equals(measured(next))) {
            waits.add("It has other rules about the data as a whole: it is served after the next start.");
        }
        return new Succession(evolution, refusals, waits, otherTopics || unreadable);
    }

    private static final String UNREADABLE =
            "The stored rows cannot be read in its columns; read them again from the topic.";

    /** Why a product that was never served cannot be. */
    static List<String> obstacles(ProductDefinition first, Optional<StoreSchema> stored) {
        List<String> reasons = new ArrayList<>(faults(first));
        if (stored.isPresent() && !MillraceServer.schema(first).reads(stored.get())) {
            reasons.add(UNREADABLE);
        }
        return reasons;
    }

    /** What is wrong with a contract's rules, which its reader does not see. */
    static List<String> faults(ProductDefinition product) {
        return RecordRules.faults(product.object()).stream()
                .map(Fault::toString)
                .toList();
    }

    /** What keeps it from being served at once; empty when nothing does. */
    Optional<ContractChange> obstacle() {
        if (!refusals.isEmpty()) {
            return Optional.of(new ContractChange(State.REFUSED, evolution.to(), refusals));
        }
        return waits.isEmpty()
                ? Optional.empty()
                : Optional.of(new ContractChange(State.WAITING, evolution.to(), waits));
    }

    private static List<String> topics(ProductDefinition definition) {
        return List.of(definition.topic(), definition.deadLetterTopic());
    }

    /** The rules that are measured over all rows. */
    private static List<QualityRule> measured(ProductDefinition definition) {
        return QualityRules.read(definition.contract(), definition.object(), new Faults());
    }
}
