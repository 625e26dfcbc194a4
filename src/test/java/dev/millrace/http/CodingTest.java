package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.github.luben.zstd.ZstdInputStream;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CodingTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "- | IDENTITY | IDENTITY",
                "'' | IDENTITY | IDENTITY",
                "gzip | GZIP | IDENTITY",
                "x-gzip | GZIP | IDENTITY",
                "GZIP, Zstd | ZSTD | IDENTITY",
                "gzip;q=1, zstd;q=0.9 | GZIP | IDENTITY",
                "gzip; q=0.5, identity | IDENTITY | IDENTITY",
                "gzip;q=0.5, identity;q=0.5 | GZIP | IDENTITY",
                "gzip, deflate, br | GZIP | IDENTITY",
                "br | IDENTITY | IDENTITY",
                "* | IDENTITY | IDENTITY",
                "*;q=0.5, gzip;q=0.2 | IDENTITY | IDENTITY",
                "gzip;q=0 | IDENTITY | IDENTITY",
                "gzip;q=2 | IDENTITY | IDENTITY",
                "identity;q=0, gzip | GZIP | GZIP",
                "identity;q=0, * | GZIP | GZIP",
                "*;q=0, zstd;q=0.001 | ZSTD | ZSTD",
            })
    void accepted_choosesByQuality_largeAndSmall(String header, Coding large, Coding small) {
        Coding.Accepted accepted = Coding.accepted(header, true, 1000);
        assertEquals(large, accepted.of(1001));
        assertEquals(large, accepted.of(1000));
        assertEquals(small, accepted.of(999));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "identity;q=0|true",
                "*;q=0|true",
                "br, *;q=0|true",
                "gzip, identity;q=0|false",
                "gzip, *;q=0|false"
            })
    void accepted_withNothingLeft_isNotAcceptable(String header, boolean compressible) {
        ProblemException refused =
                assertThrows(ProblemException.class, () -> Coding.accepted(header, compressible, 1000));
        assertInstanceOf(Problem.NotAcceptable.class, refused.problem());
    }

    @ParameterizedTest
    @EnumSource(
            value = Coding.class,
            names = {"GZIP", "ZSTD"})
    void code_inPieces_isReadBackByOthers(Coding coding) throws IOException {
        byte[] bytes = new byte[700_000];
        var random = new Random(42);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i < 300_000 ? random.nextInt() : i % 100);
        }
        for (int piece : new int[] {1, 4095, 131_072, 700_000}) {
            int to = piece == 1 ? 50 : bytes.length;
            var coded = Unpooled.buffer();
            try (Coding.Coder coder = coding.new Coder()) {
                for (int at = 0; at <= to; at += piece) {
                    int end = Math.min(to, at + piece);
                    ByteBuf part = Unpooled.copiedBuffer(bytes, at, end - at);
                    ByteBuf out = coder.code(piece == 4095 ? direct(part) : part, end == to && at + piece > to);
                    coded.writeBytes(out);
                    out.release();
                }
            }
            byte[] all = new byte[coded.readableBytes()];
            coded.readBytes(all);
            try (InputStream back = coding == Coding.GZIP
                    ? new GZIPInputStream(new ByteArrayInputStream(all))
                    : new ZstdInputStream(new ByteArrayInputStream(all))) {
                assertArrayEquals(java.util.Arrays.copyOf(bytes, to), back.readAllBytes());
            }
        }
    }

    private static ByteBuf direct(ByteBuf heap) {
        ByteBuf direct = Unpooled.directBuffer(heap.readableBytes() + 3).writeZero(3);
        direct.readerIndex(3).writeBytes(heap);
        return direct;
    }
}
