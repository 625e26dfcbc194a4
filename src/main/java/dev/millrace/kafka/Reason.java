package dev.millrace.kafka;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** What a failure says to people: of the failure itself, not of what carried it, and never nothing. */
public final class Reason {
    private Reason() {}

    /** The failure that others only carry from one thread to another. */
    public static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** Its message, or where it has none what it is. */
    public static String of(Throwable failure) {
        Throwable cause = cause(failure);
        String text = cause.getMessage();
        if (text != null && !text.isBlank()) {
            return text;
        }
        return cause instanceof TimeoutException
                ? "the brokers gave no answer in time"
                : cause.getClass().getSimpleName();
    }
}
