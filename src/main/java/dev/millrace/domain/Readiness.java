package dev.millrace.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Whether the server should be sent requests, and all that is not as it should be. Any thread.
 *
 * <p>A reason names one thing: a product, a pool, the server itself. Only those that hold count against the server. A
 * product holds it up as long as it {@linkplain Standing#COMING comes} by itself, and only until the server has been ready
 * once; what cannot be read is named and holds nothing up, unless it is among the products required. A server none of
 * whose products is served is not ready in any case.
 */
public final class Readiness {
    /**
     * Why something is not as it should be.
     *
     * @param kind what it is: {@code product}, {@code server} …
     * @param name which one
     * @param state a word for programs
     * @param detail for people; may be empty
     * @param holds whether the server is not ready because of it
     */
    public record Reason(String kind, String name, String state, String detail, boolean holds) {}

    /** Something with reasons of its own; asked on any thread, at every probe, so it must be quick. */
    public interface Source {
        /** What is wrong now; empty when nothing is. */
        List<Reason> reasons();
    }

    /** The answer to a probe. */
    public record Report(List<Reason> reasons) {
        public Report {
            reasons = List.copyOf(reasons);
        }

        /** Whether no reason holds. */
        public boolean isReady() {
            return reasons.stream().noneMatch(Reason::holds);
        }
    }

    private final ProductRegistry products;
    private final Set<String> required;
    private final List<Source> sources = new CopyOnWriteArrayList<>();
    private volatile boolean hasBeenReady;

    /** Readiness of these products; {@code required} are the qualified names of those that must be served. */
    public Readiness(ProductRegistry products, List<String> required) {
        this.products = products;
        this.required = Set.copyOf(required);
    }

    /** Asks another source from now on; run the answer to end that. */
    public Runnable add(Source source) {
        sources.add(source);
        return () -> sources.remove(source);
    }

    /** What is so now. */
    public Report report() {
        List<Reason> reasons = new ArrayList<>();
        sources.forEach(source -> reasons.addAll(source.reasons()));
        List<Product> all = products.all();
        int served = 0;
        for (Product product : all) {
            Standing standing = Standing.of(product);
            ProductState state = product.state();
            served += standing == Standing.SERVED ? 1 : 0;
            if (state.phase() != ProductState.Phase.LIVE) {
                reasons.add(reason(
                        product.qualifiedName(), state.phase().name(), state.detail(), holds(product, standing)));
            }
            product.contractChange()
                    .filter(change -> change.state() == ContractChange.State.REFUSED)
                    .ifPresent(change -> reasons.add(reason(
                            product.qualifiedName(),
                            "CONTRACT_REFUSED",
                            "It is served under version " + product.face().contractVersion() + ". "
                                    + String.join(" ", change.reasons()),
                            false)));
        }
        List<ProductRegistry.Unserved> unserved = products.unserved();
        for (ProductRegistry.Unserved product : unserved) {
            String name = product.qualifiedName();
            reasons.add(reason(name, "NOT_SERVED", String.join(" ", product.reasons()), required.contains(name)));
        }
        for (String name : required) {
            if (all.stream().noneMatch(product -> product.qualifiedName().equals(name))
                    && unserved.stream()
                            .noneMatch(product -> product.qualifiedName().equals(name))) {
                reasons.add(reason(name, "UNKNOWN", "It is required, and there is no such product.", true));
            }
        }
        if (served == 0 && !(all.isEmpty() && unserved.isEmpty())) {
            reasons.add(new Reason("server", "products", "EMPTY", "No product is served yet.", true));
        }
        var report = new Report(reasons);
        if (report.isReady()) {
            hasBeenReady = true;
        }
        return report;
    }

    private boolean holds(Product product, Standing standing) {
        return switch (standing) {
            case SERVED -> false;
            case COMING -> !hasBeenReady || required.contains(product.qualifiedName());
            case NOT_SERVED -> required.contains(product.qualifiedName());
        };
    }

    private static Reason reason(String name, String state, String detail, boolean holds) {
        return new Reason("product", name, state, detail, holds);
    }
}
