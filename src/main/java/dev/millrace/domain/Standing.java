package dev.millrace.domain;

import dev.millrace.domain.ProductState.Phase;

/** What readers can have of a product, as far as readiness goes. */
public enum Standing {
    /** Its rows are served; if they come no further, the state says why. */
    SERVED,
    /** On its way to the end that its topic had when the reading began; it gets there by itself. */
    COMING,
    /** Nothing is there to be served, and nobody knows when there will be. */
    NOT_SERVED;

    /**
     * The standing of a product.
     *
     * @param hasRead whether anything of its topic was read, now or before the last start, or there was nothing to read
     *     when it was {@code LIVE}
     * @param hasBeenLive whether it was {@code LIVE} since the start
     */
    static Standing of(Phase phase, boolean hasRead, boolean hasBeenLive) {
        return switch (phase) {
            case LIVE -> SERVED;
            case STARTING, CATCHING_UP, PAUSED -> hasBeenLive ? SERVED : COMING;
            case UNWRITABLE, RETRYING, RECREATED, GAP, STOPPED -> hasRead ? SERVED : NOT_SERVED;
        };
    }

    /** The standing of a product now. */
    public static Standing of(Product product) {
        boolean live = product.hasBeenLive();
        boolean hasRead = product.unreadable().isEmpty() && (live || product.hasRead());
        return of(product.state().phase(), hasRead, live);
    }
}
