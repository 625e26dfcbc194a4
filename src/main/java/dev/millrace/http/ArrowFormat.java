package dev.millrace.http;

import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.compression.CompressionUtil.CodecType;

/** Rows as a stream of Arrow's IPC format, whose buffers may be compressed. */
record ArrowFormat() implements RowFormat {
    private static final Named NAMED = Named.of("application/vnd.apache.arrow.stream", "arrow");
    private static final Map<String, CodecType> CODECS =
            Map.of(Negotiation.NO_CODEC, CodecType.NO_COMPRESSION, "zstd", CodecType.ZSTD, "lz4", CodecType.LZ4_FRAME);

    @Override
    public Named named() {
        return NAMED;
    }

    @Override
    public boolean isExport() {
        return true;
    }

    @Override
    public List<String> codecs() {
        return List.of("zstd", "lz4");
    }

    @Override
    public RowWriter writer(Rows rows) {
        return new ArrowRows(
                rows.rows(),
                rows.query().select(),
                rows.schema().get(),
                rows.limit(),
                CODECS.getOrDefault(rows.wanted().codec(), CodecType.NO_COMPRESSION),
                rows.engine().allocator());
    }
}
