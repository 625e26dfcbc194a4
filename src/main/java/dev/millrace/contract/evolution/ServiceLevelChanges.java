package dev.millrace.contract.evolution;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.Node;
import dev.millrace.contract.evolution.Change.Effect;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Changes of {@code slaProperties}: one that promises less than before breaks consumers. */
final class ServiceLevelChanges {
    private static final Set<String> LESS_IS_BETTER =
            Set.of("latency ly freshness frequency fy errorrate timetodetect td timetonotify tn timetorepair tr"
                    .split(" ", -1));
    private static final Set<String> MORE_IS_BETTER =
            Set.of("retention re availability av throughput th".split(" ", -1));

    private static final Map<String, Integer> SECONDS = Stream.of(
                    "s=1 second=1 m=60 min=60 minute=60 h=3600 hour=3600 d=86400 day=86400 y=31557600".split(" ", -1))
            .map(unit -> unit.split("=", -1))
            .collect(Collectors.toMap(unit -> unit[0], unit -> Integer.valueOf(unit[1])));

    private record Level(String text, Optional<BigDecimal> value, String unit) {
        /** The value in seconds, or in its own unit where that is no time. */
        BigDecimal seconds() {
            return value.orElse(BigDecimal.ZERO).multiply(BigDecimal.valueOf(SECONDS.getOrDefault(unit, 1)));
        }
    }

    private ServiceLevelChanges() {}

    static void between(Node before, Node after, Spot at) {
        Map<String, Level> old = levels(before);
        Map<String, Level> now = levels(after);
        old.forEach((name, level) -> {
            Level next = now.get(name);
            if (next == null) {
                add(at, name, Effect.BREAK, "is withdrawn");
            } else if (!next.text().equals(level.text())) {
                OptionalInt order = order(name, level, next);
                String message = "changes from " + level.text() + " to " + next.text();
                if (order.isEmpty()) {
                    add(at, name, Effect.WARNING, message);
                } else if (order.getAsInt() < 0) {
                    add(at, name, Effect.BREAK, message + ", which promises less");
                } else if (order.getAsInt() > 0) {
                    add(at, name, Effect.NONE, message + ", which promises more");
                }
            }
        });
        now.keySet().stream()
                .filter(name -> !old.containsKey(name))
                .forEach(name -> at.within(name).addition("sla", "The service level '%s' is new.", name));
    }

    private static void add(Spot at, String name, Effect consumer, String message) {
        at.within(name).add("sla", Effect.NONE, consumer, "The service level '%s' %s.", name, message);
    }

    /** Above 0 when the new one promises more; empty where that cannot be told. */
    private static OptionalInt order(String name, Level before, Level after) {
        String kind = name.replaceFirst("\\(.*", "").toLowerCase(Locale.ROOT);
        boolean known = LESS_IS_BETTER.contains(kind) || MORE_IS_BETTER.contains(kind);
        boolean comparable = before.unit().equals(after.unit())
                || SECONDS.containsKey(before.unit()) && SECONDS.containsKey(after.unit());
        if (!known || !comparable || before.value().isEmpty() || after.value().isEmpty()) {
            return OptionalInt.empty();
        }
        int more = after.seconds().compareTo(before.seconds());
        return OptionalInt.of(MORE_IS_BETTER.contains(kind) ? more : -more);
    }

    /** The levels by name, with the element behind it in brackets where one is named. */
    private static Map<String, Level> levels(Node root) {
        Map<String, Level> levels = new LinkedHashMap<>();
        for (Cursor item : Cursor.at(root, new Faults()).items("slaProperties")) {
            String element = item.text("element");
            String name = item.text("property") + (element.isEmpty() ? "" : "(" + element + ")");
            String value = item.text("value");
            String unit = item.text("unit").strip().toLowerCase(Locale.ROOT);
            String singular = unit.length() > 3 && unit.endsWith("s") ? unit.substring(0, unit.length() - 1) : unit;
            levels.putIfAbsent(name, new Level((value + " " + unit).strip(), number(value), singular));
        }
        return levels;
    }

    private static Optional<BigDecimal> number(String text) {
        String digits = text.strip().replaceFirst("\\s*%$", "");
        return digits.matches("[+-]?\\d{1,18}(\\.\\d{1,18})?") ? Optional.of(new BigDecimal(digits)) : Optional.empty();
    }
}
