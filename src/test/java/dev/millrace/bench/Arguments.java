package dev.millrace.bench;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What the command line says.
 *
 * @param name the benchmark
 * @param options values by name, without the dashes
 */
public record Arguments(String name, Map<String, String> options) {
    private static final String JSON = "json";

    public Arguments {
        options = Map.copyOf(options);
    }

    static Arguments parse(String[] arguments) {
        if (arguments.length == 0) {
            throw new IllegalArgumentException("A name is missing.");
        }
        Map<String, String> options = new HashMap<>();
        for (int i = 1; i < arguments.length; i += 2) {
            if (!arguments[i].startsWith("--") || i + 1 == arguments.length) {
                throw new IllegalArgumentException("Expected --OPTION VALUE, found '" + arguments[i] + "'.");
            }
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return new Arguments(arguments[0], options);
    }

    void requireKnown(SortedMap<String, String> known) {
        for (String option : options.keySet()) {
            if (!option.equals(JSON) && !known.containsKey(option)) {
                throw new IllegalArgumentException("'" + name + "' has no option --" + option + ".");
            }
        }
    }

    Optional<Path> json() {
        return Optional.ofNullable(options.get(JSON)).map(Path::of);
    }

    /** An option's text, or the default of {@code bench}. */
    public String text(String option, Bench bench) {
        String fallback = bench.options().get(option);
        return options.getOrDefault(option, fallback == null ? "" : fallback);
    }

    /** An option's whole number, at least 1, or the default of {@code bench}. */
    public int number(String option, Bench bench) {
        String text = text(option, bench);
        try {
            int number = Integer.parseInt(text);
            if (number >= 1) {
                return number;
            }
        } catch (NumberFormatException wrong) {
            throw new IllegalArgumentException("--" + option + " takes a whole number, not '" + text + "'.", wrong);
        }
        throw new IllegalArgumentException("--" + option + " takes a number of at least 1, not '" + text + "'.");
    }
}
