package dev.millrace.problem;

import java.util.List;
import java.util.stream.Collectors;

/**
 * An expected failure: what went wrong, where, and what would be right. A future fails with it inside a
 * {@link ProblemException}; an output port shows it as {@link #status()} says.
 */
public sealed interface Problem {
    /** The row of the one table. */
    Status status();

    /** One or more sentences for the person who made the request or wrote the file; never a secret, never a stack. */
    String detail();

    /** The exception that carries this problem through a future. */
    default ProblemException exception() {
        return new ProblemException(this);
    }

    /** The request contradicts what is going on; it may be right later. */
    record Conflict(String what, String reason) implements Problem {
        @Override
        public Status status() {
            return Status.CONFLICT;
        }

        @Override
        public String detail() {
            return what + " cannot be: " + reason;
        }
    }

    /** A parameter has a value that cannot be; {@code expected} says what would be right. */
    record InvalidParameter(String parameter, String reason, String expected) implements Problem {
        @Override
        public Status status() {
            return Status.INVALID_PARAMETER;
        }

        @Override
        public String detail() {
            return "Parameter '" + parameter + "': " + reason + " Expected: " + expected;
        }
    }

    /** The request body cannot be read; {@code expected} says what would be right. */
    record InvalidBody(String reason, String expected) implements Problem {
        @Override
        public Status status() {
            return Status.INVALID_BODY;
        }

        @Override
        public String detail() {
            return reason + " Expected: " + expected;
        }
    }

    /** A record breaks its contract; never holds the value. {@code path} is empty for the whole record. */
    record BrokenRecord(String rule, String path, String reason) implements Problem {
        @Override
        public Status status() {
            return Status.INVALID_BODY;
        }

        @Override
        public String detail() {
            return (path.isEmpty() ? "" : path + ": ") + reason + " (" + rule + ")";
        }
    }

    /** A record of a request, by its number from 0, and the rule that it breaks. */
    record Rejection(int index, String rule, String path, String reason) {}

    /** Records of a request break the contract, so none was taken; {@code rejected} are the first of them. */
    record BrokenRecords(int broken, int records, List<Rejection> rejected) implements Problem {
        public BrokenRecords {
            rejected = List.copyOf(rejected);
        }

        @Override
        public Status status() {
            return Status.BROKEN_RECORDS;
        }

        @Override
        public String detail() {
            Rejection first = rejected.getFirst();
            return broken + " of " + records + " records break the contract; nothing was written. Record "
                    + first.index() + ": "
                    + new BrokenRecord(first.rule(), first.path(), first.reason()).detail();
        }
    }

    /** The request's body is of a media type that is not taken here. */
    record UnsupportedMediaType(String given, List<String> accepted) implements Problem {
        public UnsupportedMediaType {
            accepted = List.copyOf(accepted);
        }

        @Override
        public Status status() {
            return Status.UNSUPPORTED_MEDIA_TYPE;
        }

        @Override
        public String detail() {
            return "'" + given + "' is not taken here. Accepted: "
                    + (accepted.isEmpty() ? "nothing; write to the topic itself" : String.join(", ", accepted)) + ".";
        }
    }

    /** An idempotency key was used before, for a request that said something else. */
    record KeyReused(String name) implements Problem {
        @Override
        public Status status() {
            return Status.KEY_REUSED;
        }

        @Override
        public String detail() {
            return "This " + name + " belongs to another request. Expected: a key of its own for every request, and"
                    + " the same body whenever one is repeated.";
        }
    }

    /** A product is to be read from a position on that it has not reached; it may reach it soon. */
    record NotReached(String wanted, String position, long waitedSeconds) implements Problem {
        @Override
        public Status status() {
            return Status.NOT_REACHED;
        }

        @Override
        public String detail() {
            return "The product has reached " + position + " and not yet " + wanted + ", after " + waitedSeconds
                    + " s. Try again, or wait longer: Prefer: wait=SECONDS.";
        }
    }

    /** Whoever asks says nothing of who it is, or nothing that is true; never says which part of it is wrong. */
    record Unauthenticated(String reason) implements Problem {
        @Override
        public Status status() {
            return Status.UNAUTHENTICATED;
        }

        @Override
        public String detail() {
            return reason + " Expected: one header Authorization: Bearer, with a key or a token of today.";
        }
    }

    /** Whoever asks may not do that, and may know that it can be done. */
    record Forbidden(String what, String reason) implements Problem {
        @Override
        public Status status() {
            return Status.FORBIDDEN;
        }

        @Override
        public String detail() {
            return what + " is not allowed: " + reason;
        }
    }

    /** A product, row, route or other named thing does not exist. */
    record NotFound(String what, String name) implements Problem {
        @Override
        public Status status() {
            return Status.NOT_FOUND;
        }

