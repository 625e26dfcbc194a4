package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {
    private final Proxies proxies = new Proxies(List.of("10.0.0.0/9", "192.168.1.1", "2001:db8::/32"));

    @Test
    void networks_holdWhatTheirBitsSay() {
        for (String inside : List.of("10.0.0.0", "10.127.255.255", "192.168.1.1", "2001:db8:1::7")) {
            assertTrue(proxies.hold(inside), inside);
        }
        for (String outside : List.of("10.128.0.0", "11.0.0.0", "192.168.1.2", "2001:db9::", "", "localhost")) {
            assertFalse(proxies.hold(outside), outside);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            for=1.2.3.4                                  |             | 1.2.3.4
            for=1.2.3.4;proto=https;by=10.0.0.1          |             | 1.2.3.4
            proto=https;For="1.2.3.4:5678"               |             | 1.2.3.4
            for="[2001:DB9::1]:99"                       |             | 2001:db9:0:0:0:0:0:1
            for=9.9.9.9, for=1.2.3.4, for=10.0.0.7       |             | 1.2.3.4
            for=1.2.3.4, for=unknown                     |             | 10.0.0.1
            for=_hidden                                  |             | 10.0.0.1
            for=10.0.0.9                                 |             | 10.0.0.1
            for=evil.example                             |             | 10.0.0.1
            ''                                           | 9.9.9.9, 1.2.3.4 | 1.2.3.4
            ''                                           | 1.2.3.4, 10.0.0.7 | 1.2.3.4
            ''                                           | x, y        | 10.0.0.1
            ''                                           | ''          | 10.0.0.1
            for=1.2.3.4                                  | 5.6.7.8     | 1.2.3.4
            """)
    void client_isTheLastThatIsNoProxyOfOurs(String forwarded, String otherwise, String client) {
        assertEquals(client, proxies.client(forwarded, otherwise == null ? "" : otherwise, "10.0.0.1"));
    }
}
