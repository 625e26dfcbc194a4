package dev.millrace.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.domain.ProductState.Phase;
import dev.millrace.store.LocalStore;
import dev.millrace.store.ProductStore;
import dev.millrace.store.StoreResources;
import dev.millrace.store.StoreSchema;
import dev.millrace.store.TestOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainActorTest {
    private static final long MEMORY = 16 << 20;

    @TempDir
    Path folder;

    private final RootAllocator root = new RootAllocator();
    private final List<String> opened = new ArrayList<>();
    private List<ProductDefinition> definitions;

    @BeforeEach
    void writeTheMesh() throws IOException {
        Path domain = Files.createDirectories(folder.resolve("mesh/domains/shop"));
        for (String name : List.of("carts", "orders")) {
            Files.writeString(domain.resolve(name + ".odcs.yaml"), """
                    apiVersion: v3.1.0
                    kind: DataContract
                    id: shop-%s
                    name: %s
                    version: 1.0.0
                    status: active
                    schema:
                      - name: %s
                        properties:
                          - {name: id, logicalType: string}
                    """.formatted(name, name, name));
        }
        definitions = List.copyOf(Objects.requireNonNull(
                        MeshReader.read(folder.resolve("mesh")).domains().get("shop"))
                .values());
    }

    @AfterEach
    void closeAllocator() {
        root.close(); // fails when anything was left
    }

    @Test
    void open_products_eachHasDeadLettersOnItsOwnLanes() {
        try (DomainActor domain = open(2)) {
            assertEquals("shop", domain.name());
            assertEquals(
                    List.of("shop.carts", "shop.orders"),
                    domain.products().stream().map(Product::qualifiedName).toList());
            assertEquals(4, opened.size(), opened::toString);
            for (Product product : domain.products()) {
                Product letters = product.deadLetters().orElseThrow();
                assertTrue(letters.definition().isDeadLetters());
                assertSame(domain.lanes(product), domain.lanes(letters));
            }
            assertNotSame(
                    domain.lanes(domain.products().getFirst()),
                    domain.lanes(domain.products().getLast()));
            assertEquals(List.of("domain-shop-ingest", "domain-shop-ingest-1"), threads(domain));
        }
    }

    @Test
    void state_sentByAnyThread_changesOnTheProductsLaneAfterEarlierTasks() {
        try (DomainActor domain = open(1)) {
            Product product = domain.products().getFirst();
            assertEquals(Phase.STARTING, product.state().phase());
            domain.state(product, Phase.GAP, "records are gone");
            domain.state(product, Phase.LIVE, "");
            ProductState after = domain.lanes(product).ask(0, product::state).join();
            assertEquals(new ProductState(Phase.LIVE, ""), after);
            assertTrue(product.hasBeenLive());
            assertEquals(Phase.STARTING, domain.products().getLast().state().phase(), "another product's is its own");
        }
    }

    @Test
    void open_aProductThatFails_closesTheOthersAndGivesAllMemoryBack() {
        var broken = assertThrows(
                IllegalStateException.class,
                () -> DomainActor.open("shop", definitions, MEMORY, 1, root, (product, resources) -> {
                    if (product.name().equals("orders")) {
                        throw new IllegalStateException("the disk is broken");
                    }
                    return store(product, resources);
                }));
        assertEquals("the disk is broken", broken.getMessage());
        assertEquals(0, root.getAllocatedMemory());

        open(1).close(); // the folders' locks are free again
    }

    @Test
    void close_withTasksSent_finishesThemFirst() {
        DomainActor domain = open(1);
        Product product = domain.products().getFirst();
        List<Integer> ran = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            domain.lanes(product).execute(() -> ran.add(number));
        }
        domain.close();
        assertEquals(100, ran.size());
    }

    @Test
    void memory_ofADomain_isBoundedByItsBudget() {
        try (DomainActor ignored = DomainActor.open("shop", definitions, MEMORY, 1, root, (product, resources) -> {
            assertEquals(MEMORY, resources.memory().getLimit());
            assertEquals(MEMORY, resources.memory().getParentAllocator().getLimit());
            return store(product, resources);
        })) {
            assertEquals(4, opened.size());
        }
    }

    private static List<String> threads(DomainActor domain) {
        return domain.products().stream()
                .map(product -> domain.lanes(product)
                        .ask(0, () -> Thread.currentThread().getName())
                        .join())
                .toList();
    }

    private DomainActor open(int threads) {
        return DomainActor.open("shop", definitions, MEMORY, threads, root, this::store);
    }

    private ProductStore store(ProductDefinition product, StoreResources resources) {
        opened.add(product.name());
        try {
            return LocalStore.open(
                    new StoreSchema(ArrowSchemas.of(product.object()), List.of(), false),
                    TestOptions.of(512, 256 << 10, MEMORY / 4, Duration.ofSeconds(1)),
                    folder.resolve("data").resolve(product.name()),
                    resources);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
