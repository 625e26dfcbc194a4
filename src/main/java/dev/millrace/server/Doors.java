package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.problem.Problem;
import dev.millrace.security.Loopback;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whether a server may open its ports: beyond this machine only to callers that it knows, and by TLS. */
final class Doors {
    private Doors() {}

    /** Throws {@link Problem.CannotStart}, which names the settings that mend it, where it may not. */
    static void check(Configuration configuration) {
        Map<String, String> hosts = new LinkedHashMap<>();
        hosts.put("http.host", configuration.http().host());
        hosts.put("flight.host", configuration.flight().host());
        hosts.put("management.host", configuration.management().host());
        List<String> beyond = hosts.entrySet().stream()
                .filter(each -> !Loopback.is(each.getValue()))
                .map(each -> each.getKey() + " " + each.getValue())
                .toList();
        Configuration.Security security = configuration.security();
        List<String> faults = new ArrayList<>();
        if (!beyond.isEmpty() && !security.names() && !security.open()) {
            faults.add("Anybody on the network could read and write everything (" + String.join(", ", beyond)
                    + "). Name what callers are known by: security.keys, security.oidc.issuer or security.tls.clients."
                    + " Or say security.open: true.");
        }
        if (!beyond.isEmpty() && !security.tls().isOn() && !security.plaintext()) {
            faults.add("Anybody on the way could read and change what is sent, keys too (" + String.join(", ", beyond)
                    + "). Set security.tls.certificate and security.tls.key. Or say security.plaintext: true, where a"
                    + " proxy ends TLS.");
        }
        if (!faults.isEmpty()) {
            throw new Problem.CannotStart(String.join("\n", faults)).exception();
        }
    }
}
