package dev.millrace.http;

import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Proxies whose word is taken on who their client is: {@code Forwarded} (RFC 7239), else {@code X-Forwarded-For}. Read from the
 * end, since what stands before the first address that is no proxy of ours may have been written by anybody. Immutable.
 */
final class Proxies {
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-fA-F.:]{2,45}");
    private static final Pattern FOR = Pattern.compile(
            "(?:^|;)\\s*for=\"?(?:\\[([0-9a-fA-F.:]+)]|([0-9.]+))(?::\\d+)?\"?\\s*(?=;|$)", Pattern.CASE_INSENSITIVE);

    /** An address and how many of its first bits count. */
    private record Network(byte[] address, int bits) {
        boolean holds(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int i = 0; i < bits; i++) {
                if (((address[i / 8] ^ other[i / 8]) >> (7 - i % 8) & 1) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private final List<Network> networks;

    /** @param addresses of proxies, each with {@code /bits} for a network, as the settings have checked them */
    Proxies(List<String> addresses) {
        networks = addresses.stream().map(Proxies::network).toList();
    }

    private static Network network(String text) {
        String[] parts = text.split("/", 2);
        byte[] address = bytes(parts[0]);
        return new Network(address, parts.length == 2 ? Integer.parseInt(parts[1]) : address.length * 8);
    }

    /** Never asks a resolver; empty where it is no address. */
    private static byte[] bytes(String address) {
        try {
            return ADDRESS.matcher(address).matches()
                    ? InetAddress.ofLiteral(address).getAddress()
                    : new byte[0];
        } catch (IllegalArgumentException broken) {
            return new byte[0];
        }
    }

    /** Whether an address is one of them. */
    boolean hold(String address) {
        if (networks.isEmpty()) {
            return false;
        }
        byte[] bytes = bytes(address);
        return networks.stream().anyMatch(network -> network.holds(bytes));
    }

    /** Who is behind a proxy of ours; the proxy itself where it says nothing that can be read. */
    String client(HttpServerRequest request, String proxy) {
        return client(Call.text(request, "Forwarded"), Call.text(request, "X-Forwarded-For"), proxy);
    }

    String client(String forwarded, String otherwise, String proxy) {
        boolean standard = !forwarded.isEmpty();
        String[] hops = (standard ? forwarded : otherwise).split(",", -1);
        for (int i = hops.length - 1; i >= 0; i--) {
            String hop = hops[i].strip();
            if (standard) {
                Matcher found = FOR.matcher(hop);
                hop = !found.find() ? "" : found.group(1) != null ? found.group(1) : found.group(2);
            }
            byte[] bytes = bytes(hop);
            if (bytes.length == 0) {
                return proxy;
            }
            if (!hold(hop)) {
                return text(bytes);
            }
        }
        return proxy;
    }

    /** One text for each address, as connections have it. */
    private static String text(byte[] address) {
        try {
            return InetAddress.getByAddress(address).getHostAddress();
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("an address of 4 or 16 bytes", impossible);
        }
    }
}
