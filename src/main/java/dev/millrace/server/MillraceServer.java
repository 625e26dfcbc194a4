package dev.millrace.server;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.config.Configuration;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.Mode;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.domain.AuditLayer;
import dev.millrace.domain.Governance;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.QualityWatch;
import dev.millrace.domain.Readiness;
import dev.millrace.domain.Request;
import dev.millrace.flight.FlightAnswer;
import dev.millrace.flight.FlightOptions;
import dev.millrace.flight.FlightPlaces;
import dev.millrace.flight.FlightPort;
import dev.millrace.flight.FlightRequest;
import dev.millrace.http.Answer;
import dev.millrace.http.Call;
import dev.millrace.http.HttpPort;
import dev.millrace.http.ManagementPort;
import dev.millrace.ingest.InputPorts;
import dev.millrace.layer.Layer;
import dev.millrace.layer.Places;
import dev.millrace.layer.Shares;
import dev.millrace.layer.WorkerPool;
import dev.millrace.layer.WorkerPools;
import dev.millrace.mcp.McpDoor;
import dev.millrace.problem.Fault;
import dev.millrace.problem.Problem;
import dev.millrace.query.DuckDbEngine;
import dev.millrace.security.Audit;
import dev.millrace.security.Authentication;
import dev.millrace.security.AuthenticationLayer;
import dev.millrace.security.Authenticator;
import dev.millrace.security.Identity;
import dev.millrace.security.PortTls;
import dev.millrace.sql.SqlEngine;
import dev.millrace.store.StoreSchema;
import dev.millrace.write.AuditTopic;
import dev.millrace.write.WritePorts;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running server: made in order (stores, output ports, input ports), ended in the opposite order. What a step opens
 * is closed again when a later one fails. Both block; neither is called on an event loop.
 */
