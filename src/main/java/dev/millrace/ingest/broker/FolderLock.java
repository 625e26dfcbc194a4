package dev.millrace.ingest.broker;

import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * The exclusive use of a broker's folder. A broker whose parent was killed is still flushing when the next one starts
 * on the same folder: the next one waits here instead of failing on Kafka's own lock. The operating system releases
 * the lock when its process ends, however it ends.
 */
final class FolderLock implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(20);

    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * The lock, taken; waits at most {@code patience} for another process to let go.
     *
     * @throws ProblemException {@link Problem.CannotStart} when the folder is still in use after that
     */
    static FolderLock take(Path folder, Duration patience) throws IOException {
        Files.createDirectories(folder);
        FileChannel channel =
                FileChannel.open(folder.resolve("broker.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        long deadline = System.nanoTime() + patience.toNanos();
        while (!tryLock(channel)) {
            if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
                channel.close();
                throw new ProblemException(new Problem.CannotStart(
                        "The Kafka folder " + folder + " is in use by another process. Stop that one first."));
            }
            LockSupport.parkNanos(POLL.toNanos());
        }
        return new FolderLock(channel);
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // held by this JVM
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
