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
            return method + " is not allowed here. Allowed: " + String.join(", ", allowed) + ".";
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

    /** All places for concurrent work are taken. */
    record Overloaded(String what, int limit, long retryAfterSeconds) implements Problem {
        @Override
        public Status status() {
            return Status.OVERLOADED;
        }

        @Override
        public String detail() {
            return what + " has " + limit + " requests under way, its limit. Try again in " + retryAfterSeconds + " s.";
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
