package dev.millrace.contract.evolution;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.evolution.Change.Effect;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Changes of {@code slaProperties}: one that promises less than before breaks consumers. */
final class ServiceLevelChanges {
    /** Of what a smaller value promises more, and of what a larger one. */
    private static final Map<String, Integer> BETTER = Map.ofEntries(
            Map.entry("latency", -1),
            Map.entry("ly", -1),
            Map.entry("freshness", -1),
            Map.entry("frequency", -1),
            Map.entry("fy", -1),
            Map.entry("errorrate", -1),
            Map.entry("timetodetect", -1),
            Map.entry("td", -1),
            Map.entry("timetonotify", -1),
            Map.entry("tn", -1),
            Map.entry("timetorepair", -1),
            Map.entry("tr", -1),
            Map.entry("retention", 1),
            Map.entry("re", 1),
            Map.entry("availability", 1),
            Map.entry("av", 1),
            Map.entry("throughput", 1),
            Map.entry("th", 1));

    private static final Map<String, Long> SECONDS = Map.of(
            "s",
            1L,
            "second",
            1L,
            "m",
            60L,
            "min",
            60L,
            "minute",
            60L,
            "h",
            3_600L,
            "hour",
            3_600L,
            "d",
            86_400L,
            "day",
            86_400L,
            "y",
            31_557_600L);

    private record Level(String text, Optional<BigDecimal> value, String unit) {}

    private ServiceLevelChanges() {}

    static void between(Node before, Node after, List<Change> changes) {
        Map<String, Level> old = levels(before);
        Map<String, Level> now = levels(after);
        old.forEach((name, level) -> {
            Level next = now.get(name);
            if (next == null) {
                changes.add(change(name, "is withdrawn", Effect.BREAK));
            } else if (!next.text().equals(level.text())) {
                OptionalInt order = order(name, level, next);
                String message = "changes from " + level.text() + " to " + next.text();
                if (order.isEmpty()) {
                    changes.add(change(name, message, Effect.WARNING));
                } else if (order.getAsInt() != 0) {
                    boolean worse = order.getAsInt() < 0;
                    changes.add(change(
                            name,
                            message + (worse ? ", which promises less" : ", which promises more"),
                            worse ? Effect.BREAK : Effect.NONE));
                }
            }
        });
        now.forEach((name, level) -> {
            if (!old.containsKey(name)) {
                changes.add(
                        Change.addition("slaProperties." + name, "sla", "The service level '" + name + "' is new."));
            }
        });
    }

    private static Change change(String name, String message, Effect consumer) {
        return Change.of(
                "slaProperties." + name,
                "sla",
                "The service level '" + name + "' " + message + ".",
                Effect.NONE,
                consumer);
    }

    /** Above 0 when the new one promises more; empty where that cannot be told. */
    private static OptionalInt order(String name, Level before, Level after) {
        Integer better = BETTER.get(name.replaceFirst("\\(.*", "").toLowerCase(Locale.ROOT));
        if (better == null || before.value().isEmpty() || after.value().isEmpty()) {
            return OptionalInt.empty();
        }
        Long unitBefore = SECONDS.get(before.unit());
        Long unitAfter = SECONDS.get(after.unit());
        boolean comparable = before.unit().equals(after.unit()) || unitBefore != null && unitAfter != null;
        if (!comparable) {
            return OptionalInt.empty();
        }
        BigDecimal left = before.value().get().multiply(BigDecimal.valueOf(unitBefore == null ? 1 : unitBefore));
        BigDecimal right = after.value().get().multiply(BigDecimal.valueOf(unitAfter == null ? 1 : unitAfter));
        return OptionalInt.of(better > 0 ? right.compareTo(left) : left.compareTo(right));
    }

    /** The levels by name, with the element behind it in brackets where one is named. */
    private static Map<String, Level> levels(Node root) {
        Map<String, Level> levels = new LinkedHashMap<>();
        Cursor.at(root, new Faults())
                .field("slaProperties")
                .filter(Cursor::isSequence)
                .ifPresent(given -> {
                    for (Cursor item : given.items()) {
                        String element = item.text("element");
                        String name = item.text("property") + (element.isEmpty() ? "" : "(" + element + ")");
                        String value = item.text("value");
                        String unit = item.text("unit").strip().toLowerCase(Locale.ROOT);
                        String singular =
                                unit.length() > 3 && unit.endsWith("s") ? unit.substring(0, unit.length() - 1) : unit;
                        levels.putIfAbsent(name, new Level((value + " " + unit).strip(), number(value), singular));
                    }
                });
        return levels;
    }

    private static Optional<BigDecimal> number(String text) {
        String digits = text.strip().replaceFirst("\\s*%$", "");
        return digits.matches("[+-]?\\d{1,18}(\\.\\d{1,18})?") ? Optional.of(new BigDecimal(digits)) : Optional.empty();
    }
}
