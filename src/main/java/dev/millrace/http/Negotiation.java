package dev.millrace.http;

import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a client accepts, after RFC 9110 section 12.5.1: the most specific range that matches a format gives its quality,
 * the best quality wins, the first offered wins a tie. The {@code format} parameter goes before {@code Accept}.
 *
 * @param format the format to answer in
 * @param numbersAsStrings whether {@code ; numbers=string} was asked for: long integers and decimals as strings
 * @param codec how the format itself compresses, {@code none} or one of its codecs: {@code ; codec=zstd}, or the {@code codec}
 *     parameter
 */
record Negotiation<F extends Format>(F format, boolean numbersAsStrings, String codec) {
    /** That buffers are not compressed. */
    static final String NO_CODEC = "none";

    private static final int MAX_RANGES = 50;
    /** A range with another codec matches nothing, whatever its type. */
    private static final Set<String> KNOWN =
            RowFormat.all().stream().flatMap(format -> format.codecs().stream()).collect(Collectors.toSet());

    private record Range(String type, String subtype, boolean numbersAsStrings, String codec, double quality) {
        /** 0 when it does not match, else the higher the more specific. */
        int specificity(Format format) {
            String[] of = format.mediaType().split("/", 2);
            if (type.equals("*") && subtype.equals("*")) {
                return 1;
            }
            if (!type.equals(of[0]) || !(codec.equals(NO_CODEC) || KNOWN.contains(codec))) {
                return 0;
            }
            return subtype.equals("*") ? 2 : subtype.equals(of[1]) ? (numbersAsStrings ? 4 : 3) : 0;
        }

        <F extends Format> Negotiation<F> of(F format) {
            return new Negotiation<>(format, numbersAsStrings, codecs(format).contains(codec) ? codec : NO_CODEC);
        }
    }

    private static List<String> codecs(Format format) {
        return format instanceof RowFormat rows ? rows.codecs() : List.of();
    }

    Negotiation(F format, boolean numbersAsStrings) {
        this(format, numbersAsStrings, NO_CODEC);
    }

    /**
     * Chooses among the formats offered.
     *
     * @param accept the header's value; null when there is none
     * @throws dev.millrace.problem.ProblemException with {@code NotAcceptable}, or {@code InvalidParameter} for a wrong
     *     {@code format}
     */
    static <F extends Format> Negotiation<F> of(
            @Nullable String accept, List<Map.Entry<String, String>> parameters, List<F> offered) {
        List<Range> ranges = accept == null ? List.of() : ranges(accept);
        Optional<String> asked = single(parameters, "format");
        Optional<String> codec = single(parameters, "codec");
        Negotiation<F> chosen =
                asked.isPresent() ? named(asked.get(), ranges, offered) : accepted(accept, ranges, offered);
        List<String> known = offered.stream()
                .flatMap(format -> codecs(format).stream())
                .distinct()
                .toList();
        if (codec.isEmpty() || known.isEmpty()) {
            return chosen;
        }
        boolean exists = codec.get().equals(NO_CODEC) || known.contains(codec.get());
        if (!exists || codecs(chosen.format()).isEmpty()) {
            throw new Problem.InvalidParameter(
                            "codec",
                            exists ? "only Arrow's buffers are compressed so." : "there is no such codec.",
                            "with format=arrow one of " + String.join(", ", known)
                                    + ", none. A column of that name is filter[codec].")
                    .exception();
        }
        return new Negotiation<>(chosen.format(), chosen.numbersAsStrings(), codec.get());
    }

    /**
     * The value of a parameter that may be given once.
     *
     * @throws dev.millrace.problem.ProblemException with {@code InvalidParameter}
     */
    static Optional<String> single(List<Map.Entry<String, String>> parameters, String name) {
        List<String> given = parameters.stream()
                .filter(parameter -> parameter.getKey().equals(name))
                .map(Map.Entry::getValue)
                .toList();
        if (given.size() > 1) {
            throw new Problem.InvalidParameter(name, "it is given twice.", "at most one '" + name + "'.").exception();
        }
        return given.stream().findFirst();
    }

    private static <F extends Format> Negotiation<F> named(String token, List<Range> ranges, List<F> offered) {
        F format = offered.stream()
                .filter(candidate -> candidate.token().equals(token))
                .findFirst()
                .orElseThrow(() -> new Problem.InvalidParameter(
                                "format",
                                "the value is not offered here.",
                                "one of "
                                        + String.join(
                                                ", ",
                                                offered.stream()
                                                        .map(Format::token)
                                                        .toList()) + ".")
                        .exception());
        return best(ranges, format).map(range -> range.of(format)).orElse(new Negotiation<>(format, false));
    }

    private static <F extends Format> Negotiation<F> accepted(
            @Nullable String accept, List<Range> ranges, List<F> offered) {
        if (accept == null || accept.isBlank()) {
            return new Negotiation<>(offered.getFirst(), false);
        }
        Negotiation<F> chosen = null;
        double quality = 0;
        for (F format : offered) {
            Optional<Range> range = best(ranges, format);
            if (range.isPresent() && range.get().quality() > quality) {
                quality = range.get().quality();
                chosen = range.get().of(format);
            }
        }
        if (chosen == null) {
            String shown = accept.length() <= 200 ? accept : accept.substring(0, 200);
            throw new Problem.NotAcceptable(
                            shown, offered.stream().map(Format::mediaType).toList())
                    .exception();
        }
        return chosen;
    }

    private static Optional<Range> best(List<Range> ranges, Format format) {
        Range best = null;
        for (Range range : ranges) {
            int specificity = range.specificity(format);
            if (specificity > 0 && (best == null || specificity > best.specificity(format))) {
                best = range;
            }
        }
        return Optional.ofNullable(best);
    }

    private static List<Range> ranges(String accept) {
        var ranges = new ArrayList<Range>();
        for (String part : accept.split(",", MAX_RANGES + 1)) {
            String[] pieces = part.trim().split(";", -1); // never empty, as without the limit ";" would be
            String[] type = pieces[0].trim().toLowerCase(Locale.ROOT).split("/", 2);
            if (type.length < 2 || ranges.size() == MAX_RANGES) {
                continue;
            }
            double quality = 1;
            boolean numbersAsStrings = false;
            String codec = NO_CODEC;
            for (int i = 1; i < pieces.length; i++) {
                String parameter = pieces[i].trim().toLowerCase(Locale.ROOT);
                if (parameter.startsWith("q=")) {
                    quality = quality(parameter.substring(2));
                } else if (parameter.startsWith("codec=")) {
                    codec = parameter.substring("codec=".length()).replace("\"", "");
                } else {
                    numbersAsStrings |= parameter.equals("numbers=string") || parameter.equals("numbers=\"string\"");
                }
            }
            ranges.add(new Range(type[0], type[1], numbersAsStrings, codec, quality));
        }
        return ranges;
    }

    /** The weight that a text says; 0 where it says none. */
    static double quality(String text) {
        return text.matches("(0(\\.\\d{0,3})?|1(\\.0{0,3})?)") ? Double.parseDouble(text) : 0;
    }
}
