package dev.millrace.domain;

/**
 * What a product's input port is doing.
 *
 * @param detail for people: why; empty when there is nothing to say
 */
public record ProductState(Phase phase, String detail) {
    /** The named states. */
    public enum Phase {
        /** No topic seen yet. */
        STARTING,
        /** Reading towards the end offsets seen at start; rows are served, the server is not ready yet. */
        CATCHING_UP,
        /** Has reached the end offsets seen at start. */
        LIVE,
        /** The memory budget is used up: partitions are paused until sealed segments are on the disk. */
        PAUSED,
        /**
         * Files cannot be written, a full disk for example: partitions are paused until they can; rows are served. Or dead
         * letters cannot: reading goes on until too many wait.
         */
        UNWRITABLE,
        /** The input cannot be read now (broker away, topic missing, a failure not foreseen); tried again with back-off. */
        RETRYING,
        /** The topic was deleted and made anew, so its offsets no longer mean what is stored. */
        RECREATED,
        /** Records between the stored position and the oldest in the topic are gone. */
        GAP,
        /** The input port is stopped after a failure that trying again cannot mend. */
        STOPPED
    }

    static ProductState starting() {
        return new ProductState(Phase.STARTING, "");
    }
}
