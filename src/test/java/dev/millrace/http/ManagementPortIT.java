package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.config.Configuration;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.domain.Products;
import dev.millrace.domain.Readiness;
import dev.millrace.query.SampleRows;
import dev.millrace.security.Authentication;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManagementPortIT {
    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private SampleRows sample;
    private ManagementPort management;
    private int port;

    @BeforeEach
    void start() throws Exception {
        sample = new SampleRows(folder);
        sample.writeUsual(0, 10);
        var products = new ProductRegistry("mesh", List.of(Products.of("d", "p", sample.store())));
        management = new ManagementPort(
                vertx,
                products,
                new Readiness(products, List.of()),
                new Configuration.Management("localhost", 0, List.of()),
                Authentication.ANYBODY,
                new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
        port = management.start().await(30, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        management.stop().await(30, TimeUnit.SECONDS);
        vertx.close().await(30, TimeUnit.SECONDS);
        sample.close();
    }

    @Test
    void live_always_isUp() throws Exception {
        assertEquals(200, get("/health/live").statusCode());
        assertEquals("{\"status\":\"UP\"}", get("/health/live").body());
    }

    @Test
    void ready_whileAProductHasNotBeenLive_isDownAndListsIt() throws Exception {
        HttpResponse<String> answer = get("/health/ready");
        assertEquals(503, answer.statusCode());
        assertTrue(answer.body().contains("\"product\":\"d.p\",\"state\":\"STARTING\""), answer.body());
        assertTrue(
                answer.body()
                        .contains(
                                "\"reasons\":[{\"kind\":\"product\",\"name\":\"d.p\",\"state\":\"STARTING\",\"detail\":"
                                        + "\"\",\"holds\":true}"),
                answer.body());
    }

    @Test
    void metrics_haveTheProductsGauges() throws Exception {
        String text = get("/metrics").body();
        assertTrue(text.contains("millrace_product_rows{domain=\"d\",product=\"p\"} 10.0"), text);
        assertTrue(text.contains("millrace_product_records{domain=\"d\",product=\"p\"} 10.0"), text);
        assertTrue(text.contains("millrace_product_memory_bytes{"), text);
    }

    @Test
    void otherPath_isNotFound() throws Exception {
        assertEquals(404, get("/health").statusCode());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
