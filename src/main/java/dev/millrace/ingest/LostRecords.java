package dev.millrace.ingest;

import dev.millrace.config.Configuration;
import dev.millrace.config.LossPolicy;
import dev.millrace.domain.Product;
import dev.millrace.kafka.TopicAdmin;
import dev.millrace.store.Position;
import dev.millrace.store.ProductStore;
import io.vertx.core.Context;
import io.vertx.core.Future;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What is done when a product's topic no longer has what the product should read next, or its store not what it had read.
 * The input port's context.
 */
record LostRecords(TopicAdmin admin, Product product, ProductIngest ingest, Configuration.Input platform) {
    /** The policy for records that are gone. */
    LossPolicy onGap() {
        return product.definition().onGap().orElse(platform.onGap());
    }

    /** The policy for a topic that was made anew. */
    LossPolicy onRecreated() {
        return product.definition().onRecreated().orElse(platform.onRecreated());
    }

    /** What a policy does, for people. */
    static String consequence(LossPolicy policy) {
        return switch (policy) {
            case STOP ->
                ". What is stored is served; nothing more is read. Set millrace.onGap or millrace.onRecreated in the"
                        + " contract to go on.";
            case SKIP -> ". They are passed over.";
            case REBUILD -> ". What is stored is forgotten and the topic read from its beginning.";
        };
    }

    /** Makes the store ready to read on by a policy; nothing of the product may be under way. Ends on the context. */
    Future<Void> mend(LossPolicy policy, Context context) {
        String topic = product.definition().topic();
        return switch (policy) {
            case STOP -> Future.succeededFuture();
            case SKIP ->
                admin.begin(topic, Position::of)
                        .compose(begin -> admin.end(topic, Position::of)
                                .compose(end -> ask(() -> ingest.skip(begin, end), context)));
            case REBUILD -> ask(ingest::forget, context);
        };
    }

    /**
     * The topic's oldest offsets where a partition was never read that has had records: it may have none left, and then no
     * poll ever comes to its end.
     */
    Future<Optional<Position>> beginOfUnread(Position end) {
        Position reached = product.position();
        boolean unread = IntStream.range(0, end.partitions())
                .anyMatch(partition -> end.next(partition) > 0 && reached.next(partition) == 0);
        return unread
                ? admin.begin(product.definition().topic(), Position::of).map(Optional::of)
                : Future.succeededFuture(Optional.empty());
    }

    /** Drops a broken file and what follows it, to be read again. */
    Future<Void> rewind(ProductStore.Broken broken, Context context) {
        return ask(() -> product.store().rewind(broken.partition(), broken.offset()), context);
    }

    private Future<Void> ask(Runnable task, Context context) {
        return Future.fromCompletionStage(ingest.alone(task), context);
    }
}
