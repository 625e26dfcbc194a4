package dev.millrace.ingest.broker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/** Where a broker gets port numbers from. A port found free can be taken a moment later, so whoever asks may ask again. */
interface FreePorts {
    /** A port that was free at the time of asking. */
    int next();

    /**
     * Random ports from below the range (32768 and up on Linux) that the operating system gives to outgoing
     * connections, so that no such connection takes the port between the look and the broker's bind.
     */
    static FreePorts ofSystem() {
        return () -> IntStream.generate(() -> ThreadLocalRandom.current().nextInt(20_000, 32_000))
                .filter(port -> !taken(port))
                .findFirst()
                .orElseThrow();
    }

    /** Whether something listens on the port now. */
    static boolean taken(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(BrokerSettings.HOST, port));
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
