package dev.millrace.contract.annotations;

import dev.millrace.contract.Mode;
import dev.millrace.contract.UnknownFields;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The record is a row of this data product: its contract and the classes that read and write it are derived from it. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.SOURCE)
public @interface DataProduct {
    /** The domain that owns it, {@code [a-z][a-z0-9_-]*}. */
    String domain();

    /** Its name within the domain, {@code [a-z][a-z0-9_-]*}. */
    String name();

    /** The Kafka topic that feeds it. */
    String topic();

    /** The contract's version; a breaking change asks for a new major one. */
    String version();

    /** What the dataset is for. */
    String description() default "";

    /** The contract's status. */
    String status() default "active";

    /** Whether a record is one more row or the row of its key. */
    Mode mode() default Mode.APPEND;

    /** What becomes of fields that the record does not name. */
    UnknownFields unknownFields() default UnknownFields.IGNORE;
}
