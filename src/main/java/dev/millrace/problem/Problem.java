package dev.millrace.problem;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An expected failure: what went wrong, where, and what would be right. A future fails with it inside a
 * {@link ProblemException}; an output port shows it as {@link #status()} says.
 */
public sealed interface Problem {
    /** The row of the one table. */
    default Status status() {
        return switch (this) {
            case Conflict _ -> Status.CONFLICT;
            case InvalidParameter _ -> Status.INVALID_PARAMETER;
            case InvalidBody _, BrokenRecord _ -> Status.INVALID_BODY;
            case BrokenRecords _ -> Status.BROKEN_RECORDS;
            case UnsupportedMediaType _ -> Status.UNSUPPORTED_MEDIA_TYPE;
            case KeyReused _ -> Status.KEY_REUSED;
            case NotReached _ -> Status.NOT_REACHED;
            case Unauthenticated _ -> Status.UNAUTHENTICATED;
            case Forbidden _ -> Status.FORBIDDEN;
            case NotFound _ -> Status.NOT_FOUND;
            case MethodNotAllowed _ -> Status.METHOD_NOT_ALLOWED;
            case NotAcceptable _ -> Status.NOT_ACCEPTABLE;
            case Gone _ -> Status.GONE;
            case TooLarge _ -> Status.TOO_LARGE;
            case RateLimited _, ShareTaken _ -> Status.RATE_LIMITED;
            case Overloaded _ -> Status.OVERLOADED;
            case Unavailable _ -> Status.UNAVAILABLE;
            case TimedOut _ -> Status.TIMED_OUT;
            case Internal _ -> Status.INTERNAL;
            case InvalidContract _ -> Status.INVALID_CONTRACT;
            case InvalidConfiguration _ -> Status.INVALID_CONFIGURATION;
            case CannotStart _ -> Status.CANNOT_START;
        };
    }

    /** One or more sentences for the person who made the request or wrote the file; never a secret, never a stack. */
    default String detail() {
        return switch (this) {
            case Conflict(String what, String reason) -> what + " cannot be: " + reason;
            case InvalidParameter(String parameter, String reason, String expected) ->
                "Parameter '" + parameter + "': " + reason + " Expected: " + expected;
            case InvalidBody(String reason, String expected) -> reason + " Expected: " + expected;
            case BrokenRecord(String rule, String path, String reason) ->
                (path.isEmpty() ? "" : path + ": ") + reason + " (" + rule + ")";
            case UnsupportedMediaType(String given, List<String> accepted) ->
                "'" + given + "' is not taken here. Accepted: "
                        + (accepted.isEmpty() ? "nothing; write to the topic itself" : String.join(", ", accepted))
                        + ".";
            case KeyReused(String name) ->
                "This " + name + " belongs to another request. Expected: a key of its own for every request, and"
                        + " the same body whenever one is repeated.";
            case NotReached(String wanted, String position, long waitedSeconds) ->
                "The product has reached " + position + " and not yet " + wanted + ", after " + waitedSeconds
                        + " s. Try again, or wait longer: Prefer: wait=SECONDS.";
            case Unauthenticated(String reason) ->
                reason + " Expected: one header Authorization: Bearer, with a key or a token of today.";
            case Forbidden(String what, String reason) -> what + " is not allowed: " + reason;
            case NotFound(String what, String name) -> "There is no " + what + " '" + name + "'.";
            case MethodNotAllowed(String method, List<String> allowed) ->
                method + " is not allowed here."
                        + (allowed.isEmpty() ? "" : " Allowed: " + String.join(", ", allowed) + ".");
            case NotAcceptable(String asked, List<String> offered) ->
                "Nothing here is '" + asked + "'. Offered: " + String.join(", ", offered) + ".";
            case Gone(String reason, String oldest) -> reason + " Oldest readable: " + oldest + ".";
            case TooLarge(String what, long size, long limit) -> what + " is " + size + ", the limit is " + limit + ".";
            case RateLimited(long limit, long windowSeconds, long retryAfterSeconds) ->
                "At most " + limit + " requests in " + windowSeconds + " s. Try again in " + retryAfterSeconds + " s.";
            case Overloaded(String what, long limit, long retryAfterSeconds) ->
                what + ": all " + limit + " are taken. Try again in " + retryAfterSeconds + " s.";
            case ShareTaken(String what, long share, long limit, long retryAfterSeconds) ->
                what + ": this client has its share, at most " + share + " of " + limit
                        + " and less while many are taken. Try again in " + retryAfterSeconds + " s.";
            case Unavailable(String what, String reason) -> what + ": " + reason;
            case TimedOut(String what, long limitMillis) -> what + " did not end within " + limitMillis + " ms.";
            case Internal(String reference) -> "The failure is in the server's log under reference " + reference + ".";
            case InvalidContract(List<Fault> faults) -> lines(faults);
            case InvalidConfiguration(List<Fault> faults) -> lines(faults);
            case CannotStart(String reason) -> reason;
            case BrokenRecords(int broken, int records, List<Rejection> rejected) -> {
                Rejection first = rejected.getFirst();
                yield broken + " of " + records + " records break the contract; nothing was written. Record "
                        + first.index() + ": "
                        + new BrokenRecord(first.rule(), first.path(), first.reason()).detail();
            }
        };
    }

    /** The exception that carries this problem through a future. */
    default ProblemException exception() {
        return new ProblemException(this);
    }

    /** The request contradicts what is going on; it may be right later. */
    record Conflict(String what, String reason) implements Problem {}

    /** A parameter has a value that cannot be; {@code expected} says what would be right. */
    record InvalidParameter(String parameter, String reason, String expected) implements Problem {}

    /** The request body cannot be read; {@code expected} says what would be right. */
    record InvalidBody(String reason, String expected) implements Problem {}

    /** A record breaks its contract; never holds the value. {@code path} is empty for the whole record. */
    record BrokenRecord(String rule, String path, String reason) implements Problem {}

    /** A record of a request, by its number from 0, and the rule that it breaks. */
    record Rejection(int index, String rule, String path, String reason) {}

    /** Records of a request break the contract, so none was taken; {@code rejected} are the first of them. */
    record BrokenRecords(int broken, int records, List<Rejection> rejected) implements Problem {
        public BrokenRecords {
            rejected = List.copyOf(rejected);
        }
    }

    /** The request's body is of a media type that is not taken here. */
    record UnsupportedMediaType(String given, List<String> accepted) implements Problem {
        public UnsupportedMediaType {
            accepted = List.copyOf(accepted);
        }
    }

    /** An idempotency key was used before, for a request that said something else. */
    record KeyReused(String name) implements Problem {}

    /** A product is to be read from a position on that it has not reached; it may reach it soon. */
    record NotReached(String wanted, String position, long waitedSeconds) implements Problem {}

    /** Whoever asks says nothing of who it is, or nothing that is true; never says which part of it is wrong. */
    record Unauthenticated(String reason) implements Problem {}

    /** Whoever asks may not do that, and may know that it can be done. */
    record Forbidden(String what, String reason) implements Problem {}

    /** A product, row, route or other named thing does not exist. */
    record NotFound(String what, String name) implements Problem {}

    /** The resource exists, the method does not; {@code allowed} are those that do. */
    record MethodNotAllowed(String method, List<String> allowed) implements Problem {
        public MethodNotAllowed {
            allowed = List.copyOf(allowed);
        }
    }

    /** None of the offered formats satisfies the client's {@code Accept}. */
    record NotAcceptable(String asked, List<String> offered) implements Problem {
        public NotAcceptable {
            offered = List.copyOf(offered);
        }
    }

    /** What was asked for existed and is not kept any more. */
    record Gone(String reason, String oldest) implements Problem {}

    /** The request exceeds a limit in bytes or in number. */
    record TooLarge(String what, long size, long limit) implements Problem {}

    /** The caller's rate is used up; another request may succeed after {@code retryAfterSeconds}. */
    record RateLimited(long limit, long windowSeconds, long retryAfterSeconds) implements Problem {}

    /** All places of a kind are taken. */
    record Overloaded(String what, long limit, long retryAfterSeconds) implements Problem {}

    /** The caller has its share of the places of a kind; others may get some. */
    record ShareTaken(String what, long share, long limit, long retryAfterSeconds) implements Problem {}

    /** A product cannot answer now, for a reason with a name. */
    record Unavailable(String what, String reason) implements Problem {}

    /** The work did not end within its time. */
    record TimedOut(String what, long limitMillis) implements Problem {}

    /** Something unexpected; {@code reference} finds it in the log. */
    record Internal(String reference) implements Problem {}

    /** Contract or descriptor files with faults, all of them. */
    record InvalidContract(List<Fault> faults) implements Problem {
        public InvalidContract {
            faults = List.copyOf(faults);
        }
    }

    /** Configuration with faults, all of them. */
    record InvalidConfiguration(List<Fault> faults) implements Problem {
        public InvalidConfiguration {
            faults = List.copyOf(faults);
        }
    }

    /** A resource of the machine that the start needs cannot be had, for example a port. */
    record CannotStart(String reason) implements Problem {}

    private static String lines(List<Fault> faults) {
        return faults.stream().map(Fault::toString).collect(Collectors.joining("\n"));
    }
}
