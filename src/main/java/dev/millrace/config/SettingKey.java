package dev.millrace.config;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One row of the table of settings, which is the components of {@link Configuration} and of the records in it.
 *
 * @param name dotted, for example {@code http.port}
 */
record SettingKey(String name, RecordComponent component, Setting setting, SettingType kind) {
    static final String PREFIX = "MILLRACE_";

    /** Every key, in the order of the records. */
    static final List<SettingKey> ALL = of(Configuration.class, "").toList();

    private static Stream<SettingKey> of(Class<?> type, String prefix) {
        return Arrays.stream(type.getRecordComponents()).flatMap(component -> {
            String name = prefix + component.getName();
            Setting setting = component.getAnnotation(Setting.class);
            return setting == null
                    ? of(component.getType(), name + ".")
                    : Stream.of(new SettingKey(name, component, setting, SettingType.of(component.getType(), setting)));
        });
    }

    /** Whether this key is a map, so that whatever stands below its name is an entry of it. */
    boolean isMap() {
        return component.getType() == Map.class;
    }

    /** The name as people are told it; a map's ends with {@code .*}. */
    String shownName() {
        return isMap() ? name + ".*" : name;
    }

    /** The environment variable: {@code http.maxLimit} is {@code MILLRACE_HTTP_MAX_LIMIT}; a map's ends with {@code _*}. */
    String variable() {
        return PREFIX
                + shownName()
                        .replaceAll("([a-z0-9])([A-Z])", "$1_$2")
                        .replace('.', '_')
                        .toUpperCase(Locale.ROOT);
    }

    /** Whether a value of that name is this key's. */
    boolean takes(String given) {
        return isMap() ? given.length() > name.length() + 1 && given.startsWith(name + ".") : given.equals(name);
    }

    /** Whether that variable is this key's. */
    boolean takesVariable(String given) {
        String own = variable();
        return isMap()
                ? given.length() >= own.length() && given.startsWith(own.substring(0, own.length() - 1))
                : given.equals(own);
    }

    /** The name of what that variable gives; in a map's, an underscore stands for a dot. */
    String nameOf(String variable) {
        return isMap()
                ? name + "."
                        + variable.substring(variable().length() - 1)
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '.')
                : name;
    }
}
