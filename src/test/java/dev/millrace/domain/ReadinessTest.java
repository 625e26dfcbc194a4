package dev.millrace.domain;

import static dev.millrace.domain.Standing.COMING;
import static dev.millrace.domain.Standing.SERVED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.domain.ProductState.Phase;
import dev.millrace.domain.Readiness.Reason;
import dev.millrace.query.SampleRows;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Each state of a product beside a live one, and beside none: what it does to readiness. */
class ReadinessTest {
    @TempDir
    private Path folder;

    private SampleRows full;
    private SampleRows empty;
    private Product good;
    private Product read;
    private Product unread;

    @BeforeEach
    void open() {
        full = new SampleRows(folder.resolve("full"));
        full.writeUsual(0, 10);
        empty = new SampleRows(folder.resolve("empty"));
        good = Products.of("d", "good", full.store());
        good.state(new ProductState(Phase.LIVE, ""));
        read = Products.of("d", "read", full.store());
        unread = Products.of("d", "unread", empty.store());
    }

    @AfterEach
    void close() {
        full.close();
        empty.close();
    }

    @ParameterizedTest
    @CsvSource({
        // state, with nothing read, with rows of before the start, after it was live
        "STARTING,     COMING,     COMING, SERVED",
        "CATCHING_UP,  COMING,     COMING, SERVED",
        "PAUSED,       COMING,     COMING, SERVED",
        "LIVE,         SERVED,     SERVED, SERVED",
        "UNWRITABLE,   NOT_SERVED, SERVED, SERVED",
        "RETRYING,     NOT_SERVED, SERVED, SERVED",
        "RECREATED,    NOT_SERVED, SERVED, SERVED",
        "GAP,          NOT_SERVED, SERVED, SERVED",
        "STOPPED,      NOT_SERVED, SERVED, SERVED",
    })
    void standing_ofEachState_isAsTheTableSays(Phase phase, Standing unreadSo, Standing readSo, Standing liveSo) {
        assertEquals(unreadSo, Standing.of(phase, false, false));
        assertEquals(readSo, Standing.of(phase, true, false));
        assertEquals(liveSo, Standing.of(phase, true, true));
        read.state(new ProductState(phase, "why"));
        assertEquals(readSo, Standing.of(read));
    }

    @ParameterizedTest
    @EnumSource
    void report_ofEachStateBesideALiveProduct_holdsOnlyWhileItComes(Phase phase) {
        for (Product other : List.of(read, unread)) {
            other.state(new ProductState(phase, "why"));
            Standing standing = Standing.of(other);
            Readiness.Report report = of(List.of(), good, other).report();
            assertEquals(standing != COMING, report.isReady(), other.name());
            assertEquals(
                    phase == Phase.LIVE
                            ? List.of()
                            : List.of(new Reason(
                                    "product", other.qualifiedName(), phase.name(), "why", standing == COMING)),
                    report.reasons());
        }
    }

    @ParameterizedTest
    @EnumSource
    void report_ofEachStateAlone_isReadyOnlyWhenServed(Phase phase) {
        for (Product only : List.of(read, unread)) {
            only.state(new ProductState(phase, "why"));
            assertEquals(
                    Standing.of(only) == SERVED, of(List.of(), only).report().isReady(), only.name());
        }
    }

    @ParameterizedTest
    @EnumSource
    void report_ofEachStateRequired_isReadyOnlyWhenServed(Phase phase) {
        for (Product other : List.of(read, unread)) {
            Readiness readiness = of(List.of(other.qualifiedName()), good, other);
            other.state(new ProductState(phase, "why"));
            boolean served = Standing.of(other) == SERVED;
            assertEquals(served, readiness.report().isReady(), other.name());
            other.state(new ProductState(Phase.LIVE, ""));
            assertTrue(readiness.report().isReady());
        }
    }

    @Test
    void report_ofARequiredProductThatIsNotThere_namesIt() {
        assertEquals(
                List.of(new Reason(
                        "product", "d.other", "UNKNOWN", "It is required, and there is no such product.", true)),
                of(List.of("d.other", "d.good"), good).report().reasons());
    }

    @Test
    void report_afterTheServerWasReady_isNotHeldByWhatComes() {
        unread.state(new ProductState(Phase.RETRYING, "no such topic"));
        Readiness readiness = of(List.of(), good, unread);
        Readiness later = of(List.of(), good, unread);
        assertTrue(readiness.report().isReady());
        unread.state(new ProductState(Phase.CATCHING_UP, ""));
        assertTrue(readiness.report().isReady());
        assertFalse(later.report().isReady());
    }

    @Test
    void report_ofASource_isHeldByIt_untilItIsGone() {
        Readiness readiness = of(List.of(), good);
        var stopping = new Reason("server", "server", "STOPPING", "", true);
        var slow = new Reason("pool", "query", "STUCK", "it was made anew", false);
        readiness.add(() -> List.of(slow));
        assertTrue(readiness.report().isReady());
        Runnable remove = readiness.add(() -> List.of(stopping));
        assertFalse(readiness.report().isReady());
        assertEquals(List.of(slow, stopping), readiness.report().reasons());
        remove.run();
        assertTrue(readiness.report().isReady());
    }

    @Test
    void report_ofARefusedContract_namesIt_andIsReady() {
        good.contractChange(
                Optional.of(new ContractChange(ContractChange.State.REFUSED, "2.0.0", List.of("A.", "B."))));
        Readiness.Report report = of(List.of("d.good"), good).report();
        assertTrue(report.isReady());
        assertEquals(
                List.of(new Reason(
                        "product", "d.good", "CONTRACT_REFUSED", "It is served under version 1.2.3. A. B.", false)),
                report.reasons());
    }

    @Test
    void report_ofAnUnservedProduct_holdsOnlyWhenItIsRequired() {
        var products = new ProductRegistry("mesh", List.of(good));
        products.unserved(List.of(new ProductRegistry.Unserved("d", "bad", List.of("Its YAML is broken."))));
        for (boolean required : List.of(true, false)) {
            var readiness = new Readiness(products, required ? List.of("d.bad") : List.of());
            assertEquals(
                    List.of(new Reason("product", "d.bad", "NOT_SERVED", "Its YAML is broken.", required)),
                    readiness.report().reasons());
        }
    }

    @Test
    void report_ofNoProducts_isReady() {
        assertTrue(of(List.of()).report().isReady());
    }

    private static Readiness of(List<String> required, Product... products) {
        return new Readiness(new ProductRegistry("mesh", List.of(products)), required);
    }
}
