package dev.millrace.problem;

/** Carries a {@link Problem} through a future or out of a constructor; has no stack trace, since it is expected. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // never serialised; Problem's records hold only values
    private final Problem problem;

    public ProblemException(Problem problem) {
        super(problem.detail(), null, false, false);
        this.problem = problem;
    }

    /** The problem carried. */
    public Problem problem() {
        return problem;
    }
}
