package dev.millrace.contract.evolution;

/**
 * One difference between two versions of a contract.
 *
 * @param path where: the schema object's name and the property's names joined by dots, {@code []} for items; or a path
 *     of the document
 * @param rule what kind of change, a stable word such as {@code removed}, {@code type}, {@code maximum}
 * @param message what changed, a sentence
 * @param producer what it does to ingest: whether the new contract reads every record that the old one took
 * @param consumer what it does to readers who know the old output
 * @param level the part of the version number that must grow
 */
public record Change(String path, String rule, String message, Effect producer, Effect consumer, Level level) {
    /** What a change does to one side. */
    public enum Effect {
        NONE,
        /** May surprise; somebody should look. */
        WARNING,
        BREAK
    }

    /** Parts of a version number, the least first. */
    public enum Level {
        PATCH,
        MINOR,
        MAJOR
    }

    /** A change whose effects say what the version must do; without any it is a patch. */
    static Change of(String path, String rule, String message, Effect producer, Effect consumer) {
        boolean breaks = producer == Effect.BREAK || consumer == Effect.BREAK;
        boolean warns = producer == Effect.WARNING || consumer == Effect.WARNING;
        return new Change(
                path, rule, message, producer, consumer, breaks ? Level.MAJOR : warns ? Level.MINOR : Level.PATCH);
    }

    /** Something new that hurts nobody. */
    static Change addition(String path, String rule, String message) {
        return new Change(path, rule, message, Effect.NONE, Effect.NONE, Level.MINOR);
    }

    /** Whether it breaks anybody. */
    public boolean breaks() {
        return level == Level.MAJOR;
    }
}
