package dev.millrace.security;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What tests tell the authenticator. */
final class Told {
    static final Audit NO_AUDIT = new Audit(
            settings().audit(),
            java.time.InstantSource.system(),
            new io.micrometer.core.instrument.simple.SimpleMeterRegistry());

    private Told() {}

    /** Settings, names without {@code security.} and values in turn. */
    static Configuration.Security settings(String... namesAndValues) {
        Map<String, String> all = new HashMap<>(Map.of("security.watchInterval", "10ms"));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            all.put("security." + namesAndValues[i], namesAndValues[i + 1]);
        }
        return ConfigurationReader.ofDefaults().withOverrides(all).read().security();
    }

    static Credentials bearer(String token) {
        return new Credentials("10.0.0.1", List.of("Bearer " + token), null);
    }

    static Credentials of(String... headers) {
        return new Credentials("10.0.0.1", List.of(headers), null);
    }
}
