package dev.millrace.http;

import dev.millrace.arrow.Hash;
import io.netty.buffer.ByteBufUtil;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads on a condition (RFC 9110 section 13): entity tags, and what {@code If-None-Match} says of them. Tags are weak: the
 * same rows may come in other bytes, compressed or cut into other batches. On the connection's event loop.
 */
final class Conditional {
    private static final CharSequence REVALIDATE = HttpHeaders.createOptimized("no-cache");
    private static final CharSequence LASTING = HttpHeaders.createOptimized("max-age=600");

    /** A tag between the commas of a list; what is none is passed over. Possessive: clients write this text. */
    private static final Pattern TAG =
            Pattern.compile("(?:^|,)[ \\t]*+(?:W/)?+(\"[\\x21\\x23-\\x7E\\x80-\\xFF]*+\")[ \\t]*+(?=,|$)");

    private Conditional() {}

    /** The tag with this hash. */
    static String tag(long hash) {
        return "W/\"" + Long.toHexString(hash) + '"';
    }

    /** The hash of all that an answer depends on: a seed, and the target as it stands in the request line. */
    static long hash(long seed, String uri) {
        long hash = seed;
        for (int i = 0; i < uri.length(); i += 4) {
            long four = 0;
            for (int j = i; j < Math.min(i + 4, uri.length()); j++) {
                four = four << 16 | uri.charAt(j);
            }
            hash = Hash.combine(hash, four);
        }
        return Hash.combine(hash, uri.length());
    }

    /** Whether the client has an answer with this tag; a star says nothing of which one it has. */
    static boolean has(HttpServerRequest request, String tag) {
        String list = Call.header(request, HttpHeaders.IF_NONE_MATCH);
        return list != null && has(list, tag);
    }

    private static boolean has(String list, String tag) {
        Matcher given = TAG.matcher(list);
        while (given.find()) {
            if (tag.endsWith(given.group(1))) { // the weak comparison
                return true;
            }
        }
        return false;
    }

    /**
     * The answer to a read with its validators in the response's headers, or that there is nothing new in it; any other is
     * itself. Takes the answer over.
     */
    static Answer checked(HttpServerRequest request, Answer owned) {
        boolean read = request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD;
        Answer.Version version = read ? version(owned) : Answer.Version.NONE;
        if (version.tag().isEmpty()) {
            return owned;
        }
        MultiMap headers = request.response().headers();
        headers.set(HttpHeaders.ETAG, version.tag());
        CharSequence kept =
                owned instanceof Answer.Whole whole ? whole.headers().get(HttpHeaders.CACHE_CONTROL) : null;
        headers.set(HttpHeaders.CACHE_CONTROL, kept != null ? kept : version.fixed() ? LASTING : REVALIDATE);
        String list = Call.header(request, HttpHeaders.IF_NONE_MATCH);
        if (owned instanceof Answer.Unchanged
                || list == null
                || !(has(list, version.tag()) || list.strip().equals("*"))) {
            return owned;
        }
        owned.close();
        return new Answer.Unchanged(version, Optional.empty());
    }

    private static Answer.Version version(Answer answer) {
        if (!(answer instanceof Answer.Whole whole) || !whole.version().tag().isEmpty()) {
            return answer.version();
        }
        byte[] bytes = ByteBufUtil.getBytes(
                whole.body(), whole.body().readerIndex(), whole.body().readableBytes(), false);
        String tag = tag(Hash.of(bytes, 0, bytes.length));
        return new Answer.Version(whole.version().position(), tag, false, Answer.Version.NOT_COUNTED);
    }
}
