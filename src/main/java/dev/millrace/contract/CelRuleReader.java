package dev.millrace.contract;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.problem.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the CEL rules of one schema object, and says which are left out. */
final class CelRuleReader {
    private static final int LONGEST = 10_000;
    private static final int MOST = 100;

    private final List<CelRule> rules = new ArrayList<>();
    private final Set<String> names = new HashSet<>();

    private CelRuleReader() {}

    static List<CelRule> read(Cursor object) {
        var reader = new CelRuleReader();
        QualityRules.visit(object, List.of(), (check, path) -> {
            if (check.text("type").equals("custom") && check.text("engine").equalsIgnoreCase("cel")) {
                if (path.size() < 2) {
                    reader.rule(check, String.join("", path));
                } else {
                    check.as(Rule.INVALID_RULE)
                            .warning("A CEL rule stands at a column or at the object; here it is not evaluated.");
                }
            }
        });
        return reader.rules;
    }

    private void rule(Cursor check, String column) {
        Optional<Cursor> given = check.field("implementation");
        Optional<String> expression = given.flatMap(Cursor::text);
        if (expression.isEmpty()
                || expression.get().isBlank()
                || expression.get().length() > LONGEST) {
            check.as(Rule.INVALID_RULE)
                    .error("A CEL rule needs an implementation: an expression of at most " + LONGEST + " characters.");
            return;
        }
        if (rules.size() == MOST) {
            check.as(Rule.INVALID_RULE).error("There are more than " + MOST + " CEL rules.");
            return;
        }
        String name = check.text("name").isBlank() ? check.text("id") : check.text("name");
        String unique = name.isBlank() ? (column.isEmpty() ? "rule" : column) + (rules.size() + 1) : name;
        if (!names.add(unique)) {
            check.as(Rule.INVALID_RULE).error("The name '" + unique + "' stands at a CEL rule a second time.");
        }
        rules.add(new CelRule(
                unique,
                expression.get(),
                column,
                isWarning(check),
                given.get().place(),
                given.get().path()));
    }

    private static boolean isWarning(Cursor check) {
        String severity = check.text("severity");
        if (!Set.of("", "error", "warning").contains(severity)) {
            check.field("severity")
                    .ifPresent(given -> given.as(Rule.INVALID_RULE)
                            .warning("Expected error or warning, found '" + severity
                                    + "'; the rule rejects records as an error does."));
        }
        return severity.equals("warning");
    }
}
