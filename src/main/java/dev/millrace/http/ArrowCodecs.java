package dev.millrace.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.arrow.compression.CommonsCompressionFactory;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.compression.AbstractCompressionCodec;
import org.apache.arrow.vector.compression.CompressionCodec;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;
import org.apache.arrow.vector.compression.NoCompressionCodec;

/**
 * The codecs of buffers in an Arrow stream that is written. Arrow's own LZ4 takes a second for a megabyte, that of the
 * Kafka clients' library milliseconds. Any thread.
 */
final class ArrowCodecs implements CompressionCodec.Factory {
    @Override
    public CompressionCodec createCodec(CodecType type) {
        return switch (type) {
            case NO_COMPRESSION -> NoCompressionCodec.INSTANCE;
            case LZ4_FRAME -> new Lz4();
            case ZSTD -> CommonsCompressionFactory.INSTANCE.createCodec(type);
        };
    }

    @Override
    public CompressionCodec createCodec(CodecType type, int level) {
        return createCodec(type);
    }

    private static final class Lz4 extends AbstractCompressionCodec {
        private static final int LENGTH_BYTES = (int) CompressionUtil.SIZE_OF_UNCOMPRESSED_LENGTH;

        @Override
        protected ArrowBuf doCompress(BufferAllocator allocator, ArrowBuf plain) {
            byte[] bytes = new byte[Math.toIntExact(plain.writerIndex())];
            plain.getBytes(0, bytes);
            var frame = new ByteArrayOutputStream(LENGTH_BYTES + bytes.length / 2);
            frame.writeBytes(new byte[LENGTH_BYTES]); // filled by the caller
            try (var stream = new LZ4FrameOutputStream(frame, LZ4FrameOutputStream.BLOCKSIZE.SIZE_256KB)) {
                stream.write(bytes);
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
            ArrowBuf compressed = allocator.buffer(frame.size());
            compressed.setBytes(0, frame.toByteArray());
            compressed.writerIndex(frame.size());
            return compressed;
        }

        @Override
        protected ArrowBuf doDecompress(BufferAllocator allocator, ArrowBuf compressed) {
            throw new UnsupportedOperationException("for writing");
        }

        @Override
        public CodecType getCodecType() {
            return CodecType.LZ4_FRAME;
        }
    }
}
