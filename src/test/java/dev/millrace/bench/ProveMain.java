package dev.millrace.bench;

import dev.millrace.bench.proof.KillBench;
import dev.millrace.bench.proof.Rounds;
import dev.millrace.bench.proof.SoakBench;
import java.io.IOException;
import java.util.Map;

/** Runs one of the long proofs at its full count: {@code prove NAME [--seed N] [--option value]...}. */
public final class ProveMain {
    private static final int ANSWER_IS_NO = 1;

    static final Map<String, Bench> PROOFS = Map.of(
            "crash", new Rounds("crash", "Simulation", 50),
            "differential", new Rounds("differential", "Properties", 20),
            "fuzz", new Rounds("fuzz", "FuzzTest", 100),
            "kill", new KillBench(),
            "soak", new SoakBench());

    private ProveMain() {}

    /** Ends the process with 0, with 1 for a proof that failed, with 2 for wrong use. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        System.exit(BenchMain.run("prove", PROOFS, ANSWER_IS_NO, arguments, System.out, System.err));
    }
}
