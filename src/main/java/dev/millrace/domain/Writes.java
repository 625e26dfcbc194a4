package dev.millrace.domain;

import dev.millrace.codec.BodyForm;
import dev.millrace.store.Position;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Writes records through a product's contract into its topic. Any thread. */
public interface Writes {
    /**
     * Writes all records of a request or none; where it is lenient, those that do not break the contract.
     *
     * @return ends when the records are in the topic for good; fails with {@code BrokenRecords}, {@code InvalidBody},
     *     {@code TooLarge}, {@code UnsupportedMediaType}, {@code KeyReused}, {@code Conflict}, {@code Overloaded}, and with
     *     {@code Unavailable}, which says whether it is known that nothing was written
     */
    CompletableFuture<Receipt> write(Records request);

    /** Writes what deletes the row with a key; the product is an upsert product. */
    CompletableFuture<Receipt> delete(Deletion request);

    /**
     * Records to be written.
     *
     * @param idempotencyKey empty for none
     */
    @SuppressWarnings("ArrayRecordComponent") // taken over, never compared
    record Records(BodyForm form, byte[] body, boolean lenient, String idempotencyKey) {}

    /** A row to be deleted, by the texts of its key's components. */
    record Deletion(List<String> key, String idempotencyKey) {
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

    /** Where writing cannot be, for that reason. */
    static Writes none(dev.millrace.problem.Problem reason) {
        return new Writes() {
            @Override
            public CompletableFuture<Receipt> write(Records request) {
                return CompletableFuture.failedFuture(reason.exception());
            }

            @Override
            public CompletableFuture<Receipt> delete(Deletion request) {
                return CompletableFuture.failedFuture(reason.exception());
            }
        };
    }
}
