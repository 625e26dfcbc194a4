package dev.millrace.domain;

import dev.millrace.codec.BodyForm;
import dev.millrace.layer.Lease;
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

        /** What counts for the memory that it takes, and whose it is; borrowed, and retained for as long as it is needed. */
        Lease memory();
    }

    /** Records. */
    @SuppressWarnings("ArrayRecordComponent") // taken over, never compared
    record Records(BodyForm form, byte[] body, boolean lenient, String idempotencyKey, Lease memory)
            implements Request {}

    /** What deletes the row with a key, by the texts of its components; of an upsert product. */
    record Deletion(List<String> key, String idempotencyKey, Lease memory) implements Request {
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
