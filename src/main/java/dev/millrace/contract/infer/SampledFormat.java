package dev.millrace.contract.infer;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.regex.Pattern;

/** The kinds of text that a draft tells from others; each takes no more than the server's decoder does. */
enum SampledFormat {
    UUID("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", form("uuid")),
    DATE(SampledFormat.DAY, new Guess("date", "", "", "each an ISO date")),
    TIMESTAMP(SampledFormat.moment(SampledFormat.MICROS) + SampledFormat.OFFSET, zoned("")),
    NANOS(SampledFormat.moment(SampledFormat.NINE_DIGITS) + SampledFormat.OFFSET, zoned("timestamp(9)")),
    LOCAL_TIMESTAMP(SampledFormat.moment(SampledFormat.MICROS), local("")),
    LOCAL_NANOS(SampledFormat.moment(SampledFormat.NINE_DIGITS), local("timestamp(9)")),
    TIME(SampledFormat.CLOCK + SampledFormat.MICROS, new Guess("time", "", "", "each an ISO time")),
    EMAIL(
            "(?=.{3,254}$)(?=.{1,64}@)[A-Za-z0-9_%+-]+(\\.[A-Za-z0-9_%+-]+){0,20}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){1,20}"
                    + "[A-Za-z]{2,63}",
            form("email")),
    URI("[a-zA-Z][a-zA-Z0-9+.-]{0,20}://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+", form("uri")),
    IPV4("((25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)(\\.(?!$)|$)){4}", form("ipv4"));

    private static final int LONGEST = 2_000;
    private static final String DAY = "\\d{4}-\\d\\d-\\d\\d";
    private static final String CLOCK = "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d";
    private static final String MICROS = "(\\.\\d{1,6}0{0,3})?";
    private static final String NINE_DIGITS = "(\\.\\d{1,9})?";
    private static final String OFFSET = "([Zz]|[+-](0\\d|1[0-7])(:?[0-5]\\d)?)";

    private final Pattern pattern;
    /** What a field is whose texts are all of this format. */
    final Guess guess;

    SampledFormat(String pattern, Guess guess) {
        this.pattern = Pattern.compile(pattern);
        this.guess = guess;
    }

    private static String moment(String fraction) {
        return DAY + "[Tt ]" + CLOCK + fraction;
    }

    private static Guess form(String name) {
        return new Guess("string", "", "format: " + name, "of the form " + name);
    }

    private static Guess zoned(String physicalType) {
        return new Guess("timestamp", physicalType, "timezone: true", "each an ISO timestamp with an offset");
    }

    private static Guess local(String physicalType) {
        return new Guess("timestamp", physicalType, "timezone: false", "each an ISO timestamp without offset");
    }

    boolean holds(String text) {
        if (text.length() > LONGEST || !pattern.matcher(text).matches()) {
            return false;
        }
        try {
            return switch (this) {
                // an offset may lead out of the years 0000 to 9999 that the server knows
                case DATE, TIMESTAMP, LOCAL_TIMESTAMP -> isYear(text, 1, 9998);
                // 64 bits of nanoseconds
                case NANOS, LOCAL_NANOS -> isYear(text, 1678, 2261);
                case URI -> new URI(text).isAbsolute();
                case UUID, TIME, EMAIL, IPV4 -> true;
            };
        } catch (DateTimeException | URISyntaxException e) {
            return false;
        }
    }

    private static boolean isYear(String text, int from, int to) {
        int year = LocalDate.parse(text.substring(0, 10)).getYear();
        return year >= from && year <= to;
    }
}
