package dev.millrace.codec;

import dev.cel.bundle.Cel;
import dev.cel.bundle.CelBuilder;
import dev.cel.bundle.CelFactory;
import dev.cel.common.CelOptions;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.SimpleType;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.config.yaml.Place;
import dev.millrace.contract.CelRule;
import dev.millrace.contract.Property;
import dev.millrace.contract.SchemaObject;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Rule;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLongArray;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a contract that concern a whole record, in CEL, evaluated on the row just written, whatever format it came
 * in. One thread, the batch's writer; {@link #warnings} may be called by any.
 *
 * <p>An expression is checked when the contract is loaded, and bounded when it runs: every step costs one, and the items
 * and texts that it gives cost as much as they hold, up to {@value #MAX_COST} and a second of processor time. What
 * breaks the bound, or fails otherwise, is not true.
 */
public final class RecordRules {
    static final int MAX_COST = 500_000;
    private static final int MAX_DEPTH = 50;
    private static final int STEPS_BETWEEN_LOOKS = 1023;
    private static final long MAX_NANOS = 1_000_000_000;
    private static final CelOptions OPTIONS = CelOptions.current()
            .enableHeterogeneousNumericComparisons(true)
            .evaluateCanonicalTypesToNativeValues(true)
            .comprehensionMaxIterations(MAX_COST)
            .maxParseRecursionDepth(MAX_DEPTH)
            .build();

    private final List<Compiled> rules;

    private record Compiled(CelRule rule, CelRuntime.Program program) {}

    /** Of each rule, how often it was broken: by the record at hand, and by those that were kept. */
    private final long[] now;

    private final AtomicLongArray kept;

    private final @Nullable RowValues row;

    private RecordRules(List<Compiled> rules, @Nullable RowValues row) {
        this.rules = rules;
        this.row = row;
        this.now = new long[rules.size()];
        this.kept = new AtomicLongArray(rules.size());
    }

    /** No rules. */
    static RecordRules none() {
        return new RecordRules(List.of(), null);
    }

    /**
     * The rules of an object over the rows of {@code writer}, which is borrowed and whose first columns are the object's.
     *
     * @throws IllegalArgumentException when a rule does not compile, which {@link #faults} says beforehand
     */
    static RecordRules of(SchemaObject object, BatchWriter writer) {
        if (object.celRules().isEmpty()) {
            return none();
        }
        Cel cel = environment(object);
        List<Compiled> compiled = new ArrayList<>();
        for (CelRule rule : object.celRules()) {
            try {
                compiled.add(new Compiled(
                        rule, cel.createProgram(cel.compile(rule.expression()).getAst())));
            } catch (CelValidationException | CelEvaluationException broken) {
                throw new IllegalArgumentException("the rule " + rule.name() + " does not compile", broken);
            }
        }
        return new RecordRules(List.copyOf(compiled), new RowValues(object.properties(), writer));
    }

    /**
     * What the contract's reader cannot see: CEL that does not compile or does not give true or false, and defaults that
     * break their own rules. Every fault has the place of its rule or property.
     */
    public static List<Fault> faults(SchemaObject object) {
        List<Fault> faults = new ArrayList<>();
        if (!object.celRules().isEmpty()) {
            Cel cel = environment(object);
            for (CelRule rule : object.celRules()) {
                cel.compile(rule.expression())
                        .getErrors()
                        .forEach(issue -> faults.add(fault(
                                rule.place(),
                                rule.path(),
                                "The CEL rule does not compile: " + issue.getMessage() + " (line "
                                        + issue.getSourceLocation().getLine() + ", column "
                                        + (issue.getSourceLocation().getColumn() + 1) + " of the expression).")));
            }
        }
        if (object.properties().stream().noneMatch(RecordRules::hasDefault)) {
            return faults;
        }
        try (var allocator = new RootAllocator();
                var writer = new BatchWriter(Layout.of(ArrowSchemas.of(object.properties())), allocator)) {
            writer.open(1);
            var plan = new FieldPlan.ObjectPlan(object.properties(), writer::column);
            defaults(object.properties(), plan.fields, faults);
        }
        return faults;
    }

    private static Fault fault(Place at, String path, String message) {
        return new Fault(Rule.INVALID_RULE, at.file(), at.line(), at.column(), path, Fault.Severity.ERROR, message);
    }

    private static boolean hasDefault(Property property) {
        return property.rules().fallback().isPresent()
                || property.properties().stream().anyMatch(RecordRules::hasDefault)
                || property.items().filter(RecordRules::hasDefault).isPresent();
    }

    private static void defaults(List<Property> properties, FieldPlan[] plans, List<Fault> faults) {
        for (int i = 0; i < plans.length; i++) {
            check(properties.get(i), plans[i], faults);
        }
    }

    private static void check(Property property, FieldPlan plan, List<Fault> faults) {
        var notes = new RecordFaults();
        if (plan.fallback != null
                && !plan.fallback.put(new CheckedColumns(notes, JsonLimits.DEFAULT.maxStringBytes()), plan)) {
            faults.add(fault(
                    property.place(),
                    property.name(),
                    "The default breaks the property's own rule "
                            + notes.violation().rule() + ": "
                            + notes.violation().reason()));
        }
        if (plan.object != null) {
            defaults(property.properties(), plan.object.fields, faults);
        }
        FieldPlan item = plan.item;
        if (item != null) {
            property.items().ifPresent(inner -> check(inner, item, faults));
        }
    }

    private static Cel environment(SchemaObject object) {
        var types = CelRecordTypes.of(object.properties());
        CelBuilder builder = CelFactory.standardCelBuilder()
                .setOptions(OPTIONS)
                .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
                .setTypeProvider(types)
                .setResultType(SimpleType.BOOL);
        types.variables().forEach(builder::addVar);
        return builder.build();
    }

    /** The rule's names with how many rows that were kept have broken them; rules of severity warning only. */
    public Map<String, Long> warnings() {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).rule.warning()) {
                counts.put(rules.get(i).rule.name(), kept.get(i));
            }
        }
        return counts;
    }

    /** Ends a record: the warnings of its rows are counted if it is kept, else forgotten. */
    public void end(boolean isKept) {
        for (int i = 0; i < now.length; i++) {
            if (isKept && now[i] > 0) {
                kept.addAndGet(i, now[i]);
            }
            now[i] = 0;
        }
    }

    /**
     * Whether a row being written, which has all its values and is not ended, keeps the rules; notes why not.
     *
     * @param number of the row among those being written
     */
    boolean hold(RecordFaults faults, int number) {
        RowValues values = row;
        if (values == null) {
            return true;
        }
        values.at(number);
        for (int i = 0; i < rules.size(); i++) {
            Compiled compiled = rules.get(i);
            CelRule rule = compiled.rule;
            if (!rule.column().isEmpty() && values.isNull(rule.column())) {
                continue;
            }
            Optional<String> broken = broken(compiled.program, values);
            if (broken.isPresent() && rule.warning()) {
                now[i]++;
            } else if (broken.isPresent()) {
                faults.at("cel:" + rule.name(), broken.get());
                if (!rule.column().isEmpty()) {
                    faults.in(rule.column());
                }
                return false;
            }
        }
        return true;
    }

    // The evaluator is a library that runs what somebody wrote: whatever it throws means that the rule is not true.
    private static Optional<String> broken(CelRuntime.Program program, RowValues row) {
        var budget = new Budget();
        try {
            Object result = program.trace(row, budget::spend);
            return Boolean.TRUE.equals(result)
                    ? Optional.empty()
                    : Optional.of("The record does not satisfy the rule.");
        } catch (CelEvaluationException | RuntimeException | StackOverflowError failure) {
            return Optional.of(
                    budget.isSpent()
                            ? "The rule takes more than " + MAX_COST + " steps on this record."
                            : "The rule cannot be evaluated on this record: a value is null, missing or out of range.");
        }
    }

    /** What one evaluation may still cost: steps, and processor time for what few steps can make of large lists. */
    private static final class Budget {
        private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        private final long began = threads.getCurrentThreadCpuTime();
        private int left = MAX_COST;
        private int steps;

        boolean isSpent() {
            return left < 0;
        }

        void spend(CelExpr step, Object value) {
            boolean own = step.exprKind().getKind() == CelExpr.ExprKind.Kind.IDENT
                    && step.ident().name().startsWith("@");
            left -= own ? 1 : (int) Math.min(MAX_COST, RowValues.weight(value));
            if ((++steps & STEPS_BETWEEN_LOOKS) == 0 && threads.getCurrentThreadCpuTime() - began > MAX_NANOS) {
                left = -1;
            }
            if (isSpent()) {
                throw new IllegalStateException("too many steps");
            }
        }
    }
}
