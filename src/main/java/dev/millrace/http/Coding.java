package dev.millrace.http;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.millrace.problem.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** A content coding (RFC 9110 section 8.4.1). */
enum Coding {
    ZSTD("zstd"),
    GZIP("gzip"),
    IDENTITY("identity");

    private static final int MAX_CODINGS = 50;
    private static final int ROOM_BYTES = 4 << 10;
    private static final int GZIP_LEVEL = 4;
    private static final int ZSTD_LEVEL = 1;
    private static final int ZSTD_WINDOW_LOG = 17;

    private final CharSequence token;

    Coding(String token) {
        this.token = HttpHeaders.createOptimized(token);
    }

    /** Its name as a header value. */
    CharSequence token() {
        return token;
    }

    /**
     * What a client accepts.
     *
     * @param coding the best
     * @param fromBytes from which size on; 0 where the client refuses the identity
     */
    record Accepted(Coding coding, long fromBytes) {
        static final Accepted IDENTITY = new Accepted(Coding.IDENTITY, 0);

        /** The coding of a whole answer of this size. */
        Coding of(long bytes) {
            return bytes >= fromBytes ? coding : Coding.IDENTITY;
        }
    }

    /**
     * Chooses after RFC 9110 section 12.5.3: the best quality wins, of equal ones zstd before gzip before none, but a star
     * alone asks for nothing.
     *
     * @param header all of {@code Accept-Encoding}; null when there is none
     * @param compressible whether there is more to offer than the bytes as they are
     * @param fromBytes the least size that is worth it
     * @throws dev.millrace.problem.ProblemException with {@code NotAcceptable}
     */
    static Accepted accepted(@Nullable String header, boolean compressible, long fromBytes) {
        if (header == null) {
            return Accepted.IDENTITY;
        }
        Map<String, Double> given = new HashMap<>();
        for (String part : header.split(",", MAX_CODINGS)) {
            String[] pieces = part.split(";", 2);
            String parameter = pieces.length == 1 ? "q=1" : pieces[1].strip().toLowerCase(Locale.ROOT);
            String name = pieces[0].strip().toLowerCase(Locale.ROOT);
            given.put(
                    name.equals("x-gzip") ? "gzip" : name,
                    parameter.startsWith("q=") ? Negotiation.quality(parameter.substring(2)) : 0);
        }
        double star = given.getOrDefault("*", 0.0);
        double identity = given.getOrDefault("identity", given.containsKey("*") ? star : Double.MIN_VALUE);
        Coding best = IDENTITY;
        double quality = identity;
        for (Coding coding : compressible ? List.of(GZIP, ZSTD) : List.<Coding>of()) {
            String name = coding.token.toString();
            double its = given.getOrDefault(name, star);
            if (given.containsKey(name) ? its > 0 && its >= quality : its > quality) {
                best = coding;
                quality = its;
            }
        }
        if (quality == 0) {
            throw new Problem.NotAcceptable(
                            "Accept-Encoding: " + header.substring(0, Math.min(200, header.length())),
                            compressible ? List.of("zstd", "gzip", "identity") : List.of("identity"))
                    .exception();
        }
        return new Accepted(best, identity == 0 ? 0 : fromBytes);
    }

    /** One body on its way, in a coding that is not the identity. One thread at a time; whoever made it closes it once. */
    final class Coder implements AutoCloseable {
        private final Sink sink = new Sink();
        private @Nullable OutputStream stream;

        /** The coded bytes of {@code owned}, complete so far, in a pooled buffer that the caller releases. */
        ByteBuf code(ByteBuf owned, boolean last) {
            ByteBuf coded = PooledByteBufAllocator.DEFAULT.directBuffer(ROOM_BYTES + (owned.readableBytes() >> 2));
            boolean whole = false;
            try {
                sink.bytes = coded;
                OutputStream into = stream == null ? stream(sink) : stream;
                stream = into;
                owned.readBytes(into, owned.readableBytes());
                if (last) {
                    into.close();
                } else {
                    into.flush();
                }
                whole = true;
                return coded;
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            } finally {
                sink.bytes = null;
                owned.release();
                if (!whole) {
                    coded.release();
                }
            }
        }

        @Override
        public void close() {
            try {
                if (stream != null) {
                    stream.close();
                }
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
    }

    /** Levels and a window that keep small what each of a thousand slow clients holds. */
    private OutputStream stream(OutputStream into) throws IOException {
        return switch (this) {
            case ZSTD -> new ZstdOutputStreamNoFinalizer(into, ZSTD_LEVEL).setWindowLog(ZSTD_WINDOW_LOG);
            case GZIP ->
                new GZIPOutputStream(into, ROOM_BYTES, true) {
                    {
                        def.setLevel(GZIP_LEVEL);
                    }
                };
            case IDENTITY -> into;
        };
    }

    /** Where the bytes of the call at hand go; those of a body that breaks off go nowhere. */
    private static final class Sink extends OutputStream {
        private @Nullable ByteBuf bytes;

        @Override
        public void write(int single) {
            write(new byte[] {(byte) single}, 0, 1);
        }

        @Override
        public void write(byte[] from, int start, int length) {
            if (bytes != null) {
                bytes.writeBytes(from, start, length);
            }
        }
    }
}
