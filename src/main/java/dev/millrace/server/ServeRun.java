package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.kafka.KafkaProperties;
import java.io.PrintStream;
import java.time.Duration;

/** Serves a mesh as a configuration file says. Blocks its caller until it is told to stop. */
record ServeRun(Command.Serve serve, PrintStream out, Stop stop) {
    /** What stores may take longer than all else to be flushed, and to close what a disk holds up. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    /** Runs until it is told to stop. */
    void run() {
        Configuration configuration = ConfigurationReader.ofDefaults()
                .withFile(serve.config())
                .withKafkaCheck(new KafkaProperties())
                .withEnvironment(System.getenv(), warning -> out.println("millrace: " + warning))
                .read();
        stop.within(configuration.stop().within().plus(GRACE));
        try (MillraceServer server = MillraceServer.start(configuration)) {
            out.println("HTTP        " + configuration.http().host() + ":" + server.httpPort());
            out.println("Flight      " + configuration.flight().host() + ":" + server.flightPort());
            out.println("management  " + configuration.management().host() + ":" + server.managementPort());
            if (!configuration.security().names()) {
                out.println("open: nobody is asked who it is; see docs/security.md");
            }
            out.println("serving " + server.products().size() + " products");
            stop.await(Long.MAX_VALUE);
        }
    }
}
