package dev.millrace.domain;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The ingest threads of a domain, as the partitions of one product are spread over them: a partition has one of them, its
 * lane, for ever. What belongs to the product as a whole is done on lane 0. Other products begin with other threads, so
 * that those of one partition do not all have the same. Any thread.
 */
public final class Lanes {
    /** One of the threads. */
    static final class Lane {
        private final ExecutorService tasks;
        private volatile @Nullable Thread thread;

        Lane(String name) {
            var platform = Thread.ofPlatform().name(name).factory();
            this.tasks = Executors.newSingleThreadExecutor(task -> {
                Thread made = platform.newThread(task);
                thread = made;
                return made;
            });
        }

        ExecutorService tasks() {
            return tasks;
        }
    }

    private final List<Lane> threads;
    private final int first;

    /** Lane 0 is the thread of number {@code first}, counted round and round. */
    Lanes(List<Lane> threads, int first) {
        this.threads = threads;
        this.first = first;
    }

    /** How many lanes so many partitions have; at least the first. */
    public int count(int partitions) {
        return Math.clamp(partitions, 1, threads.size());
    }

    /** The lane of a partition. */
    public int of(int partition) {
        return partition % threads.size();
    }

    /** Whether the calling thread is that of a partition. */
    public boolean isHere(int partition) {
        return lane(of(partition)).thread == Thread.currentThread();
    }

    /** Runs a task on a lane, after those sent there before; its failure fails the result. */
    public <T> CompletableFuture<T> ask(int lane, Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, lane(lane).tasks);
    }

    /** Runs a task on lane 0, after those sent there before. */
    void execute(Runnable task) {
        lane(0).tasks.execute(task);
    }

    private Lane lane(int lane) {
        return threads.get((first + lane) % threads.size());
    }
}
