package dev.millrace.config;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes. Written as {@code 512MiB}, {@code 64 KiB}, {@code 1GB} (decimal) or a plain number of bytes. */
public record DataSize(long bytes) implements Comparable<DataSize> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18})\\s*([A-Za-z]*)");
    private static final List<Unit> UNITS = List.of(
            new Unit("TiB", 1L << 40),
            new Unit("GiB", 1L << 30),
            new Unit("MiB", 1L << 20),
            new Unit("KiB", 1L << 10),
            new Unit("TB", 1_000_000_000_000L),
            new Unit("GB", 1_000_000_000L),
            new Unit("MB", 1_000_000L),
            new Unit("kB", 1_000L),
            new Unit("B", 1L));

    public DataSize {
        if (bytes < 0) {
            throw new IllegalArgumentException("A size is not negative: " + bytes);
        }
    }

    /** The size that {@code text} says; an {@link IllegalArgumentException} names the right form otherwise. */
    public static DataSize parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (matcher.matches()) {
            String unit = matcher.group(2).toLowerCase(Locale.ROOT);
            long number = Long.parseLong(matcher.group(1));
            for (Unit known : UNITS) {
                if (known.name().toLowerCase(Locale.ROOT).equals(unit) || (unit.isEmpty() && known.bytes() == 1)) {
                    try {
                        return new DataSize(Math.multiplyExact(number, known.bytes()));
                    } catch (ArithmeticException e) {
                        throw new IllegalArgumentException("'" + text + "' is more than 2^63 bytes.", e);
                    }
                }
            }
        }
        throw new IllegalArgumentException("Expected a size such as 512MiB or 64KiB, found '" + text + "'.");
    }

    @Override
    public int compareTo(DataSize other) {
        return Long.compare(bytes, other.bytes);
    }

    /** The shortest form that loses nothing, binary units only, for example {@code 512MiB}. */
    @Override
    public String toString() {
        return UNITS.stream()
                .filter(unit -> unit.name().endsWith("iB") && bytes > 0 && bytes % unit.bytes() == 0)
                .findFirst()
                .map(unit -> bytes / unit.bytes() + unit.name())
                .orElse(bytes + "B");
    }

    private record Unit(String name, long bytes) {}
}
