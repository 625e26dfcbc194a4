package dev.millrace.domain;

import java.util.List;

/**
 * A contract in the mesh folder that is not the one served.
 *
 * @param version the new contract's; empty where its file cannot be read
 * @param reasons why it is not served, a sentence each
 */
public record ContractChange(State state, String version, List<String> reasons) {
    /** What becomes of it. */
    public enum State {
        /** It is served after the next start. */
        WAITING,
        /** It is not served, after a start neither, until it is accepted: it is broken, or would break somebody. */
        REFUSED
    }

    public ContractChange {
        reasons = List.copyOf(reasons);
    }
}
