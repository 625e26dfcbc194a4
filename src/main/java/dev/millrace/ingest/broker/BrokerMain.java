package dev.millrace.ingest.broker;

import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The main of a child JVM that is a broker: prints {@code READY host:port} when it serves, and ends when its standard
 * input does, so it cannot outlive a parent, however that one dies.
 *
 * <p>Arguments: the data folder and the port (0 for any). Exit code 3 and a last line {@code FAILED reason} on standard
 * output when it cannot start. Logs go to standard error.
 */
public final class BrokerMain {
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(20);

    private BrokerMain() {}

    /** Runs the broker until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        // Ctrl-C on the parent's terminal reaches every process there; when to end is the parent's to say.
        Signal.handle(new Signal("INT"), SignalHandler.SIG_IGN);
        EmbeddedBroker broker;
        try {
            broker = EmbeddedBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        } catch (ProblemException e) {
            say("FAILED " + e.problem().detail());
            Runtime.getRuntime().halt(3);
            return;
        }
        Thread close = Thread.ofPlatform().name("close").unstarted(broker::close);
        Runtime.getRuntime().addShutdownHook(close);
        say("READY " + broker.bootstrapServers());
        awaitEnd(System.in);
        haltAfter(CLOSE_PATIENCE);
        System.exit(0); // the hook closes the broker
    }

    private static void awaitEnd(InputStream input) throws IOException {
        byte[] ignored = new byte[64];
        while (input.read(ignored) >= 0) {
            // the parent sends nothing; only the end matters
        }
    }

    /** Nobody is left to kill this process when its parent was killed: a hanging close is cut off here. */
    private static void haltAfter(Duration patience) {
        Thread.ofPlatform().daemon().name("halt").start(() -> {
            try {
                Thread.sleep(patience);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(4);
        });
    }

    @SuppressWarnings("SystemOut") // standard output is the protocol with the parent
    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }
}