public final class MillraceServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MillraceServer.class);
    private static final long MIN_STEP_MILLIS = 100;
    private static final String CLOSED = "Its policies cannot be used, so nobody with a name sees anything of it. ";
    private static final Readiness.Reason STOPS =
            new Readiness.Reason("server", "server", "STOPPING", "It was told to stop.", true);
    private static final Duration GRACE = Duration.ofSeconds(15);
    private static final Duration LONGEST_WORK = Duration.ofMinutes(1);
    private static final Duration LAST_WAIT = Duration.ofSeconds(2);
    private static final long STEP_SECONDS = 60;
    private static final long HTTP_MEMORY_BYTES = 256L << 20;
    private static final long FLIGHT_MEMORY_BYTES = 256L << 20;

    private static final long VIEW_MEMORY_BYTES = 256L << 20;

    private static final int MAX_WRITES = 1_000;

    private static final int LOOPS = Runtime.getRuntime().availableProcessors();
    private static final int QUERY_THREADS = Math.max(2, LOOPS);

    /** One thing to be undone at the end. */
    private interface Closing {
        void close() throws Exception;
    }

    private final Deque<Closing> closings = new ArrayDeque<>();
    private final Configuration configuration;
    private ProductRegistry registry = new ProductRegistry("", List.of());
    private volatile Map<String, List<Fault>> brokenPolicies = Map.of();
    private volatile boolean stopping;
    private long deadline;
    private int httpPort;
    private int flightPort;
    private int managementPort;

    private MillraceServer(Configuration configuration) {
        this.configuration = configuration;
    }

    /**
     * A server that listens and reads its topics; products may still be catching up.
     *
     * @throws dev.millrace.problem.ProblemException when the mesh is wrong, a port is taken, a folder cannot be used
     */
    public static MillraceServer start(Configuration configuration) {
        var server = new MillraceServer(configuration);
        try {
            server.open();
            return server;
        } catch (RuntimeException | Error failure) {
            server.close();
            throw failure;
        }
    }

    private void open() {
        Doors.check(configuration);
        Mesh mesh = MeshReader.readSound(configuration.mesh().folder());
        if (mesh.broken().stream().anyMatch(file -> file.domain().isEmpty())) {
            mesh.orThrow();
        }
        mesh.warnings().forEach(warning -> LOG.warn("{}", warning));
        Instance instance = Instance.of(configuration.data().folder());

        // Its classes are loaded while the stores are opened: both take long.
        var loading = CompletableFuture.supplyAsync(
                () -> Vertx.vertx(new VertxOptions()
                        .setPreferNativeTransport(true)
                        .setEventLoopPoolSize(LOOPS)
                        .setDisableTCCL(true)),
                task -> Thread.ofPlatform().name("start").start(task));
        closings.push(() -> await(loading.join().close()));
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        closings.push(meters::close);
        bindJvm(meters);

        var root = new RootAllocator();
        closings.push(root::close);

        var contracts = new Contracts(
                configuration.mesh().folder(), configuration.data().folder());
        Contracts.Chosen chosen = contracts.choose(mesh);
        chosen.unserved()
                .forEach(product -> LOG.error(
                        "{} is not served: {}", product.qualifiedName(), String.join("\n", product.reasons())));
        BufferAllocator views = root.newChildAllocator("views", 0, VIEW_MEMORY_BYTES);
        closings.push(views::close);
        var governance = new Governance(
                Governance.table(configuration.security().classifications()),
                instance.secret(),
                views,
                InstantSource.system());
        var domains = new Domains(configuration, root);
        closings.push(domains::close);
        domains.open(chosen.served());
        registry = new ProductRegistry(configuration.mesh().name(), domains.products());
        registry.unserved(chosen.unserved());
        govern(mesh, governance);

        Vertx vertx = loading.join();
        var shares = new Shares(configuration.limits().share(), meters);
        long wanted = configuration.limits().requestMemory().bytes();
        Places memory = shares.places(
                "request.bytes", wanted > 0 ? wanted : Runtime.getRuntime().maxMemory() / 4);
        var policies = new Resilience(vertx, configuration.limits(), shares, meters);
        BufferAllocator copies = root.newChildAllocator("http answers", 0, HTTP_MEMORY_BYTES);
        closings.push(copies::close);
        var engine = new DuckDbEngine(new DuckDbEngine.Limits(
                configuration.data().folder().resolve("query").toAbsolutePath(),
                configuration.query().memory().bytes(),
                configuration.query().threads(),
                configuration.query().maxGroups(),
                configuration.query().spool().bytes()));
        var pools = new WorkerPools(vertx);
        closings.push(pools::close);
        pools.look(engine::cancelUnwanted);
        // Before the ports and until they are ended: it says how it stands with them.
        var readiness = new Readiness(registry, configuration.management().requiredProducts());
        readiness.add(() -> pools.stuck().stream().map(MillraceServer::reason).toList());
        readiness.add(() -> stopping ? List.of(STOPS) : List.of());
        readiness.add(() -> brokenPolicies.entrySet().stream()
                .map(domain -> new Readiness.Reason(
                        "policies", domain.getKey(), "BROKEN", CLOSED + texts(domain.getValue()), false))
                .toList());
        var audit = new Audit(configuration.security().audit(), InstantSource.system(), meters);
        closings.push(audit::close);
        if (!configuration.security().audit().topic().isEmpty()) {
            audit.add(
                    "topic",
                    new AuditTopic(
                            configuration.kafka(),
                            configuration.security().audit().topic()));
        }
        var authenticator =
                new Authenticator(vertx, configuration.security(), instance.secret(), audit, InstantSource.system());
        closings.push(authenticator::close);
        PortTls tls = PortTls.of(vertx, configuration.security());
        closings.push(tls::close);
        readiness.add(() -> Stream.concat(authenticator.broken().stream(), tls.broken().stream())
                .map(detail -> new Readiness.Reason("security", "files", "BROKEN", detail, false))
                .toList());
        var management = new ManagementPort(
                        vertx,
                        registry,
                        readiness,
                        configuration.management(),
                        configuration.security().openMetrics() ? Authentication.ANYBODY : authenticator,
                        meters)
                .over(configuration.security().tls().management() ? tls : PortTls.none());
        managementPort = await(management.start());
        closings.push(() -> await(management.stop()));
        // Where a deadline ends a request its work ends, too; what is at the same long after that is stuck.
        Duration longest = configuration.limits().requestTimeout().plus(GRACE);
        WorkerPool query = pools.open("query", QUERY_THREADS, longest, () -> {}).inBackground();
        closings.push(() -> await(query.close(LAST_WAIT)));
        WorkerPool statements = pools.open("statements", Math.max(1, LOOPS - 1), longest, engine::renew)
                .inBackground();
        closings.push(() -> await(statements.close(LAST_WAIT)));
        closings.push(engine::close);
        Layer<Call, Answer> httpCallers = asked(
                authenticator,
                call -> call.isOpen()
                        ? Authentication.ANYBODY.identify(call.credentials())
                        : authenticator.identify(call.credentials()),
                Call::by);
        Layer<FlightRequest, FlightAnswer> flightCallers =
                asked(authenticator, FlightPort::identity, FlightRequest::by);
        var http = new HttpPort(
                        vertx,
                        registry,
                        configuration.http(),
                        instance.secret(),
                        policies.around(
                                "http",
                                httpCallers.then(audited(audit, Call::asked, Call::named, Answer::served)),
                                Call::client,
                                Call::isBounded),
                        LOOPS,
                        query,
                        statements,
                        copies,
                        engine,
                        shares,
                        configuration.limits().waiters(),
                        memory)
                .over(tls)
                .behind(configuration.security().proxies());
        int sqlWorkers = configuration.sql().workers() > 0
                ? configuration.sql().workers()
                : Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        var sql = new SqlEngine(
                new SqlEngine.Options(
                        configuration.data().folder().resolve("sql").toAbsolutePath(),
                        sqlWorkers,
                        configuration.sql().memory().bytes(),
                        configuration.sql().spill().bytes(),
                        configuration.sql().timeout(),
                        configuration.sql().waiting()),
                registry,
                copies,
                meters);
        closings.push(sql::close);
        WorkerPool sqlRows =
                pools.open("sql", 2 * sqlWorkers, configuration.sql().timeout().plus(GRACE), () -> {});
        closings.push(() -> await(sqlRows.close(LAST_WAIT)));
        http.answering(sql, sqlRows).behind(new McpDoor());
        httpPort = await(http.start());
        closings.push(() -> await(http.stop(Duration.ZERO)));
        WorkerPool pages = pools.open("pages", 2, LONGEST_WORK, () -> {});
        closings.push(() -> await(pages.close(LAST_WAIT)));
        FlightPort flight = await(FlightPort.start(
                vertx,
                new FlightOptions(
                        configuration.flight().host(),
                        configuration.flight().port(),
                        FLIGHT_MEMORY_BYTES,
                        FlightOptions.Tickets.signedWith(instance.secret()),
                        (int) Math.min(1 << 30, configuration.http().maxBody().bytes()),
                        authenticator,
                        tls),
                registry,
                root,
                engine,
                policies.around(
                        "flight",
                        flightCallers.then(
                                audited(audit, FlightRequest::asked, FlightRequest::named, FlightAnswer::served)),
                        FlightRequest::client,
                        FlightRequest::isBounded),
                new FlightPlaces(
                        shares.places(
                                "flight.connections", configuration.flight().maxConnections()),
                        shares.places("flight.calls", configuration.flight().maxCalls()),
                        shares.places("flight.waiters", configuration.limits().waiters()),
                        memory),
                pages,
                statements,
                Optional.of(new FlightPort.Sql(sql, sqlRows)),
                meters));
        flightPort = flight.port();
        closings.push(() -> await(flight.close(Duration.ZERO)));

        QualityWatch quality = QualityWatch.start(registry, Clock.systemUTC());
        closings.push(quality::close);
        InputPorts inputs = InputPorts.start(
                vertx,
                configuration.kafka(),
                configuration.schemaRegistry(),
                configuration.input(),
                domains.all(),
                pools.open("replay", 2, LONGEST_WORK, () -> {}));
        closings.push(() -> await(inputs.stop()));
        WritePorts writes = WritePorts.start(
                vertx,
                configuration,
                instance.id(),
                registry.all(),
                root,
                pools.open("writes", 2, LONGEST_WORK, () -> {}),
                shares.places("writes", MAX_WRITES));
        closings.push(() -> await(writes.stop()));
        closings.push(MeshWatch.start(
                configuration.mesh().folder(),
                configuration.mesh().watchInterval(),
                registry,
                contracts,
                new MeshWatch.Serving() {
                    @Override
                    public void govern(Mesh changed) {
                        MillraceServer.this.govern(changed, governance);
                    }

                    @Override
                    public void open(Contracts.Choice choice) {
                        Product product = domains.add(choice);
                        writes.add(product);
                        inputs.add(domains.of(product), product);
                        registry.add(product);
                    }

                    @Override
                    public void close(Product product) {
                        registry.remove(product);
                        writes.remove(product);
                        await(inputs.remove(product));
                        domains.remove(product);
                    }
                })::close);
        closings.push(() -> drain(http, flight));
    }

    /** Asks who it is, unless nobody is asked. */
    private static <Q, R> Layer<Q, R> asked(
            Authenticator authenticator, Function<Q, Future<Identity>> who, BiFunction<Q, Identity, Q> by) {
        return authenticator.asks() ? new AuthenticationLayer<>(who, by) : service -> service;
    }

    /** Puts the policies of a mesh folder in force. */
    private void govern(Mesh mesh, Governance governance) {
        Map<String, List<Fault>> broken = registry.govern(mesh.policies(), governance);
        if (!broken.equals(brokenPolicies)) {
            broken.forEach((domain, faults) -> LOG.error("{}: {}{}", domain, CLOSED, texts(faults)));
            brokenPolicies = broken;
        }
    }

    private static String texts(List<Fault> faults) {
        return faults.stream().map(Fault::toString).collect(Collectors.joining(" "));
    }

    /** Writes who did what, unless nothing is written. */
    private static <Q, R> Layer<Q, R> audited(
            Audit audit, Function<Q, Request> asked, Function<Q, String> named, Function<R, Audit.Served> served) {
        return audit.isOn() ? new AuditLayer<>(audit, asked, named, served) : service -> service;
    }

    /** What is asked meanwhile is answered by all that answers it: the ports end before anything behind them does. */
    private void drain(HttpPort http, FlightPort flight) {
        Configuration.Stop stop = configuration.stop();
        LockSupport.parkNanos(stop.notice().toNanos());
        await(Future.join(http.stop(stop.streams()), flight.close(stop.streams())));
    }

    /** What the product's rows look like in its store. */
    static StoreSchema schema(ProductDefinition product) {
        return new StoreSchema(
                ArrowSchemas.of(product.object()),
                product.key().stream().map(Property::name).toList(),
                product.mode() == Mode.UPSERT);
    }

    private static Readiness.Reason reason(WorkerPool.Stuck stuck) {
        return new Readiness.Reason(
                "pool",
                stuck.pool(),
                "STUCK",
                stuck.tasks() + " tasks make no progress, the first since " + stuck.since()
                        + (stuck.replaced()
                                ? "; other threads have taken the place of theirs."
                                : ". Restart the server."),
                !stuck.replaced());
    }

    private static void bindJvm(PrometheusMeterRegistry meters) {
        new JvmMemoryMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new JvmGcMetrics().bindTo(meters);
    }

    /** The products served. */
    public List<Product> products() {
        return registry.all();
    }

    public int httpPort() {
        return httpPort;
    }

    public int flightPort() {
        return flightPort;
    }

    public int managementPort() {
        return managementPort;
    }

    /**
     * Says that it is not ready, drains the output ports, stops reading, flushes the stores; within the time that the
     * settings give, if its stores do. Safe to call more than once.
     */
    @Override
    public synchronized void close() {
        if (!stopping) {
            deadline = System.nanoTime() + configuration.stop().within().toNanos();
            stopping = true;
            LOG.info("Stopping");
        }
        while (!closings.isEmpty()) {
            try {
                closings.pop().close();
            } catch (Exception failure) {
                LOG.error("A part of the server did not close", failure);
            }
        }
    }

    private <T> T await(Future<T> future) {
        long millis =
                stopping ? Math.max(MIN_STEP_MILLIS, (deadline - System.nanoTime()) / 1_000_000) : STEP_SECONDS * 1000;
        try {
            return future.toCompletionStage().toCompletableFuture().get(millis, TimeUnit.MILLISECONDS);
        } catch (java.util.concurrent.ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new CompletionException(failure.getCause());
        } catch (TimeoutException late) {
            throw new Problem.TimedOut("a step of start or stop", millis).exception();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new CompletionException(interrupted);
        }
    }
}
