package dev.millrace.ingest.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Where a broker gets port numbers from; a port found free can be taken a moment later, so the broker asks again. */
interface FreePorts {
    /** A port that was free at the time of asking. */
    int next();

    /** Ports that the operating system gives out. */
    static FreePorts ofSystem() {
        return () -> {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(BrokerSettings.HOST))) {
                return socket.getLocalPort();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
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
