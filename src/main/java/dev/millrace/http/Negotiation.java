package dev.millrace.http;

import dev.millrace.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a client accepts, after RFC 9110 section 12.5.1: the most specific range that matches a format gives its quality,
 * the best quality wins, the first offered wins a tie. The {@code format} parameter goes before {@code Accept}.
 *
 * @param format the format to answer in
 * @param numbersAsStrings whether {@code ; numbers=string} was asked for: long integers and decimals as strings
 */
record Negotiation(Format format, boolean numbersAsStrings) {
    private static final int MAX_RANGES = 50;

    private record Range(String type, String subtype, boolean numbersAsStrings, double quality) {
        /** 0 when it does not match, else the higher the more specific. */
        int specificity(Format format) {
            String[] of = format.mediaType().split("/", 2);
            if (type.equals("*") && subtype.equals("*")) {
                return 1;
            }
            if (!type.equals(of[0])) {
                return 0;
            }
            return subtype.equals("*") ? 2 : subtype.equals(of[1]) ? (numbersAsStrings ? 4 : 3) : 0;
        }
    }

    /**
     * Chooses among the formats offered.
     *
     * @param accept the header's value; null when there is none
     * @throws dev.millrace.problem.ProblemException with {@code NotAcceptable}, or {@code InvalidParameter} for a wrong
     *     {@code format}
     */
    static Negotiation of(@Nullable String accept, List<Map.Entry<String, String>> parameters, List<Format> offered) {
        boolean anything = accept == null || accept.isBlank();
        List<Range> ranges = accept == null ? List.of() : ranges(accept);
        List<String> asked = parameters.stream()
                .filter(parameter -> parameter.getKey().equals("format"))
                .map(Map.Entry::getValue)
                .toList();
        if (asked.size() > 1) {
            throw wrongFormat("it is given twice.", offered);
        }
        if (!asked.isEmpty()) {
            Format format = offered.stream()
                    .filter(candidate -> candidate.token().equals(asked.getFirst()))
                    .findFirst()
                    .orElseThrow(() -> wrongFormat("the value is not offered here.", offered));
            return new Negotiation(
                    format, best(ranges, format).map(Range::numbersAsStrings).orElse(false));
        }
        if (anything) {
            return new Negotiation(offered.getFirst(), false);
        }
        Negotiation chosen = null;
        double quality = 0;
        for (Format format : offered) {
            Optional<Range> range = best(ranges, format);
            if (range.isPresent() && range.get().quality() > quality) {
                quality = range.get().quality();
                chosen = new Negotiation(format, range.get().numbersAsStrings());
            }
        }
        if (chosen == null) {
            String shown = accept == null || accept.length() <= 200 ? String.valueOf(accept) : accept.substring(0, 200);
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
            for (int i = 1; i < pieces.length; i++) {
                String parameter = pieces[i].trim().toLowerCase(Locale.ROOT);
                if (parameter.startsWith("q=")) {
                    quality = quality(parameter.substring(2));
                } else {
                    numbersAsStrings |= parameter.equals("numbers=string") || parameter.equals("numbers=\"string\"");
                }
            }
            ranges.add(new Range(type[0], type[1], numbersAsStrings, quality));
        }
        return ranges;
    }

    private static double quality(String text) {
        return text.matches("(0(\\.\\d{0,3})?|1(\\.0{0,3})?)") ? Double.parseDouble(text) : 0;
    }

    private static RuntimeException wrongFormat(String reason, List<Format> offered) {
        return new Problem.InvalidParameter(
                        "format",
                        reason,
                        "one of "
                                + String.join(
                                        ", ",
                                        offered.stream().map(Format::token).toList()) + ".")
                .exception();
    }
}
