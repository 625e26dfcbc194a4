package dev.millrace.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the value of a key is: a description for the docs and a reading of its text.
 *
 * @param description for example {@code port, 0 to 65535}
 * @param parser gives the value or throws an {@link IllegalArgumentException} whose message says what would be right
 */
record Kind<T>(String description, Parser<T> parser) {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(ms|s|m|h|d)");

    private static final Pattern ORIGIN = Pattern.compile("[a-z][a-z0-9+.-]*://[^/\\s?#@A-Z]+");

    /** Reads a text. */
    interface Parser<T> {
        T parse(String text);
    }

    static Kind<String> text() {
        return new Kind<>("text", text -> {
            if (text.isBlank()) {
                throw new IllegalArgumentException("Expected a text, found nothing.");
            }
            return text.strip();
        });
    }

    /** A text that may be empty. */
    static Kind<String> anything() {
        return new Kind<>("text, may be empty", String::strip);
    }

    /** A base address without a slash at its end; may be empty. */
    static Kind<String> url() {
        return new Kind<>("URL of http or https, may be empty", text -> {
            String url = text.strip().replaceAll("/+$", "");
            try {
                String scheme = url.isEmpty() ? "http" : String.valueOf(new URI(url).getScheme());
                if ((scheme.equals("http") || scheme.equals("https"))
                        && (url.isEmpty() || new URI(url).getHost() != null)) {
                    return url;
                }
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException(expected("URL of http or https", text), e);
            }
            throw new IllegalArgumentException(expected("URL of http or https", text));
        });
    }

    /** Origins of web pages (RFC 6454) with commas between them, or a star. */
    static Kind<List<String>> origins() {
        String description = "list of origins, may be empty";
        return new Kind<>(description, text -> {
            List<String> origins = Arrays.stream(text.split(","))
                    .map(String::strip)
                    .filter(origin -> !origin.isEmpty())
                    .toList();
            if (!origins.stream()
                    .allMatch(origin ->
                            origin.equals("*") || ORIGIN.matcher(origin).matches())) {
                throw new IllegalArgumentException(
                        expected(description, text) + " For example https://app.example.org.");
            }
            return origins;
        });
    }

    static Kind<Path> folder() {
        return new Kind<>("folder", text -> {
            try {
                if (!text.isBlank()) {
                    return Path.of(text.strip());
                }
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("Expected a folder, found '" + text + "'.", e);
            }
            throw new IllegalArgumentException("Expected a folder, found nothing.");
        });
    }

    static Kind<Integer> port() {
        return whole("port", 0, 65_535);
    }

    static Kind<Integer> whole(String what, int min, int max) {
        String description = what + ", " + min + " to " + max;
        return new Kind<>(description, text -> {
            try {
                int value = Integer.parseInt(text.strip());
                if (value >= min && value <= max) {
                    return value;
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(expected(description, text), e);
            }
            throw new IllegalArgumentException(expected(description, text));
        });
    }

    /** One of some names, in any case. */
    @SafeVarargs
    static <T extends Enum<T>> Kind<T> choice(T... choices) {
        Function<T, String> name = choice -> choice.name().toLowerCase(Locale.ROOT);
        String description = Arrays.stream(choices).map(name).collect(Collectors.joining(" or "));
        return new Kind<>(
                description,
                text -> Arrays.stream(choices)
                        .filter(choice -> choice.name().equalsIgnoreCase(text.strip()))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException(expected(description, text))));
    }

    static Kind<Boolean> truth() {
        String description = "true or false";
        return new Kind<>(description, text -> switch (text.strip()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("Expected " + description + ", found '" + text + "'.");
        });
    }

    static Kind<Duration> duration(Duration min, Duration max) {
        String description = "duration, " + show(min) + " to " + show(max);
        return new Kind<>(description, text -> {
            Duration value = duration(text.strip(), description);
            if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                throw new IllegalArgumentException(expected(description, text));
            }
            return value;
        });
    }

    private static Duration duration(String text, String description) {
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
            throw new IllegalArgumentException(expected(description, text) + " For example 30s, 500ms or 5m.", e);
        }
    }

    static Kind<DataSize> size(DataSize min, DataSize max) {
        String description = "size, " + min + " to " + max;
        return new Kind<>(description, text -> {
            DataSize value = DataSize.parse(text);
            if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                throw new IllegalArgumentException(expected(description, text));
            }
            return value;
        });
    }

    /** {@code 30s}, {@code 500ms}: the form that {@link #duration} reads. */
    static String show(Duration duration) {
        if (duration.toMillis() % 1000 != 0) {
            return duration.toMillis() + "ms";
        }
        long seconds = duration.toSeconds();
        if (seconds > 0 && seconds % 86_400 == 0) {
            return seconds / 86_400 + "d";
        }
        if (seconds > 0 && seconds % 3600 == 0) {
            return seconds / 3600 + "h";
        }
        return seconds > 0 && seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    private static String expected(String description, String text) {
        return "Expected a " + description + ", found '" + text + "'.";
    }
}
