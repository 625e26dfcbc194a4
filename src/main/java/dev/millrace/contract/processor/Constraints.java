package dev.millrace.contract.processor;

import dev.millrace.contract.processor.JavaType.Family;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What the constraints on one value come to in its contract; those that a contract cannot hold are errors. */
final class Constraints {
    private final Family family;
    private final String type;
    private final Consumer<String> errors;
    private final Map<String, Object> options = new TreeMap<>();
    private boolean notBlank;
    private String pattern = "";
    private int integer;
    private int fraction = -1;

    Constraints(Family family, String type, Consumer<String> errors) {
        this.family = family;
        this.type = type;
        this.errors = errors;
    }

    /** Whether there was a @Digits. */
    boolean hasDigits() {
        return fraction >= 0;
    }

    int precision() {
        return integer + fraction;
    }

    int scale() {
        return fraction;
    }

    /** The {@code logicalTypeOptions}. */
    Map<String, Object> options() {
        // a part that may stand first keeps the expression of the other as it is
        String whole = pattern.contains("|") ? "(?:" + pattern + ")" : pattern;
        if (!pattern.isEmpty()) {
            options.put("pattern", "^" + (notBlank ? "(?=[\\s\\S]*\\S)" : "") + whole + "$");
        } else if (notBlank) {
            options.put("pattern", "\\S");
        }
        return options;
    }

    /** Takes in a constraint of jakarta.validation by its simple name. */
    void add(String name, Map<String, Object> values) {
        if (values.get("groups") instanceof Iterable<?> groups
                && groups.iterator().hasNext()) {
            errors.accept("@" + name + " is in a group, and a contract has none: it always holds.");
        }
        switch (name) {
            case "NotNull" -> {}
            case "NotBlank" -> notBlank = takes(name, Family.TEXT);
            case "NotEmpty" -> atLeast(name, 1);
            case "Size" -> {
                int max = number(values, "max").intValue();
                if (atLeast(name, number(values, "min").intValue()) && max < Integer.MAX_VALUE) {
                    tighten(family == Family.ITEMS ? "maxItems" : "maxLength", BigDecimal.valueOf(max), -1);
                }
            }
            case "Min" -> bound(name, "minimum", number(values, "value"), 1);
            case "Max" -> bound(name, "maximum", number(values, "value"), -1);
            case "DecimalMin" ->
                bound(name, isInclusive(values) ? "minimum" : "exclusiveMinimum", number(values, "value"), 1);
            case "DecimalMax" ->
                bound(name, isInclusive(values) ? "maximum" : "exclusiveMaximum", number(values, "value"), -1);
            case "Positive" -> bound(name, "exclusiveMinimum", BigDecimal.ZERO, 1);
            case "PositiveOrZero" -> bound(name, "minimum", BigDecimal.ZERO, 1);
            case "Negative" -> bound(name, "exclusiveMaximum", BigDecimal.ZERO, -1);
            case "NegativeOrZero" -> bound(name, "maximum", BigDecimal.ZERO, -1);
            case "Digits" -> {
                if (takes(name, Family.DECIMAL)) {
                    integer = number(values, "integer").intValue();
                    fraction = number(values, "fraction").intValue();
                }
            }
            case "Pattern" -> {
                if (values.get("flags") instanceof Iterable<?> flags
                        && flags.iterator().hasNext()) {
                    errors.accept("@Pattern has flags, which a contract cannot hold. Write them in the expression,"
                            + " for example (?i).");
                }
                if (takes(name, Family.TEXT)) {
                    pattern(String.valueOf(values.get("regexp")));
                }
            }
            case "Email" -> {
                if (!".*".equals(values.get("regexp"))) {
                    errors.accept("@Email has an expression of its own; write it as a @Pattern.");
                }
                if (takes(name, Family.TEXT)) {
                    options.put("format", "email");
                }
            }
            case "Past", "PastOrPresent", "Future", "FutureOrPresent" ->
                errors.accept(
                        "@" + name + " depends on the clock: a record that is right today would be wrong on another"
                                + " day, or the other way round, and what is stored is never checked again.");
            default ->
                errors.accept("@" + name + " has no place in a contract, so nothing would hold it. Known are @NotNull,"
                        + " @NotBlank, @NotEmpty, @Size, @Min, @Max, @DecimalMin, @DecimalMax, @Positive,"
                        + " @PositiveOrZero, @Negative, @NegativeOrZero, @Digits, @Pattern and @Email, each once.");
        }
    }

    private void pattern(String regexp) {
        try {
            Pattern.compile(regexp);
            pattern = regexp;
        } catch (PatternSyntaxException e) {
            errors.accept("The pattern does not compile: " + e.getDescription() + " near index " + e.getIndex() + ".");
        }
    }

    private static boolean isInclusive(Map<String, Object> values) {
        return !Boolean.FALSE.equals(values.get("inclusive"));
    }

    private BigDecimal number(Map<String, Object> values, String name) {
        try {
            return new BigDecimal(String.valueOf(values.get(name)));
        } catch (NumberFormatException e) {
            errors.accept("'" + values.get(name) + "' is no number.");
            return BigDecimal.ZERO;
        }
    }

    private boolean atLeast(String name, int least) {
        boolean takes = takes(name, Family.TEXT, Family.BYTES, Family.ITEMS);
        if (takes && least != 0) {
            tighten(family == Family.ITEMS ? "minItems" : "minLength", BigDecimal.valueOf(least), 1);
        }
        return takes;
    }

    private void bound(String name, String option, BigDecimal value, int direction) {
        if (takes(name, Family.WHOLE, Family.DECIMAL, Family.FLOATING)) {
            tighten(option, value, direction);
        }
    }

    /** Keeps the greater of two lower bounds, the lesser of two upper ones. */
    private void tighten(String option, BigDecimal value, int direction) {
        options.merge(
                option, value, (a, b) -> ((BigDecimal) a).compareTo((BigDecimal) b) >= 0 == direction > 0 ? a : b);
    }

    private boolean takes(String name, Family... families) {
        for (Family known : families) {
            if (known == family) {
                return true;
            }
        }
        errors.accept("@" + name + " cannot apply to " + type + ".");
        return false;
    }
}
