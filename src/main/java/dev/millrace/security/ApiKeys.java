package dev.millrace.security;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.config.yaml.Cursor;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.problem.Problem;
import dev.millrace.problem.Rule;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The keys of a file, a list whose items are {@code {id, name, roles, claims, purpose, until, sha256}}; and, with {@code
 * certificate} for {@code id} and {@code sha256}, who is known by a certificate of that name. Immutable.
 *
 * <p>A key is {@code mk_}, an id of 12 hexadecimal digits, {@code _}, and 256 random bits in Base64url. The id is no secret:
 * the item is looked up by it, and the SHA-256 of the whole key is compared in constant time. A slow hash (Argon2, bcrypt)
 * makes it dear to try the likely passwords of people; nobody can try 2^256 keys, however fast the hash, and a slow one
 * would let each refusal cost the server what it should cost the caller.
 */
final class ApiKeys {
    static final String PREFIX = "mk_";
    static final ApiKeys NONE = new ApiKeys(Map.of(), Map.of());

    private static final int ID_BYTES = 6;
    private static final int SECRET_BYTES = 32;
    private static final int ID_END = PREFIX.length() + 2 * ID_BYTES;
    private static final int LENGTH = ID_END + 1 + 43;
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern ID = Pattern.compile("[0-9a-f]{12}");
    private static final Set<String> FIELDS =
            Set.of("id", "name", "roles", "claims", "purpose", "until", "sha256", "certificate");

    /** A key's item; what it says of who has it is ready to be used. */
    @SuppressWarnings("ArrayRecordComponent") // compared by MessageDigest.isEqual alone
    private record Entry(byte[] sha256, Identity identity, Instant until) {}

    /** What an unknown id is compared with, so that it takes the same time. */
    private static final Entry NOBODY = new Entry(new byte[32], new Identity(Principal.ANYBODY, ""), Instant.MIN);

    private final Map<String, Entry> byId;
    private final Map<String, Entry> byCertificate;

    private ApiKeys(Map<String, Entry> byId, Map<String, Entry> byCertificate) {
        this.byId = byId;
        this.byCertificate = byCertificate;
    }

    /**
     * The keys of a file.
     *
     * @throws dev.millrace.problem.ProblemException with all faults; then none of its keys is known
     */
    static ApiKeys read(Path file) {
        var faults = new Faults();
        Map<String, Entry> byId = new HashMap<>();
        Map<String, Entry> byCertificate = new HashMap<>();
        YamlReader.read(file, faults).ifPresent(document -> {
            Cursor root = Cursor.at(document.root(), faults).as(Rule.CONFIGURATION);
            root.items().forEach(item -> entry(item, byId, byCertificate));
        });
        if (faults.errors() > 0) {
            throw new Problem.InvalidConfiguration(faults.ofErrors()).exception();
        }
        return new ApiKeys(byId, byCertificate);
    }

    private static void entry(Cursor item, Map<String, Entry> byId, Map<String, Entry> byCertificate) {
        item.fields().keySet().stream()
                .filter(field -> !FIELDS.contains(field))
                .forEach(field -> item.error("There is no '" + field + "' of a key.")); // it may be a misspelt limit
        String id = item.text("id");
        String name = item.text("name");
        String hash = item.text("sha256");
        String certificate = item.text("certificate");
        boolean isKey = ID.matcher(id).matches() && HASH.matcher(hash).matches() && certificate.isEmpty();
        boolean isCertificate = (id + hash).isEmpty() && !certificate.isEmpty();
        if (!isKey && !isCertificate || name.isEmpty()) {
            item.error("A key has an id, a name and a sha256, as `millrace key new` prints them.");
            return;
        }
        Map<String, List<String>> claims = new LinkedHashMap<>();
        item.field("claims")
                .map(Cursor::fields)
                .orElse(Map.of())
                .forEach((claim, value) -> claims.put(claim, value.texts()));
        var principal = new Principal(
                name,
                Set.copyOf(item.field("roles").map(Cursor::texts).orElse(List.of())),
                claims,
                item.field("purpose").flatMap(Cursor::text));
        Instant until = item.field("until").map(ApiKeys::end).orElse(Instant.MAX);
        var entry = new Entry(HexFormat.of().parseHex(hash), Identity.of(principal), until);
        if ((isKey ? byId.put(id, entry) : byCertificate.put(certificate, entry)) != null) {
            item.error("The " + (isKey ? "id " + id : "certificate " + certificate) + " stands twice.");
        }
    }

    /** The end of that day. */
    private static Instant end(Cursor value) {
        try {
            return LocalDate.parse(value.text().orElse(""))
                    .plusDays(1)
                    .atStartOfDay(ZoneOffset.UTC)
                    .toInstant();
        } catch (DateTimeParseException broken) {
            value.error("Expected a day such as 2027-01-31.");
            return Instant.MIN;
        }
    }

    /** Whose key that is; empty where it is nobody's, or its time has passed. */
    Optional<Identity> find(String key, Instant now) {
        boolean form = key.length() == LENGTH && key.charAt(ID_END) == '_';
        Entry found = form ? byId.getOrDefault(key.substring(PREFIX.length(), ID_END), NOBODY) : NOBODY;
        boolean same = MessageDigest.isEqual(sha256(key), found.sha256());
        return same && found != NOBODY && now.isBefore(found.until())
                ? Optional.of(found.identity())
                : Optional.empty();
    }

    /** The id of a key that was found. */
    static String id(String key) {
        return key.substring(PREFIX.length(), ID_END);
    }

    /** Whoever has the key of that id today. */
    Optional<Identity> ofId(String id, Instant now) {
        return Optional.ofNullable(byId.get(id))
                .filter(entry -> now.isBefore(entry.until()))
                .map(Entry::identity);
    }

    /** Who has a certificate of that name: somebody of the file, else somebody without roles. */
    Optional<Identity> ofCertificate(String name, Instant now) {
        Entry entry = byCertificate.get(name);
        return entry == null
                ? Optional.of(Identity.of(new Principal(name, Set.of(), Map.of(), Optional.empty())))
                : Optional.of(entry)
                        .filter(found -> now.isBefore(found.until()))
                        .map(Entry::identity);
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-256", absent);
        }
    }

    /** A new key, to be shown once, and what the file has of it. */
    record Made(String key, String id, String sha256) {
        static Made random(SecureRandom random) {
            byte[] id = new byte[ID_BYTES];
            byte[] secret = new byte[SECRET_BYTES];
            random.nextBytes(id);
            random.nextBytes(secret);
            String digits = HexFormat.of().formatHex(id);
            String key = PREFIX + digits + "_"
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
            return new Made(key, digits, HexFormat.of().formatHex(ApiKeys.sha256(key)));
        }

        @Override
        public String toString() {
            return "Made[id=" + id + "]";
        }
    }
}
