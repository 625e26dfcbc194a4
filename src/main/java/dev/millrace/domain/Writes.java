package dev.millrace.domain;

import dev.millrace.codec.BodyForm;
import dev.millrace.contract.Grant.May;
import dev.millrace.layer.Lease;
import dev.millrace.query.Filter;
import dev.millrace.security.Principal;
import dev.millrace.store.Position;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Writes records through a product's contract into its topic. Any thread. */
public interface Writes {
    /**
     * Writes all records of a request or none; where it is lenient, those that do not break the contract.
     *
     * @return ends when the records are in the topic for good; fails with {@code BrokenRecords}, {@code InvalidBody},
     *     {@code TooLarge}, {@code UnsupportedMediaType}, {@code KeyReused}, {@code Conflict}, {@code Overloaded}, {@code ShareTaken}, and with
     *     {@code Unavailable}, which says whether it is known that nothing was written
     */
    CompletableFuture<Receipt> write(Request request);

    /** What is to be written; {@code idempotencyKey} is empty for none. */
    sealed interface Request {
        String idempotencyKey();

        By by();

        /** What counts for the memory that it takes, and whose it is; borrowed, and retained for as long as it is needed. */
        Lease memory();
    }

    /**
     * Who writes.
     *
     * @param scope whose the idempotency keys are; empty for those of all who have no name
     * @param rows what each row must meet that is written, replaced or deleted
     */
    record By(String scope, Filter rows) {
        /** Whoever has no name. */
        public static final By ANYBODY = new By("", Filter.ALL);

        /**
         * A principal as it may write into a product.
         *
         * @throws dev.millrace.problem.ProblemException with {@code Forbidden} where it may not
         */
        public static By of(Principal caller, Product product) {
            if (caller.name().isEmpty()) {
                return ANYBODY;
            }
            product.require(caller, May.WRITE);
            // The length says where the name ends, whatever is in it.
            String scope = caller.name().length() + ":" + caller.name() + " ";
            return new By(scope, product.writable(caller).orElse(Filter.NONE));
        }
    }

    /** Records. */
    @SuppressWarnings("ArrayRecordComponent") // taken over, never compared
    record Records(BodyForm form, byte[] body, boolean lenient, String idempotencyKey, Lease memory, By by)
            implements Request {}

    /** What deletes the row with a key, by the texts of its components; of an upsert product. */
    record Deletion(List<String> key, String idempotencyKey, Lease memory, By by) implements Request {
        public Deletion {
            key = List.copyOf(key);
        }
    }

    /**
     * What was written.
     *
     * @param json {@code {"accepted","position"}}, and {@code "rejected"} of a lenient request
     * @param position a product that has reached it has read all that was written
     * @param lenient whether the wish for it was granted
     */
    record Receipt(String json, Position position, boolean lenient) {}
}
