package dev.millrace.security;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;

/**
 * A key made for somebody.
 *
 * @param key the secret, to be shown once
 * @param line what the file of keys has of it, an item of its list
 */
public record NewKey(String key, String line) {
    /** A key for a name with roles and, where it says one, a purpose. */
    public static NewKey of(String name, List<String> roles, Optional<String> purpose) {
        var made = ApiKeys.Made.random(new SecureRandom());
        String says = purpose.map(text -> ", purpose: " + quoted(text)).orElse("");
        String line = "- {id: \"" + made.id() + "\", name: " + quoted(name) + ", roles: ["
                + String.join(", ", roles.stream().map(NewKey::quoted).toList()) + "]" + says + ", sha256: \""
                + made.sha256() + "\"}";
        return new NewKey(made.key(), line);
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    @Override
    public String toString() {
        return "NewKey[line=" + line + "]";
    }
}
