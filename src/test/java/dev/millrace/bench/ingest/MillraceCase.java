package dev.millrace.bench.ingest;

import dev.millrace.Folders;
import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.config.Configuration;
import dev.millrace.config.ConfigurationReader;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.Mode;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.domain.DomainActor;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.ingest.InputPorts;
import dev.millrace.layer.WorkerPool;
import dev.millrace.store.LocalStore;
import dev.millrace.store.ProductStore;
import dev.millrace.store.Snapshot;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.RootAllocator;

/** Millrace's own way: input port, decoder, store on disk and snapshot, with the settings that a server starts with. */
final class MillraceCase implements IngestCase {
    private static final String DOMAIN = "sales";
    private static final String NAME = "orders";

    private final Source source;
    private final ProductDefinition orders;
    private final Configuration configuration = ConfigurationReader.ofDefaults().read();
    private final Vertx vertx = Vertx.vertx();
    private int pass;

    /** {@code keyed}: whether rows can be found by their id, too. */
    MillraceCase(Source source, boolean keyed) throws IOException {
        this.source = source;
        Path mesh = Files.createTempDirectory("millrace-bench-mesh");
        try {
            Path domain = Files.createDirectories(mesh.resolve("domains/" + DOMAIN));
            Files.writeString(
                    domain.resolve(NAME + ".odcs.yaml"), source.dataSet().contract(source.topic(), keyed));
            this.orders = MeshReader.read(mesh).product(DOMAIN, NAME).orElseThrow();
        } finally {
            Folders.delete(mesh);
        }
    }

    @Override
    public Reading read() throws IOException {
        return new ToRows(orders, Files.createTempDirectory("millrace-bench"));
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private final class ToRows implements Reading {
        private final Path folder;
        private final RootAllocator root = new RootAllocator();
        private final DomainActor domain;
        private final InputPorts inputs;

        ToRows(ProductDefinition orders, Path folder) {
            this.folder = folder;
            long memoryBytes = configuration.domain().memory().bytes();
            domain = DomainActor.open(
                    DOMAIN,
                    List.of(orders),
                    memoryBytes,
                    source.ingestThreads(),
                    root,
                    (product, resources) -> open(product, resources, memoryBytes));
            inputs = InputPorts.start(
                    vertx,
                    new Configuration.Kafka(source.bootstrapServers(), Map.of()),
                    configuration.schemaRegistry(),
                    configuration.input(),
                    List.of(domain),
                    WorkerPool.unwatched(vertx, "replay", 1));
        }

        private ProductStore open(ProductDefinition product, StoreResources resources, long memoryBytes) {
            var schema = new StoreSchema(
                    ArrowSchemas.of(product.object()),
                    product.key().stream().map(Property::name).toList(),
                    product.mode() == Mode.UPSERT);
            var options = TestOptions.of(
                    configuration.store().segmentRows(),
                    32L << 20,
                    memoryBytes,
                    configuration.store().flushInterval());
            try {
                return LocalStore.open(schema, options, folder.resolve(product.name()), resources);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }

        @Override
        public long await() throws InterruptedException {
            Product orders = domain.products().getFirst();
            Patience.until("the end of the topic", () -> orders.state().phase() == Phase.LIVE);
            try (Snapshot snapshot = orders.snapshot()) {
                return snapshot.rows();
            }
        }

        @Override
        public void close() throws IOException {
            inputs.stop().toCompletionStage().toCompletableFuture().join();
            domain.close();
            root.close();
            Folders.delete(folder);
        }
    }
}
