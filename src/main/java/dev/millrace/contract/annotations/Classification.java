package dev.millrace.contract.annotations;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How confidential the component is, for example {@code public} or {@code restricted}. */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.CLASS)
public @interface Classification {
    /** The contract's {@code classification}. */
    String value();
}
