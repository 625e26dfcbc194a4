package dev.millrace.contract;

import dev.millrace.problem.Fault;
import java.util.List;

/**
 * What a domain's {@code policies.yaml} says.
 *
 * @param faults why it cannot be used; then there are no grants, and nobody sees anything of the domain
 */
public record Policies(List<Grant> grants, List<Fault> faults) {
    /** Of a domain without that file: its contracts say who may do what. */
    public static final Policies NONE = new Policies(List.of(), List.of());

    public Policies {
        grants = List.copyOf(grants);
        faults = List.copyOf(faults);
    }

    /** Whether it cannot be used. */
    public boolean isBroken() {
        return !faults.isEmpty();
    }
}
