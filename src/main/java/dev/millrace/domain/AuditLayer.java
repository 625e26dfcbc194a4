package dev.millrace.domain;

import dev.millrace.layer.Layer;
import dev.millrace.layer.Service;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import dev.millrace.security.Audit;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Has what was asked and what became of it written to the audit, when the answer begins; inside of the layer that finds out
 * who asks. Immutable; any thread.
 *
 * @param asked a request as every port has it
 * @param named the product that a request names, whether or not there is such a one; may be empty
 * @param served what an answer is
 */
public record AuditLayer<Q, R>(
        Audit audit, Function<Q, Request> asked, Function<Q, String> named, Function<R, Audit.Served> served)
        implements Layer<Q, R> {
    private static final Map<String, Audit.Kind> KINDS = Map.of(
            "writeRecords", Audit.Kind.WRITE,
            "deleteRow", Audit.Kind.WRITE,
            "DoPut", Audit.Kind.WRITE,
            "replayDeadLetters", Audit.Kind.REPLAY);
    private static final Pattern TRACE = Pattern.compile("[0-9a-f]{2}-([0-9a-f]{32})-.*");
    private static final int MAX_NAME = 200;

    @Override
    public Service<Q, R> around(Service<Q, R> inner) {
        return request -> {
            Audit.Kind kind = KINDS.getOrDefault(asked.apply(request).operation(), Audit.Kind.READ);
            Future<R> answer = inner.call(request);
            if (kind == Audit.Kind.READ && !audit.reads()) {
                return answer.succeeded() ? answer : answer.onFailure(failure -> refused(request, failure));
            }
            return answer.onComplete(done -> ended(kind, request, done));
        };
    }

    /** Of what is not written else, that somebody may not do it, or may not know that there is such a product. */
    private void refused(Q request, Throwable failure) {
        if (failure instanceof ProblemException expected
                && (expected.problem() instanceof Problem.Forbidden
                        || (expected.problem() instanceof Problem.NotFound missing
                                && missing.what().endsWith("product")))) {
            add(Audit.Kind.ACCESS, request, Audit.Served.NOTHING, Audit.outcome(expected.problem()));
        }
    }

    private void ended(Audit.Kind kind, Q request, AsyncResult<R> done) {
        if (done.succeeded()) {
            add(kind, request, served.apply(done.result()), "ok");
        } else {
            String outcome =
                    done.cause() instanceof ProblemException expected ? Audit.outcome(expected.problem()) : "internal";
            add(kind, request, Audit.Served.NOTHING, outcome);
        }
    }

    /** What is in force for whoever asks: the view's id, a digest of columns, masks and row rule. */
    private static String policy(Product product, Request by) {
        try {
            return Long.toHexString(product.as(by.caller()).id());
        } catch (ProblemException hidden) {
            return "";
        }
    }

    private void add(Audit.Kind kind, Q request, Audit.Served answer, String outcome) {
        Request by = asked.apply(request);
        String product = named.apply(request);
        Matcher trace = TRACE.matcher(by.header("traceparent"));
        audit.add(new Audit.Entry(
                kind,
                by.caller().name(),
                "",
                by.operation(),
                product.substring(0, Math.min(MAX_NAME, product.length())),
                by.product().map(known -> policy(known, by)).orElse(""),
                answer,
                outcome,
                trace.matches() ? trace.group(1) : ""));
    }
}
