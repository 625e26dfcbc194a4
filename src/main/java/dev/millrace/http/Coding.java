package dev.millrace.http;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.millrace.problem.Problem;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/** A content coding (RFC 9110 section 8.4.1). */
enum Coding {
    ZSTD("zstd"),
    GZIP("gzip"),
    IDENTITY("identity");

    private static final int MAX_CODINGS = 50;
    private static final int ROOM_BYTES = 4 << 10;

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

    /** One body on its way. One thread at a time; whoever made it closes it once. */
    interface Coder extends AutoCloseable {
        /** The coded bytes of {@code owned}, complete so far, in a pooled buffer that the caller releases. */
        default ByteBuf code(ByteBuf owned, boolean last) {
            ByteBuf coded = PooledByteBufAllocator.DEFAULT.directBuffer(ROOM_BYTES + (owned.readableBytes() >> 2));
            boolean whole = false;
            try {
                ByteBuffer source;
                if (owned.isDirect()) {
                    source = owned.nioBuffer();
                } else {
                    source = ByteBuffer.allocateDirect(owned.readableBytes());
                    owned.getBytes(owned.readerIndex(), source);
                    source.flip();
                }
                boolean more = true;
                while (more) {
                    coded.ensureWritable(ROOM_BYTES);
                    ByteBuffer room = coded.nioBuffer(coded.writerIndex(), coded.writableBytes());
                    int from = room.position();
                    more = step(source, room, last);
                    coded.writerIndex(coded.writerIndex() + room.position() - from);
                }
                whole = true;
                return coded;
            } finally {
                owned.release();
                if (!whole) {
                    coded.release();
                }
            }
        }

        /** Codes on into the room; whether there is more to write. */
        boolean step(ByteBuffer source, ByteBuffer room, boolean last);

        @Override
        void close();
    }

    /** What codes one body; not for the identity. */
    Coder coder() {
        return switch (this) {
            case ZSTD -> new Zstd();
            case GZIP -> new Gzip();
            case IDENTITY -> throw new IllegalStateException("nothing to code");
        };
    }

    private static final class Zstd implements Coder {
        private static final int LEVEL = 3;

        private final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(LEVEL);

        @Override
        public boolean step(ByteBuffer source, ByteBuffer room, boolean last) {
            return !context.compressDirectByteBufferStream(room, source, last ? EndDirective.END : EndDirective.FLUSH);
        }

        @Override
        public void close() {
            context.close();
        }
    }

    /** RFC 1952. */
    private static final class Gzip implements Coder {
        private static final int LEVEL = 4;
        private static final byte[] HEADER = {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, (byte) 0xFF};

        private final Deflater deflater = new Deflater(LEVEL, true);
        private final CRC32 sum = new CRC32();
        private boolean begun;

        @Override
        public boolean step(ByteBuffer source, ByteBuffer room, boolean last) {
            if (!begun) {
                begun = true;
                room.put(HEADER);
            }
            if (source.hasRemaining()) {
                sum.update(source.duplicate());
                deflater.setInput(source.duplicate());
                source.position(source.limit());
            }
            if (last) {
                deflater.finish();
            }
            deflater.deflate(room, last ? Deflater.NO_FLUSH : Deflater.SYNC_FLUSH);
            if (!last) {
                return !room.hasRemaining();
            }
            if (!deflater.finished() || room.remaining() < 2 * Integer.BYTES) {
                return true;
            }
            room.order(java.nio.ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) sum.getValue())
                    .putInt((int) deflater.getBytesRead());
            return false;
        }

        @Override
        public void close() {
            deflater.end();
        }
    }
}
