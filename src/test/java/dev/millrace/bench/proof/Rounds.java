package dev.millrace.bench.proof;

import dev.millrace.bench.Arguments;
import dev.millrace.bench.Bench;
import dev.millrace.bench.Ratio;
import dev.millrace.bench.Report;
import dev.millrace.bench.Series;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Tests that draw what they try from a seed, run again and again with other ones, until one fails. What {@code verify}
 * runs is one round.
 */
public final class Rounds implements Bench {
    /** What such tests take their seed from; without it they take one of their own. */
    private static final String SEED = "millrace.seed";

    /** A test may go through that many seeds. */
    private static final long STRIDE = 1_000_000;

    private final String name;
    private final String suffix;
    private final int rounds;

    /** The proof of that name: the classes whose names end so. */
    public Rounds(String name, String suffix, int rounds) {
        this.name = name;
        this.suffix = suffix;
        this.rounds = rounds;
    }

    @Override
    public SortedMap<String, String> options() {
        return new TreeMap<>(Map.of(
                "rounds", Integer.toString(rounds), "seed", Long.toString(System.nanoTime()), "tests", ".*" + suffix));
    }

    @Override
    public Report run(Arguments arguments, Consumer<String> progress) {
        int asked = arguments.number("rounds", this);
        long first = Long.parseLong(arguments.text("seed", this));
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectPackage("dev.millrace"))
                .filters(ClassNameFilter.includeClassNamePatterns("(.*\\.)?" + arguments.text("tests", this)))
                .configurationParameter("jqwik.reporting.onlyfailures", "true")
                .build();
        List<Double> seconds = new ArrayList<>();
        long tests = 0;
        long failed = 0;
        try (LauncherSession session = LauncherFactory.openSession(LauncherConfig.builder()
                .enableLauncherSessionListenerAutoRegistration(false) // one of them ends what the whole JVM shares
                .build())) {
            for (int round = 0; round < asked && failed == 0; round++) {
                long seed = first + round * STRIDE;
                System.setProperty(SEED, Long.toString(seed));
                var listener = new SummaryGeneratingListener();
                session.getLauncher().execute(request, listener);
                TestExecutionSummary summary = listener.getSummary();
                seconds.add((summary.getTimeFinished() - summary.getTimeStarted()) / 1e3);
                tests += summary.getTestsSucceededCount();
                failed = summary.getTotalFailureCount();
                summary.getFailures().forEach(failure -> {
                    progress.accept("FAILED " + failure.getTestIdentifier().getUniqueId());
                    progress.accept(trace(failure.getException()));
                });
                progress.accept(
                        failed == 0
                                ? "round " + (round + 1) + " of " + asked
                                : "again: ./millrace prove " + name + " --rounds 1 --seed " + seed);
            }
        } finally {
            System.clearProperty(SEED);
        }
        if (tests + failed == 0) {
            throw new IllegalArgumentException("No test is called " + arguments.text("tests", this) + ".");
        }
        return Report.of(
                name,
                String.format(Locale.ROOT, "%d rounds, %,d tests passed; seed %d", seconds.size(), tests, first),
                List.of(new Series(name, "a round", "s", seconds)),
                List.of(new Ratio("tests failed", failed, 0, Ratio.Better.LOWER)),
                List.of());
    }

    private static String trace(Throwable failure) {
        var text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
