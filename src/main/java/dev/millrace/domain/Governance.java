package dev.millrace.domain;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.contract.Mask;
import dev.millrace.contract.PolicyReader;
import dev.millrace.problem.Problem;
import dev.millrace.security.Hmac;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * What policies of all products have in common. Immutable.
 *
 * @param classifications what is shown of a column of that classification where no grant says it
 * @param secret of pseudonyms
 * @param allocator borrowed, pays for rows on their way through views
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Governance(
        Map<String, Mask> classifications, byte[] secret, BufferAllocator allocator, InstantSource clock) {
    /** That is only asked what row rules are. */
    static final Governance NONE = ofTable(List.of());

    public Governance {
        classifications = Map.copyOf(classifications);
        secret = secret.clone();
    }

    /** That is only asked what would be shown. */
    public static Governance ofTable(List<String> classifications) {
        return new Governance(table(classifications), new byte[16], new RootAllocator(0), InstantSource.system());
    }

    /** The table that a setting gives, {@code classification=mask} each. */
    public static Map<String, Mask> table(List<String> setting) {
        Map<String, Mask> table = new HashMap<>();
        for (String item : setting) {
            String[] parts = item.split("=", 2);
            Optional<Mask> mask = PolicyReader.ofWord(parts[parts.length - 1].strip());
            if (parts.length != 2 || mask.isEmpty()) {
                throw new Problem.CannotStart("security.classifications has '" + item
                                + "'. Expected: classification=mask with hide, show, null or pseudonym.")
                        .exception();
            }
            table.put(parts[0].strip(), mask.get());
        }
        return table;
    }

    /** The secret of the pseudonyms for a purpose. */
    byte[] pseudonyms(String purpose) {
        return new Hmac(secret).of(("pseudonyms for " + purpose).getBytes(UTF_8));
    }
}
