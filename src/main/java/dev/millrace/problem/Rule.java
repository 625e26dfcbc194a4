package dev.millrace.problem;

import dev.millrace.problem.Fault.Severity;
import java.util.Locale;

/**
 * The kinds of faults that input files can have. {@link #id} is stable: reports, baselines and docs name it.
 *
 * <p>{@link #weight} says what such a fault is to {@code check}. It is the same fault that a server finds when it reads
 * the file; but a server judges whether it can serve, and {@code check} whether the file keeps its own word.
 */
public enum Rule {
    UNREADABLE(Weight.ERROR, "The file or folder cannot be read, is too large, or is not UTF-8."),
    YAML(Weight.ERROR, "The YAML or JSON is broken, too deep or too large."),
    DUPLICATE_KEY(Weight.ERROR, "A mapping has the same key twice."),
    UNKNOWN_VERSION(Weight.ERROR, "The apiVersion is none that is known."),
    SCHEMA(Weight.ERROR, "The file breaks the JSON Schema of the version that it names."),
    SHAPE(Weight.SCHEMA, "A value has another shape than expected."),
    MISSING_KEY(Weight.SCHEMA, "A key is missing or empty."),
    UNKNOWN_KEY(Weight.SCHEMA, "A key is not known and means nothing."),
    DUPLICATE_NAME(Weight.ERROR, "Two elements of one list have the same name or physical name."),
    DUPLICATE_ID(Weight.ERROR, "Two elements of one list, or two contracts in one version, have the same id."),
    DANGLING_REFERENCE(Weight.ERROR, "A reference names something that does not exist."),
    DOUBTFUL_REFERENCE(Weight.WARNING, "A reference may name something that does not exist."),
    CONTRADICTING_BOUNDS(Weight.ERROR, "No value can satisfy both bounds."),
    INVALID_BOUND(Weight.WARNING, "A bound or option cannot be applied."),
    INVALID_PATTERN(Weight.ERROR, "A pattern does not compile."),
    FOREIGN_PATTERN(Weight.WARNING, "A pattern is of another dialect of regular expressions."),
    ENUM_VALUE(Weight.ERROR, "An enum's value stands there twice or breaks the property's own rules."),
    INVALID_RULE(Weight.AS_READ, "A rule in CEL cannot be evaluated."),
    OPTIONAL_KEY(Weight.WARNING, "A column of the primary key is not required."),
    KEY_POSITION(Weight.ERROR, "Two columns of the primary key have the same position."),
    UNKNOWN_METRIC(Weight.ERROR, "A quality rule names no metric that is known, or more operators than one."),
    UNSUPPORTED_TYPE(Weight.WARNING, "The type is not served."),
    UNSUPPORTED_FORMAT(Weight.WARNING, "The format of the topic's values is not read."),
    UNSUPPORTED_TOPIC(Weight.WARNING, "The name cannot be a Kafka topic's."),
    NOT_APPLIED(Weight.WARNING, "The option is valid and has no effect here."),
    PRODUCT(Weight.AS_READ, "The contract cannot become a product of this mesh."),
    POLICY(Weight.AS_READ, "A policy is wrong, and closes its domain."),
    CONFIGURATION(Weight.AS_READ, "The configuration is wrong."),
    OTHER(Weight.AS_READ, "Something else is wrong.");

    /** What a fault is to {@code check}. */
    public enum Weight {
        ERROR,
        WARNING,
        /** As whoever read the file said. */
        AS_READ,
        /** Nothing where the JSON Schema has its say of the same file; else a warning. */
        SCHEMA
    }

    private final Weight weight;
    private final String summary;

    Rule(Weight weight, String summary) {
        this.weight = weight;
        this.summary = summary;
    }

    /** The stable name, for example {@code duplicate-key}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** What such a fault is to {@code check}. */
    public Weight weight() {
        return weight;
    }

    /** One sentence for people. */
    public String summary() {
        return summary;
    }

    /** The severity to {@code check} of such a fault that its reader gave that severity. */
    public Severity severity(Severity read) {
        return switch (weight) {
            case ERROR -> Severity.ERROR;
            case WARNING, SCHEMA -> Severity.WARNING;
            case AS_READ -> read;
        };
    }
}
