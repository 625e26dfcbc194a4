package dev.millrace.flight;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What SqlInfo says of this server: a value for every code, since clients fail on one that is missing. The numbers are those
 * of FlightSql.proto, {@code enum SqlInfo}.
 */
final class SqlServerFacts {
    private static final int FIRST_LIMIT = 541;
    private static final int LAST_LIMIT = 561;
    private static final Map<Integer, Object> FACTS = facts();

    private SqlServerFacts() {}

    /** Rows of code and value; all when none is asked for. */
    static List<List<Object>> of(List<Integer> codes) {
        return FACTS.entrySet().stream()
                .filter(fact -> codes.isEmpty() || codes.contains(fact.getKey()))
                .map(fact -> List.of(fact.getKey(), fact.getValue()))
                .toList();
    }

    private static Map<Integer, Object> facts() {
        var facts = new TreeMap<Integer, Object>();
        // Texts: name, version, Arrow's; versions of Substrait; quote; escape; more characters of names; terms.
        facts.putAll(Map.of(0, "Millrace", 1, "1", 2, "19.0.0", 6, "", 7, ""));
        facts.putAll(Map.of(504, "\"", 513, "\\", 514, "", 529, "domain", 530, "", 531, "mesh"));
        // Read-only, SQL; all tables, aliases, table names, order by, escapes, non-null, catalog first, correlated.
        yes(facts, 3, 4, 506, 515, 516, 518, 519, 520, 521, 523, 524, 532, 539);
        // Cancel and named parameters, as yet; Substrait, ingestion, its transactions; DDL;
        // integrity, updates, procedures, transactions, savepoints.
        no(facts, 9, 574, 5, 10, 11, 500, 501, 502, 527, 536, 537, 556, 563, 565, 566, 572, 573, 575, 576);
        // Numbers: no transactions; no timeouts that a client sets; names in any case; nulls at the end.
        ints(facts, 0, 8, 100, 101, 525, 533, 534, 535, 564);
        facts.putAll(Map.of(503, 1, 505, 1, 507, 3));
        // Sets of bits: GROUP BY, grammar, SQL-92 at entry level, outer joins, subqueries, unions, results that go
        // forward.
        facts.putAll(Map.of(522, 3, 525, 1, 526, 1, 528, 4, 538, 15, 540, 3, 567, 2));
        ints(facts, 2, 568, 569);
        ints(facts, 0, 570, 571);
        // Keywords and functions: the engine's, which are not told here; a list is never null.
        IntStream.rangeClosed(508, 512).forEach(code -> facts.put(code, List.of()));
        facts.put(517, Map.of());
        // Limits: 0 is none or not known.
        IntStream.rangeClosed(FIRST_LIMIT, LAST_LIMIT).forEach(code -> facts.putIfAbsent(code, 0L));
        facts.put(562, 0L);
        return facts;
    }

    private static void yes(Map<Integer, Object> facts, int... codes) {
        IntStream.of(codes).forEach(code -> facts.put(code, true));
    }

    private static void no(Map<Integer, Object> facts, int... codes) {
        IntStream.of(codes).forEach(code -> facts.put(code, false));
    }

    private static void ints(Map<Integer, Object> facts, int value, int... codes) {
        IntStream.of(codes).forEach(code -> facts.put(code, value));
    }
}
