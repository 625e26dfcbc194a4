package dev.millrace.config;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * States a setting on its record component: the component's name gives the key and the environment variable, its type
 * what is read ({@link SettingType}), and all of it a row of {@code docs/configuration.md}.
 */
@Target(ElementType.RECORD_COMPONENT)
@Retention(RetentionPolicy.RUNTIME)
@interface Setting {
    /** The default, as one would write it. One that is empty lets a text, a list or a secret be empty. */
    String value();

    /** What it means, for the docs. */
    String text();

    /** The least, the greatest and what is counted, {@code 1 to 1000000 rows}; of an enum the choices, {@code a or b}. */
    String in() default "";

    /** What the type alone does not say. */
    Form form() default Form.OF_TYPE;

    /** The setting of the same record that this one may not exceed. */
    String atMost() default "";

    /** What a number must be a multiple of. */
    int multipleOf() default 1;

    /** How a value's text is read. */
    enum Form {
        OF_TYPE,
        /** A number of 0 to 65535. */
        PORT,
        /** A base address of http or https; a slash at its end is dropped. */
        URL,
        /** Addresses and networks of the Internet Protocol with commas between them. */
        NETWORKS,
        /** A file, not a folder. */
        FILE,
        /** Origins of web pages (RFC 6454) with commas between them, or a star. */
        ORIGINS
    }
}
