package dev.millrace.http;

import dev.millrace.problem.Problem;
import io.netty.buffer.Unpooled;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;

/** The viewer of the documents: Swagger UI from the class path, so that it works without the internet. Reads resources: blocks. */
final class DocsPages {
    private static final String WEBJAR = "/META-INF/resources/webjars/swagger-ui/";
    private static final String VERSION = "/META-INF/maven/org.webjars/swagger-ui/pom.properties";

    /** Only what the page itself brings; Swagger UI styles its elements and draws icons from data URLs. */
    private static final Map<CharSequence, CharSequence> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
            Responder.CONTENT_TYPE_OPTIONS,
            Responder.NOSNIFF,
            HttpHeaders.CACHE_CONTROL,
            "max-age=3600");

    private static final Map<String, CharSequence> FILES = Map.of(
            "docs.html", "text/html; charset=utf-8",
            "docs.js", "text/javascript; charset=utf-8",
            "swagger-ui.css", "text/css; charset=utf-8",
            "swagger-ui-bundle.js", "text/javascript; charset=utf-8",
            "swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8",
            "favicon-32x32.png", "image/png");

    private DocsPages() {}

    /** @throws dev.millrace.problem.ProblemException with {@code NotFound} for a name that is none of the viewer's */
    static Answer.Whole file(String name) {
        CharSequence type = FILES.get(name);
        if (type == null) {
            throw new Problem.NotFound("page", name).exception();
        }
        return new Answer.Whole(type, Unpooled.wrappedBuffer(read(name)), Answer.Version.NONE, null, HEADERS);
    }

    private static byte[] read(String name) {
        try (InputStream own = DocsPages.class.getResourceAsStream(name);
                InputStream theirs = own != null ? own : open(WEBJAR + version() + "/" + name)) {
            return theirs.readAllBytes();
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String version() throws IOException {
        var properties = new Properties();
        try (InputStream in = open(VERSION)) {
            properties.load(in);
        }
        return properties.getProperty("version");
    }

    private static InputStream open(String resource) {
        InputStream in = DocsPages.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException(resource + " is not on the class path");
        }
        return in;
    }
}
