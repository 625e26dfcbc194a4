package dev.millrace.domain;

import dev.millrace.config.yaml.Node;
import dev.millrace.contract.Grant;
import dev.millrace.contract.Grant.May;
import dev.millrace.contract.Mask;
import dev.millrace.contract.Policies;
import dev.millrace.contract.PolicyReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.contract.Property;
import dev.millrace.problem.Fault;
import dev.millrace.problem.ProblemException;
import dev.millrace.problem.Rule;
import dev.millrace.query.CursorCodec;
import dev.millrace.query.Filter;
import dev.millrace.query.FilterParser;
import dev.millrace.query.QueryParser;
import dev.millrace.query.Shape;
import dev.millrace.query.Showing;
import dev.millrace.query.ShownColumns;
import dev.millrace.query.ShownView;
import dev.millrace.query.View;
import dev.millrace.security.Grants;
import dev.millrace.security.Principal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Who may do what with one product, and sees what of it: its grants, compiled once. Any thread; what was found for a
 * principal is kept, within bounds.
 *
 * <p>The grants are those of the domain's {@code policies.yaml} that name the product; where none does, the roles of its
 * contract. What is not granted is not allowed.
 */
public final class ProductPolicy implements AutoCloseable {
    private static final int MOST_PRINCIPALS = 16_384;
    private static final int MOST_VIEWS = 2_048;
    private static final long DAY_MILLIS = 86_400_000;
    private static final List<String> SAMPLES =
            List.of("1", "true", "2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "12:00:00", "AAAA", "a");

    /** A grant that holds for somebody. */
    public record Holding(Grant grant, Optional<Showing> showing) {}

    /** What is known of a principal until a day is over. */
    private record Known(Optional<View> view, Set<May> may, long lastDay) {}

    private final Optional<View> whole;
    private final Shape shape;
    private final Governance governance;
    private final List<Grant> grants;
    private final Map<Grant, List<Mask>> masks = new HashMap<>();
    private final FilterParser filters;
    private final Map<Principal, Known> known = new ConcurrentHashMap<>();
    private final Map<String, View> views = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<String, ShownColumns> columns = new HashMap<>();

    /**
     * @param whole the open view; empty where nothing is read, and only asked what would be shown
     * @param policies of its domain
     */
    public ProductPolicy(
            ProductDefinition product, Shape shape, Optional<View> whole, Policies policies, Governance governance) {
        this(shape, whole, governance, grants(product, policies));
        for (Grant grant : grants) {
            masks.put(
                    grant,
                    shape.columns().stream()
                            .map(column -> mask(
                                    product.object().property(column.name()).orElseThrow(), grant, governance))
                            .toList());
        }
    }

    private ProductPolicy(Shape shape, Optional<View> whole, Governance governance, List<Grant> grants) {
        this.whole = whole;
        this.shape = shape;
        this.governance = governance;
        this.grants = grants;
        this.filters =
                new QueryParser("", shape, 0, QueryParser.Limits.USUAL, new CursorCodec(new byte[16])).filterParser();
    }

    /** The policy of the product's dead letters: who may administer the product sees them, and nobody else. */
    ProductPolicy deadLetters(Shape letters, View view) {
        var policy = new ProductPolicy(
                letters,
                Optional.of(view),
                governance,
                grants.stream()
                        .filter(grant -> grant.may().contains(May.ADMINISTER))
                        .map(grant -> new Grant(
                                grant.name(),
                                grant.place(),
                                grant.to(),
                                Set.of(Grant.ALL),
                                Set.of(May.READ),
                                Map.of(),
                                new Node.Mapping(grant.place(), Map.of()),
                                grant.until()))
                        .toList());
        List<Mask> all = letters.columns().stream().map(column -> Mask.SHOW).toList();
        policy.grants.forEach(grant -> policy.masks.put(grant, all));
        return policy;
    }

    private static List<Grant> grants(ProductDefinition product, Policies policies) {
        List<Grant> named = policies.grants().stream()
                .filter(grant -> grant.isOf(product.name()))
                .toList();
        return !named.isEmpty() || policies.isBroken() ? named : PolicyReader.ofContract(product);
    }

    private static Mask mask(Property column, Grant grant, Governance governance) {
        Mask said = grant.columns().get(column.name());
        if (said != null) {
            return said;
        }
        Mask mask = classified(column, governance);
        boolean masked = !mask.equals(Mask.SHOW) && !mask.equals(Mask.HIDE);
        return masked && (column.primaryKey() || !mask.fits(column.fieldType())) ? Mask.HIDE : mask;
    }

    /** By its own classification or that of a field within it, whichever takes away most. */
    private static Mask classified(Property column, Governance governance) {
        return Stream.concat(
                        Stream.of(governance.classifications().getOrDefault(column.classification(), Mask.SHOW)),
                        Stream.concat(column.properties().stream(), column.items().stream())
                                .map(field -> classified(field, governance))
                                .map(mask -> mask.equals(Mask.SHOW) ? mask : Mask.HIDE))
                .max(Comparator.comparingDouble(Mask::strength))
                .orElse(Mask.SHOW);
    }

    /** What is wrong with the row rules, seen with some value for each claim. */
    public List<Fault> faults() {
        var faults = new ArrayList<Fault>();
        for (Grant grant : grants) {
            Optional<ProblemException> wrong = Optional.empty();
            for (String sample : SAMPLES) {
                try {
                    filter(grant, name -> List.of(sample));
                    wrong = Optional.empty();
                    break;
                } catch (ProblemException failure) {
                    wrong = wrong.or(() -> Optional.of(failure));
                }
            }
            Node.Mapping rows = grant.rows();
            wrong.ifPresent(failure -> faults.add(new Fault(
                    Rule.POLICY,
                    rows.place().file(),
                    rows.place().line(),
                    rows.place().column(),
                    "rows",
                    Fault.Severity.ERROR,
                    "The row rule is no filter of this product: "
                            + failure.problem().detail())));
        }
        return faults;
    }

    private Optional<Filter> filter(Grant grant, Function<String, List<String>> values) {
        return grant.rows().entries().isEmpty()
                ? Optional.of(Filter.ALL)
                : Grants.bound(grant.rows(), values).map(json -> filters.ofJson(json.toString()));
    }

    /** The grants that hold for a principal today; one to read of which a claim is missing or wrong shows nothing. */
    public List<Holding> holding(Principal principal) {
        long today = today();
        return grants.stream()
                .filter(grant -> grant.until().toEpochDay() >= today && Grants.isTo(grant, principal))
                .map(grant -> new Holding(grant, showing(grant, principal)))
                .toList();
    }

    private Optional<Showing> showing(Grant grant, Principal principal) {
        if (!grant.may().contains(May.READ) && !grant.may().contains(May.WRITE)) {
            return Optional.empty();
        }
        try {
            return filter(grant, name -> Grants.values(principal, name))
                    .map(rows -> new Showing(rows, Objects.requireNonNull(masks.get(grant))));
        } catch (ProblemException noValueOfTheColumn) {
            return Optional.empty();
        }
    }

    private long today() {
        return Math.floorDiv(governance.clock().millis(), DAY_MILLIS);
    }

    private Known known(Principal principal) {
        Known found = known.get(principal);
        if (found != null && today() <= found.lastDay()) {
            return found;
        }
        if (known.size() >= MOST_PRINCIPALS) {
            known.clear();
        }
        List<Holding> holding = holding(principal);
        Set<May> may = EnumSet.noneOf(May.class);
        for (Holding each : holding) {
            each.grant().may().stream()
                    .filter(what -> each.showing().isPresent() || (what != May.READ && what != May.WRITE))
                    .forEach(may::add);
        }
        Known made = new Known(
                view(shown(holding, May.READ), principal),
                may,
                holding.stream()
                        .mapToLong(each -> each.grant().until().toEpochDay())
                        .min()
                        .orElse(Long.MAX_VALUE));
        known.put(principal, made);
        return made;
    }

    private static List<Showing> shown(List<Holding> holding, May may) {
        List<Showing> all = holding.stream()
                .filter(each -> each.grant().may().contains(may))
                .flatMap(each -> each.showing().stream())
                .distinct()
                .toList();
        return all.stream()
                .filter(each -> all.stream().noneMatch(other -> other != each && covers(other, each)))
                .limit(ShownColumns.MOST_SHOWINGS)
                .toList();
    }

    /** Whether one shows all that another shows, and is not just the same. */
    private static boolean covers(Showing more, Showing less) {
        if (!more.rows().isAll() && !more.rows().canonical().equals(less.rows().canonical())) {
            return false;
        }
        boolean weaker = more.rows().isAll() && !less.rows().isAll();
        for (int i = 0; i < more.masks().size(); i++) {
            double difference =
                    more.masks().get(i).strength() - less.masks().get(i).strength();
            if (difference > 0) {
                return false;
            }
            weaker |= difference < 0;
        }
        return weaker;
    }

    private Optional<View> view(List<Showing> showings, Principal principal) {
        if (showings.isEmpty() || whole.isEmpty()) {
            return Optional.empty();
        }
        if (showings.stream()
                .anyMatch(each -> each.rows().isAll() && each.masks().stream().allMatch(Mask.SHOW::equals))) {
            return whole;
        }
        boolean pseudonyms = showings.stream()
                .flatMap(each -> each.masks().stream())
                .anyMatch(mask -> mask instanceof Mask.Pseudonym);
        String purpose = pseudonyms ? principal.purpose().orElse("") : "";
        List<List<Mask>> masksOf = showings.stream().map(Showing::masks).toList();
        String masksKey = masksOf + "|" + purpose;
        String key = showings.stream().map(each -> each.rows().canonical()).toList() + masksKey;
        synchronized (views) {
            View kept = views.get(key);
            if (kept == null) {
                if (views.size() >= MOST_VIEWS) {
                    views.remove(views.keySet().iterator().next());
                }
                ShownColumns left = columns.computeIfAbsent(
                        masksKey,
                        made -> new ShownColumns(
                                shape,
                                masksOf,
                                governance.pseudonyms(purpose),
                                pseudonyms ? purpose : "",
                                governance.allocator()));
                kept = new ShownView(whole.get(), left, showings);
                views.put(key, kept);
            }
            return Optional.of(kept);
        }
    }

    /** What a principal sees; empty for nothing. */
    Optional<View> view(Principal principal) {
        return known(principal).view();
    }

    /** Whether a principal may do anything at all with the product. */
    boolean sees(Principal principal) {
        return !known(principal).may().isEmpty();
    }

    boolean may(Principal principal, May what) {
        return known(principal).may().contains(what);
    }

    /** Of which rows a principal may write some; empty for none. */
    Optional<Filter> writable(Principal principal) {
        List<Filter> rows =
                shown(holding(principal), May.WRITE).stream().map(Showing::rows).toList();
        return rows.isEmpty()
                ? Optional.empty()
                : Optional.of(rows.stream().anyMatch(Filter::isAll) ? Filter.ALL : Filter.any(rows));
    }

    /** Gives back what is kept of memory; views that are in use go on. */
    @Override
    public void close() {
        synchronized (views) {
            views.clear();
            columns.values().forEach(ShownColumns::close);
            columns.clear();
        }
    }
}
