package dev.millrace.contract;

import dev.millrace.config.DataSize;
import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * How long a contract has its rows kept.
 *
 * @param history how long a position stays readable: the custom property {@code millrace.history}, for example
 *     {@code PT15M}; empty where the platform's setting counts
 * @param age the service level {@code retention}; empty for no limit
 * @param rows the custom property {@code millrace.retentionRows}; Long.MAX_VALUE for no limit
 * @param bytes the custom property {@code millrace.retentionBytes}, for example {@code 10GiB}; Long.MAX_VALUE for no limit
 * @param eventTime the custom property {@code millrace.eventTime}, a timestamp column by which the age counts; empty for
 *     the record's own time
 */
public record Keeping(Optional<Duration> history, Optional<Duration> age, long rows, long bytes, String eventTime) {
    private static final String HISTORY = "millrace.history";
    private static final String ROWS = "millrace.retentionRows";
    private static final String BYTES = "millrace.retentionBytes";
    private static final String EVENT_TIME = "millrace.eventTime";
    static final Set<String> PROPERTIES = Set.of(HISTORY, ROWS, BYTES, EVENT_TIME);

    /** What a contract says for one of its schema objects; what cannot be is a fault and counts as not said. */
    public static Keeping read(Contract contract, SchemaObject object, Faults faults) {
        Cursor root = Cursor.at(contract.root(), faults);
        Optional<Duration> age = Elements.mappings(root, "slaProperties").stream()
                .filter(level -> level.text("property").equals("retention"))
                .filter(level -> contract.concerns(object, QualityRules.element(root, level)))
                .findFirst()
                .flatMap(level -> {
                    Optional<Duration> given = QualityRules.lengthOfTime(level.quietly());
                    if (given.isEmpty()) {
                        level.warning("The retention is no length of time; rows are kept for ever.");
                    }
                    return given;
                });
        Function<String, Optional<Cursor>> custom = name -> Elements.custom(contract, object, name, faults);
        return new Keeping(
                custom.apply(HISTORY)
                        .flatMap(given -> Elements.parsed(
                                given, "a duration above 0 as PT15M", text -> positive(Duration.parse(text)))),
                age,
                custom.apply(ROWS)
                        .flatMap(given -> Elements.parsed(
                                given, "a number of rows above 0", text -> positive(Long.parseLong(text))))
                        .orElse(Long.MAX_VALUE),
                custom.apply(BYTES)
                        .flatMap(given -> Elements.parsed(
                                given,
                                "a size as 10GiB",
                                text -> positive(DataSize.parse(text).bytes())))
                        .orElse(Long.MAX_VALUE),
                custom.apply(EVENT_TIME)
                        .flatMap(given ->
                                Elements.parsed(given, "a column of type timestamp", text -> column(object, text)))
                        .orElse(""));
    }

    private static Duration positive(Duration duration) {
        positive(duration.toMillis());
        return duration;
    }

    private static long positive(long number) {
        if (number < 1) {
            throw new IllegalArgumentException("not above 0");
        }
        return number;
    }

    private static String column(SchemaObject object, String name) {
        return object.property(name)
                .filter(property -> property.fieldType() instanceof FieldType.Timestamp)
                .orElseThrow(() -> new IllegalArgumentException("no timestamp"))
                .name();
    }
}
