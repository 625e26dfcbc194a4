package dev.millrace.domain;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.Folders;
import dev.millrace.contract.Grant.May;
import dev.millrace.contract.Mask;
import dev.millrace.contract.Mesh;
import dev.millrace.contract.MeshReader;
import dev.millrace.problem.ProblemException;
import dev.millrace.query.SampleRows;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What grants come to for principals, one product and a clock by hand. */
class ProductPolicyTest {
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: d-p-contract
            name: p
            version: 1.0.0
            status: active
            roles: [{role: reader, access: read}]
            schema:
              - name: p
                properties:
                  - {name: id, logicalType: string, primaryKey: true, required: true}
                  - {name: origin, logicalType: string, classification: pii}
                  - {name: delay, logicalType: integer, logicalTypeOptions: {format: i32}}
                  - {name: limit, logicalType: integer}
                  - {name: speed, logicalType: number}
                  - {name: price, logicalType: number, physicalType: "decimal(20,2)"}
                  - {name: day, logicalType: date}
                  - {name: at, logicalType: timestamp}
                  - {name: ok, logicalType: boolean}
                  - {name: properties, logicalType: object, properties: [{name: mag, logicalType: number}]}
            """;

    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-12-01T10:00:00Z"));

    @TempDir
    Path temporary;

    private static Principal principal(String name, String role, Map<String, List<String>> claims) {
        return new Principal(name, Set.of(role), claims, Optional.empty());
    }

    private void with(String policies, BiConsumer<Product, View> test) throws IOException {
        Path mesh = temporary.resolve("mesh");
        Path folder = Files.createDirectories(mesh.resolve("domains/d"));
        Files.writeString(folder.resolve("p.odcs.yaml"), CONTRACT);
        if (!policies.isEmpty()) {
            Files.writeString(folder.resolve("policies.yaml"), policies);
        }
        Mesh read = MeshReader.read(mesh);
        try (var sample = new SampleRows(temporary.resolve("rows"))) {
            sample.writeUsual(0, 100);
            var product = new Product(read.product("d", "p").orElseThrow(), sample.store(), Optional.empty());
            product.govern(
                    read.policies("d"),
                    new Governance(
                            Map.of("pii", Mask.HIDE),
                            "secret of a test".getBytes(UTF_8),
                            sample.allocator(),
                            now::get));
            try {
                test.accept(product, product.as(Principal.ANYBODY));
            } finally {
                product.endPolicy();
            }
        } finally {
            Folders.delete(temporary.resolve("rows"));
            Folders.delete(mesh);
        }
    }

    @Test
    void withoutPolicies_rolesOfTheContract_andClassifications_decide() throws IOException {
        with("", (product, open) -> {
            View view = product.as(principal("ada", "reader", Map.of()));
            assertEquals(9, view.shape().columns().size());
            assertTrue(view.shape().find("origin").isEmpty());
            assertFalse(view.isOpen());
            assertFalse(product.sees(principal("ada", "writer", Map.of())));
            assertThrows(ProblemException.class, () -> product.as(principal("ada", "writer", Map.of())));
            assertTrue(open.isOpen());
        });
    }

    @Test
    void grants_that_showEverything_areTheOpenView() throws IOException {
        with(
                "grants: [{to: anyone, products: p, may: read, columns: {origin: show}}]",
                (product, open) -> assertSame(open, product.as(principal("ada", "x", Map.of()))));
    }

    @Test
    void claims_thatAreMissingOrWrong_close_andWhatTheySayIsAValue() throws IOException {
        with(
                "grants: [{to: anyone, products: p, may: [read, write], rows: {\"delay[in]\": \"${claims.delays}\"}}]",
                (product, open) -> {
                    assertFalse(product.sees(principal("ada", "x", Map.of())));
                    assertFalse(product.may(principal("ada", "x", Map.of()), May.WRITE));
                    assertFalse(product.sees(principal("ada", "x", Map.of("delays", List.of("1,2")))));
                    View one = product.as(principal("ada", "x", Map.of("delays", List.of("1"))));
                    View two = product.as(principal("ada", "x", Map.of("delays", List.of("1", "2"))));
                    assertNotEquals(one.id(), two.id());
                    assertSame(one, product.as(principal("eve", "x", Map.of("delays", List.of("1")))));
                });
    }

    @Test
    void grant_pastItsLastDay_showsNothing() throws IOException {
        with("grants: [{to: anyone, products: p, may: read, until: 2026-12-01}]", (product, open) -> {
            Principal ada = principal("ada", "x", Map.of());
            now.set(Instant.parse("2026-12-01T23:59:59.999Z"));
            assertTrue(product.sees(ada));
            now.set(Instant.parse("2026-12-02T00:00:00Z"));
            assertFalse(product.sees(ada));
        });
    }

    @Test
    void tenThousandPrincipals_withTwoHundredGrants_takeLessThan50MB() throws IOException {
        var policies = new StringBuilder("grants:\n");
        for (int i = 0; i < 200; i++) {
            policies.append("  - {to: {role: role")
                    .append(i)
                    .append("}, products: p, may: read, columns: {price: null}, ")
                    .append("rows: {origin: \"${claims.region}\", \"delay[gte]\": ")
                    .append(i)
                    .append("}}\n");
        }
        with(policies.toString(), (product, open) -> {
            long before = used();
            List<Principal> all = new ArrayList<>();
            for (int i = 0; i < 10_000; i++) {
                Principal each = new Principal(
                        "p" + i,
                        Set.of("role" + i % 200, "role" + (i + 7) % 200),
                        Map.of("region", List.of("R" + i)),
                        Optional.empty());
                all.add(each);
                assertFalse(product.as(each).isOpen());
            }
            long taken = used() - before;
            System.out.println("10,000 principals with 200 grants: " + taken / 1024 + " KiB");
            assertTrue(taken < 50 << 20, taken + " bytes for " + all.size());
        });
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