        @Override
        public String detail() {
            return "There is no " + what + " '" + name + "'.";
        }
    }

    /** The resource exists, the method does not; {@code allowed} are those that do. */
    record MethodNotAllowed(String method, List<String> allowed) implements Problem {
        public MethodNotAllowed {
            allowed = List.copyOf(allowed);
        }

        @Override
        public Status status() {
            return Status.METHOD_NOT_ALLOWED;
        }

        @Override
        public String detail() {
            return method + " is not allowed here."
                    + (allowed.isEmpty() ? "" : " Allowed: " + String.join(", ", allowed) + ".");
        }
    }

    /** None of the offered formats satisfies the client's {@code Accept}. */
    record NotAcceptable(String asked, List<String> offered) implements Problem {
        public NotAcceptable {
            offered = List.copyOf(offered);
        }

        @Override
        public Status status() {
            return Status.NOT_ACCEPTABLE;
        }

        @Override
        public String detail() {
            return "Nothing here is '" + asked + "'. Offered: " + String.join(", ", offered) + ".";
        }
    }

    /** What was asked for existed and is not kept any more. */
    record Gone(String reason, String oldest) implements Problem {
        @Override
        public Status status() {
            return Status.GONE;
        }

        @Override
        public String detail() {
            return reason + " Oldest readable: " + oldest + ".";
        }
    }

    /** The request exceeds a limit in bytes or in number. */
    record TooLarge(String what, long size, long limit) implements Problem {
        @Override
        public Status status() {
            return Status.TOO_LARGE;
        }

        @Override
        public String detail() {
            return what + " is " + size + ", the limit is " + limit + ".";
        }
    }

    /** The caller's rate is used up; another request may succeed after {@code retryAfterSeconds}. */
    record RateLimited(long limit, long windowSeconds, long retryAfterSeconds) implements Problem {
        @Override
        public Status status() {
            return Status.RATE_LIMITED;
        }

        @Override
        public String detail() {
            return "At most " + limit + " requests in " + windowSeconds + " s. Try again in " + retryAfterSeconds
                    + " s.";
        }
    }

    /** All places of a kind are taken. */
    record Overloaded(String what, long limit, long retryAfterSeconds) implements Problem {
        @Override
        public Status status() {
            return Status.OVERLOADED;
        }

        @Override
        public String detail() {
            return what + ": all " + limit + " are taken. Try again in " + retryAfterSeconds + " s.";
        }
    }

    /** The caller has its share of the places of a kind; others may get some. */
    record ShareTaken(String what, long share, long limit, long retryAfterSeconds) implements Problem {
        @Override
        public Status status() {
            return Status.RATE_LIMITED;
        }

        @Override
        public String detail() {
            return what + ": this client has its share, at most " + share + " of " + limit
                    + " and less while many are taken. Try again in " + retryAfterSeconds + " s.";
        }
    }

    /** A product cannot answer now, for a reason with a name. */
    record Unavailable(String what, String reason) implements Problem {
        @Override
        public Status status() {
            return Status.UNAVAILABLE;
        }

        @Override
        public String detail() {
            return what + ": " + reason;
        }
    }

    /** The work did not end within its time. */
    record TimedOut(String what, long limitMillis) implements Problem {
        @Override
        public Status status() {
            return Status.TIMED_OUT;
        }

        @Override
        public String detail() {
            return what + " did not end within " + limitMillis + " ms.";
        }
    }

    /** Something unexpected; {@code reference} finds it in the log. */
    record Internal(String reference) implements Problem {
        @Override
        public Status status() {
            return Status.INTERNAL;
        }

        @Override
        public String detail() {
            return "The failure is in the server's log under reference " + reference + ".";
        }
    }

    /** Contract or descriptor files with faults, all of them. */
    record InvalidContract(List<Fault> faults) implements Problem {
        public InvalidContract {
            faults = List.copyOf(faults);
        }

        @Override
        public Status status() {
            return Status.INVALID_CONTRACT;
        }

        @Override
        public String detail() {
            return lines(faults);
        }
    }

    /** Configuration with faults, all of them. */
    record InvalidConfiguration(List<Fault> faults) implements Problem {
        public InvalidConfiguration {
            faults = List.copyOf(faults);
        }

        @Override
        public Status status() {
            return Status.INVALID_CONFIGURATION;
        }

        @Override
        public String detail() {
            return lines(faults);
        }
    }

    /** A resource of the machine that the start needs cannot be had, for example a port. */
    record CannotStart(String reason) implements Problem {
        @Override
        public Status status() {
            return Status.CANNOT_START;
        }

        @Override
        public String detail() {
            return reason;
        }
    }

    private static String lines(List<Fault> faults) {
        return faults.stream().map(Fault::toString).collect(Collectors.joining("\n"));
    }
}
