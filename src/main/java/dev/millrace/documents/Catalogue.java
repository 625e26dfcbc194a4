package dev.millrace.documents;

import dev.millrace.arrow.ColumnLayout;
import dev.millrace.contract.Grant;
import dev.millrace.domain.ContractChange;
import dev.millrace.domain.Product;
import dev.millrace.domain.ProductRegistry;
import dev.millrace.problem.Problem;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Reading;
import dev.millrace.query.RowCount;
import dev.millrace.query.Shape;
import dev.millrace.query.View;
import dev.millrace.security.Principal;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.StringJoiner;

/** What the server says about its products, as JSON. Any thread. */
public final class Catalogue {
    private final ProductRegistry products;
    private final Clock clock;

    public Catalogue(ProductRegistry products, Clock clock) {
        this.products = products;
        this.clock = clock;
    }

    /** Why there is no product of this name, {@code domain/product}, for a caller. */
    public Problem missing(Principal caller, String name) {
        String qualified = name.replace('/', '.');
        // One that is there already, and not yet at every loop's port, has just been opened.
        return products.whyUnserved(caller, qualified)
                .or(() -> products.find(caller, qualified)
                        .map(opened -> new Problem.Unavailable(qualified, "it is opened just now.")))
                .orElseGet(() -> new Problem.NotFound("data product", name));
    }

    /**
     * The products in which each of some words is found, in a name, a description, an owner, a tag or a column that the
     * caller may see, briefly; all of them where there is no word.
     */
    public JsonObject list(Principal caller, String words) {
        List<String> wanted =
                Arrays.asList(words.toLowerCase(Locale.ROOT).strip().split("\\s+", -1));
        var found = new JsonArray();
        for (Product product : products.all(caller)) {
            if (!product.may(caller, Grant.May.READ)) {
                continue;
            }
            View view = product.as(caller);
            var meaning = Meaning.of(product.definition());
            if (words.isBlank() || wanted.stream().allMatch(text(product, view, meaning)::contains)) {
                found.add(entry(product, view, meaning));
            }
        }
        return new JsonObject().put("mesh", products.mesh()).put("data", found);
    }

    private static String text(Product product, View view, Meaning meaning) {
        var text = new StringJoiner("\n");
        text.add(product.qualifiedName())
                .add(product.face().title())
                .add(product.face().description())
                .add(meaning.product().encode());
        for (ColumnLayout column : view.shape().columns()) {
            text.add(column.name()).add(meaning.column(column.name()).encode());
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }

    private static JsonObject entry(Product product, View view, Meaning meaning) {
        JsonObject json = brief(product).put("url", url(product));
        for (String member : List.of("owner", "tags")) {
            if (meaning.product().containsKey(member)) {
                json.put(member, meaning.product().getValue(member));
            }
        }
        if (view.isOpen()) {
            QualityJson.summary(product).ifPresent(summary -> json.put("quality", summary));
        }
        try (Reading reading = view.open()) {
            if (view.isOpen()) { // else each would have to be looked at
                json.put("rows", reading.rows());
            }
            reading.newestMillis()
                    .ifPresent(millis -> json.put(
                            "newestRecord", Instant.ofEpochMilli(millis).toString()));
        }
        return json;
    }

    private static JsonObject brief(Product product) {
        return new JsonObject()
                .put("domain", product.domain())
                .put("product", product.name())
                .put("title", product.face().title())
                .put("description", product.face().description())
                .put(
                        "contract",
                        new JsonObject()
                                .put("id", product.face().contractId())
                                .put("version", product.face().contractVersion()))
                .put("state", product.state().phase().name());
    }

    /** One product as a view shows it to a caller. */
    public JsonObject describe(Product product, Principal caller, View view, Reading reading) {
        Shape shape = view.shape();
        Meaning meaning = Meaning.of(product.definition());
        JsonObject json = brief(product)
                .mergeIn(meaning.product())
                .put("stateDetail", product.state().detail())
                .put("key", shape.key().stream().map(ColumnLayout::name).toList())
                .put("mode", shape.upsert() ? "upsert" : "append")
                .put("position", reading.position().toString())
                .put("rows", reading.rows())
                .put("freshness", freshness(reading))
                .put("quality", view.isOpen() ? QualityJson.summary(product).orElse(null) : null);
        if (product.lost() > 0) {
            json.put("lostRecords", product.lost());
        }
        if (product.deletesWithoutRow() > 0) {
            json.put("deletesWithoutRow", product.deletesWithoutRow());
        }
        if (product.brokenFiles() > 0) {
            json.put("brokenFiles", product.brokenFiles()); // the log names them
        }
        if (product.setAside() > 0) {
            json.put("filesAside", product.setAside());
        }
        product.contractChange().ifPresent(change -> json.put("contractChange", change(change)));
        String url = url(product);
        var urls = new JsonObject()
                .put("self", url)
                .put("contract", url + "/contract")
                .put("schema", url + "/schema")
                .put("openapi", url + "/openapi.yaml")
                .put("rows", url + "/rows")
                .put("quality", url + "/quality")
                .put("stats", url + "/stats");
        product.deadLetters().filter(letters -> letters.sees(caller)).ifPresent(letters -> {
            json.put("deadLetters", deadLetters(letters));
            urls.put("deadLetters", url + "/dead-letters");
        });
        return json.put("urls", urls).put("schema", RowJsonSchema.of(product, shape, meaning));
    }

    private static JsonObject change(ContractChange change) {
        var json = new JsonObject().put("state", change.state().name());
        if (!change.version().isEmpty()) {
            json.put("version", change.version());
        }
        return json.put("reasons", new JsonArray(change.reasons()));
    }

    /** How many there are, and how many of them wait for a replay. */
    private static JsonObject deadLetters(Product letters) {
        View view = letters.as(Principal.ANYBODY);
        try (Reading reading = view.open()) {
            long rejected = new RowCount(reading, QueryParser.where(view.shape(), Map.of("state", "rejected"))).rows();
            return new JsonObject().put("all", reading.rows()).put("rejected", rejected);
        }
    }

    private JsonObject freshness(Reading reading) {
        OptionalLong newest = reading.newestMillis();
        var json = new JsonObject();
        if (newest.isEmpty()) {
            return json.putNull("newestRecord").putNull("ageMillis");
        }
        return json.put("newestRecord", Instant.ofEpochMilli(newest.getAsLong()).toString())
                .put("ageMillis", Math.max(0, clock.millis() - newest.getAsLong()));
    }

    private static String url(Product product) {
        return "/v1/products/" + product.domain() + "/" + product.name();
    }
}
