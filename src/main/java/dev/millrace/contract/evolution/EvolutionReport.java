package dev.millrace.contract.evolution;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.contract.evolution.Change.Effect;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Evolutions in words: for a terminal, for programs, for a pull request. */
public final class EvolutionReport {
    /** How a report is written. */
    public enum Format {
        TEXT,
        JSON,
        MARKDOWN
    }

    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE).build();

    private EvolutionReport() {}

    /** The report, ending with a line break; {@code evolutions} are of different contracts. */
    public static String of(List<Evolution> evolutions, Format format) {
        return switch (format) {
            case TEXT -> each(evolutions, EvolutionReport::text);
            case MARKDOWN -> each(evolutions, EvolutionReport::markdown);
            case JSON -> json(evolutions);
        };
    }

    private interface Writer {
        void write(Evolution evolution, StringBuilder to);
    }

    private static String each(List<Evolution> evolutions, Writer writer) {
        var text = new StringBuilder();
        evolutions.forEach(evolution -> writer.write(evolution, text));
        return text.toString();
    }

    private static void text(Evolution evolution, StringBuilder to) {
        to.append("%s: %s -> %s%n".formatted(evolution.id(), evolution.from(), evolution.to()));
        for (Change change : evolution.changes()) {
            to.append("  %-7s  %-8s  %-8s  %s: %s%n"
                    .formatted(
                            mark(change),
                            word(change.producer()),
                            word(change.consumer()),
                            change.path(),
                            change.message()));
        }
        to.append("  ").append(verdict(evolution)).append('\n');
    }

    private static void markdown(Evolution evolution, StringBuilder to) {
        to.append("### `%s` %s → %s%n%n%s%n%n"
                .formatted(evolution.id(), evolution.from(), evolution.to(), verdict(evolution)));
        if (!evolution.changes().isEmpty()) {
            to.append("| | producers | consumers | where | what |\n|---|---|---|---|---|\n");
            for (Change change : evolution.changes()) {
                to.append("| %s | %s | %s | `%s` | %s |%n"
                        .formatted(
                                mark(change),
                                word(change.producer()),
                                word(change.consumer()),
                                cell(change.path()),
                                cell(change.message())));
            }
            to.append('\n');
        }
    }

    private static String cell(String text) {
        return text.replace("\\", "\\\\")
                .replace("|", "\\|")
                .replaceAll("\\s+", " ")
                .replace("<", "&lt;");
    }

    private static String mark(Change change) {
        return switch (change.level()) {
            case MAJOR -> "BREAK";
            case MINOR ->
                change.producer() == Effect.WARNING || change.consumer() == Effect.WARNING ? "warning" : "new";
            case PATCH -> "fine";
        };
    }

    private static String word(Effect effect) {
        return effect == Effect.NONE ? "-" : effect.name().toLowerCase(Locale.ROOT);
    }

    private static String verdict(Evolution evolution) {
        if (evolution.changes().isEmpty()) {
            return "Nothing changes.";
        }
        String whom = evolution.breaksProducers() && evolution.breaksConsumers()
                ? "producers and consumers"
                : evolution.breaksProducers() ? "producers" : "consumers";
        String effect = evolution.breaks() ? "Breaks " + whom + "." : "Breaks nobody.";
        return effect
                + evolution
                        .askedVersion()
                        .map(asked -> " Asks for version " + asked
                                + (evolution.versionIsEnough()
                                        ? "."
                                        : " or higher, the file says " + evolution.to() + "."))
                        .orElse("");
    }

    private static String json(List<Evolution> evolutions) {
        ArrayNode all = JSON.createArrayNode();
        for (Evolution evolution : evolutions) {
            ObjectNode one = all.addObject()
                    .put("contract", evolution.id())
                    .put("from", evolution.from())
                    .put("to", evolution.to())
                    .put("breaks", evolution.breaks())
                    .put("breaksProducers", evolution.breaksProducers())
                    .put("breaksConsumers", evolution.breaksConsumers());
            Optional<String> asked = evolution.askedVersion();
            asked.ifPresent(version -> one.put("askedVersion", version));
            one.put("versionIsEnough", evolution.versionIsEnough());
            one.set("changes", JSON.valueToTree(evolution.changes()));
        }
        return JSON.createObjectNode().set("contracts", all).toPrettyString() + "\n";
    }
}
