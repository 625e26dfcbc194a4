package dev.millrace.server;

import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.ingest.broker.ChildBroker;
import dev.millrace.ingest.publish.TopicPublisher;
import dev.millrace.kafka.KafkaProperties;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.server.demo.DemoData;
import dev.millrace.server.demo.DemoMesh;
import dev.millrace.server.demo.DemoSource;
import dev.millrace.server.demo.Progress;
import dev.millrace.store.Position;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * The demo: a broker in a child process, its topics, their data, and the server over the demo's mesh, all in one data
 * folder and on loopback. Blocks its caller until it is told to stop.
 */
record DemoRun(Command.Demo demo, PrintStream out, Stop stop) {
    private static final String HOST = "127.0.0.1";
    private static final long LOOK_MILLIS = 50;

    /** Runs until it is told to stop; {@code CannotStart} when it cannot start, or its broker ended. */
    void run() {
        Path data = demo.dataFolder().toAbsolutePath();
        checkFree("HTTP", demo.port());
        checkFree("Flight", demo.flightPort());
        checkFree("management", demo.managementPort());
        configuration(
                data,
                HOST + ":0",
                warning ->
                        out.println("millrace: " + warning)); // a wrong variable is told before the broker is started
        DemoMesh.unpack(data.resolve("mesh"));
        out.println("Millrace demo in " + data);
        out.println("starting a Kafka broker ...");
        try (ChildBroker broker = ChildBroker.start(data.resolve("kafka"), 0).join()) {
            out.println("Kafka broker at " + broker.bootstrapServers());
            var lost = new AtomicBoolean();
            broker.process().onExit().thenRun(() -> {
                lost.set(!stop.isSaid());
                stop.say();
            });
            if (!stop.isSaid()) {
                serve(data, broker.bootstrapServers());
            }
            if (lost.get()) {
                throw new Problem.CannotStart("The Kafka broker's process has ended; its log is " + broker.log() + ".")
                        .exception();
            }
        }
        out.println("stopped; everything is kept in " + data);
    }

    private void serve(Path data, String bootstrapServers) {
        DemoData source = DemoData.unpack(data.resolve("source"));
        try (var publisher = new TopicPublisher(bootstrapServers)) {
            stop.whenSaid(publisher::close);
            publisher.ensure(DemoData.topics());
            try (MillraceServer server = MillraceServer.start(configuration(data, bootstrapServers, told -> {}))) {
                long total = publish(publisher, "flights", DemoData.FLIGHTS.name(), source.flights(demo.records()))
                        + publish(publisher, "airports", DemoData.AIRPORTS.name(), source.airports())
                        + publish(publisher, "earthquakes", DemoData.EARTHQUAKES.name(), source.earthquakes());
                if (awaitServed(server, total)) {
                    welcome(server);
                    stop.await(Long.MAX_VALUE);
                }
                out.println();
                out.println("stopping ...");
            }
        } catch (ProblemException failure) {
            if (!stop.isSaid()) {
                throw failure;
            }
            // What was under way when the word came was cut off; the next start goes on with it.
        }
    }

    private Configuration configuration(Path data, String bootstrapServers, Consumer<Fault> warnings) {
        return ConfigurationReader.ofDefaults()
                .withKafkaCheck(new KafkaProperties())
                .withEnvironment(System.getenv(), warnings)
                .withOverrides(Map.of(
                        "mesh.name",
                        "demo",
                        "mesh.folder",
                        data.resolve("mesh").toString(),
                        "data.folder",
                        data.resolve("server").toString(),
                        "kafka.bootstrapServers",
                        bootstrapServers,
                        "http.host",
                        HOST,
                        "http.port",
                        Integer.toString(demo.port()),
                        "flight.host",
                        HOST,
                        "flight.port",
                        Integer.toString(demo.flightPort()),
                        "management.host",
                        HOST,
                        "management.port",
                        Integer.toString(demo.managementPort())))
                .read();
    }

    /** Publishes what the topic lacks, and returns how many records the source has. */
    private long publish(TopicPublisher publisher, String what, String topic, DemoSource source) {
        try (source) {
            if (stop.isSaid()) {
                return 0;
            }
            var progress = Progress.onStandardOutput("publishing " + what);
            if (publisher.publish(topic, source.records(), source.total(), progress::show) == 0) {
                out.println("  all of them were there already");
            }
            return source.total();
        }
    }

    /**
     * Whether everything published is served; false when it was stopped before. A product whose input has ended for good
     * is named and not waited for: its rows are served all the same.
     */
    private boolean awaitServed(MillraceServer server, long total) {
        var progress = Progress.onStandardOutput("serving records");
        while (true) {
            long served = server.products().stream().mapToLong(DemoRun::reached).sum();
            List<Product> ended =
                    server.products().stream().filter(DemoRun::hasEnded).toList();
            boolean live = server.products().stream()
                    .allMatch(product -> product.state().phase() == Phase.LIVE || ended.contains(product));
            progress.show(Math.min(served, total), total);
            if (live && (served >= total || !ended.isEmpty())) {
                ended.forEach(product -> out.println("  " + product.qualifiedName() + " reads no more ("
                        + product.state().phase() + "): " + product.state().detail()));
                return true;
            }
            if (stop.await(LOOK_MILLIS)) {
                return false;
            }
        }
    }

    private static boolean hasEnded(Product product) {
        return switch (product.state().phase()) {
            case STOPPED, GAP, RECREATED -> true;
            case STARTING, CATCHING_UP, LIVE, PAUSED, UNWRITABLE, RETRYING -> false;
        };
    }

    private static long reached(Product product) {
        long sum = 0;
        Position position = product.position();
        for (int partition = 0; partition < position.partitions(); partition++) {
            sum += position.next(partition);
        }
        return sum;
    }

    private void welcome(MillraceServer server) {
        String http = "http://" + HOST + ":" + server.httpPort();
        String flight = "grpc://" + HOST + ":" + server.flightPort();
        out.println();
        out.println("portal      " + http + "/");
        out.println("HTTP        " + http + "/v1/products");
        out.println("Flight      " + flight);
        out.println("management  http://" + HOST + ":" + server.managementPort() + "/health/ready and /metrics");
        out.println();
        out.println("Open: whoever is on this machine may read and write; nobody is asked who it is.");
        out.println("Paste one of these:");
        out.println("  curl -g '" + http + "/v1/products/aviation/flights/rows?origin=SFO&delay[gte]=60&limit=5'");
        out.println("  python3 -c \"import pyarrow.flight as f; c = f.connect('" + flight
                + "'); i = c.get_flight_info(f.FlightDescriptor.for_path('aviation', 'flights'));"
                + " print(c.do_get(i.endpoints[0].ticket).read_all())\"");
        out.println("  jdbc:arrow-flight-sql://" + HOST + ":" + server.flightPort() + "/?useEncryption=false");
        out.println("  claude mcp add --transport http millrace " + http + "/mcp");
        out.println();
        out.println("Ctrl-C stops it; the next start goes on with the same data.");
    }

    private static void checkFree(String what, int port) {
        if (port == 0) {
            return;
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(InetAddress.getByName(HOST), port));
        } catch (IOException taken) {
            throw new Problem.CannotStart("The " + what + " port " + port + " is taken: " + taken.getMessage()
                            + ". Give another one, or 0 for a free one.")
                    .exception();
        }
    }
}
