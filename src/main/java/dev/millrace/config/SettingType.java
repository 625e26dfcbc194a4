package dev.millrace.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the value of a setting is: a description for the docs and a reading of its text.
 *
 * @param description for example {@code size, 1MiB to 4TiB}
 * @param parser gives the value or throws an {@link IllegalArgumentException}
 */
record SettingType(String description, Function<String, Object> parser) {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");
    private static final Pattern ORIGIN = Pattern.compile("\\*|[a-z][a-z0-9+.-]*://[^/\\s?#@A-Z]+");
    private static final Pattern NETWORK = Pattern.compile("[0-9a-fA-F.:]{2,45}(/\\d{1,3})?");
    private static final Pattern BOUNDS = Pattern.compile("(\\S+) to (\\S+)(?: (\\w+))?");

    private static final Map<Class<?>, SettingType> BY_TYPE = Map.of(
            String.class, new SettingType("text", text -> text),
            Secret.class, new SettingType("secret", Secret::new),
            Map.class, new SettingType("text", text -> text),
            List.class, new SettingType("list", SettingType::list),
            Path.class, new SettingType("folder", Path::of),
            boolean.class, new SettingType("true or false", SettingType::truth),
            int.class, new SettingType("number", Integer::valueOf),
            DataSize.class, new SettingType("size", DataSize::parse),
            Duration.class, new SettingType("duration", SettingType::duration));

    /** The kind of a component of that type. */
    static SettingType of(Class<?> type, Setting setting) {
        String bounds = setting.in();
        return switch (setting.form()) {
            case PORT -> new SettingType("port", Integer::valueOf).within("0 to 65535", 1);
            case URL -> new SettingType("URL of http or https", SettingType::url).emptyFor(setting);
            case NETWORKS -> new SettingType("list of addresses and networks", SettingType::networks).emptyFor(setting);
            case FILE -> new SettingType("file", Path::of).emptyFor(setting);
            case ORIGINS -> new SettingType("list of origins", SettingType::origins).emptyFor(setting);
            case OF_TYPE ->
                type.isEnum()
                        ? choice(type, bounds)
                        : byType(type)
                                .within(
                                        bounds.isEmpty() && type == Duration.class ? "1ms to 1h" : bounds,
                                        setting.multipleOf())
                                .emptyFor(setting);
        };
    }

    /** The value that a text says; an {@link IllegalArgumentException} names the right form otherwise. */
    Object parse(String text) {
        return parser.apply(text.strip());
    }

    private static SettingType byType(Class<?> type) {
        SettingType kind = BY_TYPE.get(type);
        if (kind == null) {
            throw new IllegalStateException("a setting is of no kind: " + type);
        }
        return kind;
    }

    private SettingType emptyFor(Setting setting) {
        if (setting.value().isEmpty()) {
            return new SettingType(description + ", may be empty", parser);
        }
        return new SettingType(description, text -> {
            check(!text.isEmpty());
            return parser.apply(text);
        });
    }

    private SettingType within(String bounds, int multipleOf) {
        Matcher matcher = BOUNDS.matcher(bounds);
        if (!matcher.matches()) {
            return this;
        }
        Object min = parser.apply(matcher.group(1));
        Object max = parser.apply(matcher.group(2));
        String counted = matcher.group(3) == null ? description : description + " of " + matcher.group(3);
        String multiple = multipleOf == 1 ? "" : ", a multiple of " + multipleOf;
        return new SettingType(counted + ", " + matcher.group(1) + " to " + matcher.group(2) + multiple, text -> {
            Object value = parser.apply(text);
            check(compare(min, value) <= 0 && compare(value, max) <= 0);
            check(multipleOf == 1 || (Integer) value % multipleOf == 0);
            return value;
        });
    }

    /** Compares two values of one setting's type, which is one that has an order. */
    @SuppressWarnings("unchecked")
    static int compare(Object left, Object right) {
        return ((Comparable<Object>) left).compareTo(right);
    }

    private static SettingType choice(Class<?> type, String in) {
        String choices = in.isEmpty()
                ? Arrays.stream(type.getEnumConstants())
                        .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                        .collect(Collectors.joining(" or "))
                : in;
        List<String> names = List.of(choices.split(" or "));
        return new SettingType(choices, text -> {
            check(names.contains(text.toLowerCase(Locale.ROOT)));
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> constant.toString().equalsIgnoreCase(text))
                    .findFirst()
                    .orElseThrow();
        });
    }

    private static List<String> list(String text) {
        return Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .toList();
    }

    private static List<String> networks(String text) {
        List<String> networks = list(text);
        networks.forEach(network -> {
            String[] parts = network.split("/", 2);
            check(NETWORK.matcher(network).matches());
            int bits = InetAddress.ofLiteral(parts[0]).getAddress().length * 8;
            check(parts.length == 1 || Integer.parseInt(parts[1]) <= bits);
        });
        return networks;
    }

    private static List<String> origins(String text) {
        List<String> origins = list(text);
        check(origins.stream().allMatch(origin -> ORIGIN.matcher(origin).matches()));
        return origins;
    }

    private static String url(String text) {
        try {
            URI url = new URI(text);
            check(text.isEmpty()
                    || (url.getHost() != null && List.of("http", "https").contains(String.valueOf(url.getScheme()))));
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
        return text.replaceAll("/+$", "");
    }

    private static boolean truth(String text) {
        check(text.equals("true") || text.equals("false"));
        return text.equals("true");
    }

    private static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (matcher.matches()) {
            long number = Long.parseLong(matcher.group(1));
            return switch (matcher.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        }
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static void check(boolean right) {
        if (!right) {
            throw new IllegalArgumentException();
        }
    }
}
