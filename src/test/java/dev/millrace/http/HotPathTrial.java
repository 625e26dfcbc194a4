package dev.millrace.http;

import java.nio.file.Files;
import java.time.Duration;

/** Throw-away: a server to point wrk at. */
final class HotPathTrial {
    public static void main(String[] args) throws Exception {
        var server = new HttpFixture(Files.createTempDirectory("trial"), PortLayers.none(), Duration.ofSeconds(60));
        server.sample().writeUsual(0, 200_000);
        System.out.println("PORT " + server.port());
        System.in.read();
        server.close();
    }
}
