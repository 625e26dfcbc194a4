package dev.millrace.http;

import dev.millrace.problem.Problem;
import io.netty.buffer.Unpooled;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;

/**
 * What people look at, from the class path, so that it works without the internet: the portal, and Swagger UI as the viewer
 * of the documents. Both know nothing that the API does not tell. Reads resources: blocks.
 */
final class Pages {
    private static final String WEBJAR = "/META-INF/resources/webjars/swagger-ui/";
    private static final String VERSION = "/META-INF/maven/org.webjars/swagger-ui/pom.properties";

    private static final String PORTAL = "/portal/";

    /** Only what the page itself brings; Swagger UI styles its elements and draws icons from data URLs. */
    private static final Map<CharSequence, CharSequence> DOCS_HEADERS =
            headers("style-src 'self' 'unsafe-inline'; ", "max-age=3600");

    private static final Map<CharSequence, CharSequence> PORTAL_HEADERS = headers("", "no-cache");

    private static final Set<String> DOCS_FILES = Set.of(
            "docs.html",
            "docs.js",
            "swagger-ui.css",
            "swagger-ui-bundle.js",
            "swagger-ui-standalone-preset.js",
            "favicon-32x32.png");

    private static final Set<String> PORTAL_FILES = Set.of(
            "index.html",
            "portal.css",
            "icon.svg",
            "portal.js",
            "api.js",
            "page.js",
            "product.js",
            "rows.js",
            "take.js",
            "sql.js");

    private static final Map<String, CharSequence> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png");

    private Pages() {}

    private static Map<CharSequence, CharSequence> headers(String styles, String caching) {
        return Map.of(
                "Content-Security-Policy",
                "default-src 'self'; " + styles + "img-src 'self' data:; frame-ancestors 'none'",
                Responder.CONTENT_TYPE_OPTIONS,
                Responder.NOSNIFF,
                HttpHeaders.CACHE_CONTROL,
                caching);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code NotFound} for a name that is none of the viewer's */
    static Answer.Whole docs(String name) {
        known(DOCS_FILES, name);
        String own = name.startsWith("docs.") ? name : WEBJAR + version() + "/" + name;
        return file(own, DOCS_HEADERS);
    }

    /** @throws dev.millrace.problem.ProblemException with {@code NotFound} for a name that is none of the portal's */
    static Answer.Whole portal(String name) {
        known(PORTAL_FILES, name);
        return file(PORTAL + name, PORTAL_HEADERS);
    }

    private static void known(Set<String> files, String name) {
        if (!files.contains(name)) {
            throw new Problem.NotFound("page", name).exception();
        }
    }

    private static Answer.Whole file(String resource, Map<CharSequence, CharSequence> headers) {
        CharSequence type = Objects.requireNonNull(TYPES.get(resource.substring(resource.lastIndexOf('.') + 1)));
        try (InputStream in = open(resource)) {
            return new Answer.Whole(
                    type, Unpooled.wrappedBuffer(in.readAllBytes()), Answer.Version.NONE, null, headers);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static String version() {
        var properties = new Properties();
        try (InputStream in = open(VERSION)) {
            properties.load(in);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return properties.getProperty("version");
    }

    private static InputStream open(String resource) {
        InputStream in = Pages.class.getResourceAsStream(resource);
        if (in == null) {
            throw new IllegalStateException(resource + " is not on the class path");
        }
        return in;
    }
}
