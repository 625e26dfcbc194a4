package dev.millrace.config;

import java.util.Locale;

/**
 * One row of the table of settings.
 *
 * @param name dotted, for example {@code http.port}
 * @param defaultText the default as one would write it
 * @param meaning a sentence for the docs
 */
record Key<T>(String name, Kind<T> kind, String defaultText, String meaning) {
    static final String PREFIX = "MILLRACE_";

    /** The environment variable: {@code http.maxLimit} is {@code MILLRACE_HTTP_MAX_LIMIT}. */
    String variable() {
        return variable(name);
    }

    static String variable(String name) {
        return PREFIX
                + name.replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT);
    }
}
