package dev.millrace.server;

/** How the program ends; the same for every command. */
enum ExitCode {
    FINE(0),
    ANSWER_IS_NO(1),
    WRONG_USE(2),
    CANNOT_START(3);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    /** The process's exit status. */
    int code() {
        return code;
    }
}
