package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import java.io.PrintStream;
import java.util.concurrent.CountDownLatch;

/** Serves a mesh as a configuration file says. Blocks its caller; {@link #close} comes from the shutdown hook. */
final class ServeRun implements AutoCloseable {
    private final Command.Serve serve;
    private final PrintStream out;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);

    ServeRun(Command.Serve serve, PrintStream out) {
        this.serve = serve;
        this.out = out;
    }

    /** Runs until {@link #close}. */
    void run() {
        try {
            serve(ConfigurationReader.ofDefaults()
                    .withFile(serve.config())
                    .withEnvironment(System.getenv())
                    .read());
        } finally {
            stopped.countDown(); // whatever failed: the shutdown hook waits for it
        }
    }

    private void serve(Configuration configuration) {
        try (MillraceServer server = MillraceServer.start(configuration)) {
            out.println("HTTP        " + configuration.http().host() + ":" + server.httpPort());
            out.println("Flight      " + configuration.flight().host() + ":" + server.flightPort());
            out.println("management  " + configuration.management().host() + ":" + server.managementPort());
            out.println("serving " + server.products().size() + " products");
            stop.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the run, and waits until it has ended. */
    @Override
    public void close() {
        stop.countDown();
        try {
            stopped.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
