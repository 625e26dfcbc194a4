package dev.millrace.flight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlightMessageTest {
    private final BufferAllocator allocator = new RootAllocator();

    @AfterEach
    void close_everythingIsGivenBack() {
        allocator.close();
    }

    @Test
    void rows_ofAnyLengths_areDirectAndAlignedAndParsed() throws IOException {
        for (int bytes : List.of(0, 1, 7, 8, 9, 63, 64, 65, 129, 70_000)) {
            for (int said : List.of(0, 1, 100, 127, 128, 129, 300)) {
                try (FlightMessage message = FlightMessage.rows(batch(bytes), new byte[said])) {
                    assertTrue(message.isDirect(), () -> bytes + " bytes");
                    assertEquals(Integer.MAX_VALUE, message.mostParts());
                    var parsed = parsed(FlightMessage.marshaller().stream(message));
                    assertEquals(said, parsed.getAppMetadata().size());
                    assertEquals((bytes + 7) / 8 * 8 + 8, parsed.getDataBody().size());
                    assertEquals(
                            0,
                            (parsed.getSerializedSize() - parsed.getDataBody().size()) % 64);
                }
            }
        }
    }

    @Test
    void close_ofWhatWasNeverSent_givesTheBatchBack() {
        FlightMessage.rows(batch(100), new byte[0]).close();
        assertEquals(0, allocator.getAllocatedMemory());
    }

    private static Flight.FlightData parsed(InputStream bytes) throws IOException {
        return Flight.FlightData.parseFrom(bytes.readAllBytes());
    }

    private ArrowRecordBatch batch(int bytes) {
        try (ArrowBuf validity = allocator.buffer(1);
                ArrowBuf data = allocator.buffer(bytes)) {
            validity.writeByte(-1);
            data.setZero(0, bytes);
            data.writerIndex(bytes);
            return new ArrowRecordBatch(1, List.of(new ArrowFieldNode(1, 0)), List.of(validity, data));
        }
    }
}
