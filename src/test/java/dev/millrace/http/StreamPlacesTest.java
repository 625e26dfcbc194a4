package dev.millrace.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.millrace.problem.ProblemException;
import org.junit.jupiter.api.Test;

class StreamPlacesTest {
    @Test
    void oneClient_hasAQuarter_andAllClientsAllOfThem() {
        var places = new StreamPlaces("Streaming", 16, 0);
        for (String client : new String[] {"a", "b", "c", "d"}) {
            for (int i = 0; i < 4; i++) {
                places.take(client);
            }
            assertThrows(ProblemException.class, () -> places.take(client));
        }
        assertEquals(16, places.taken());
        assertThrows(ProblemException.class, () -> places.take("e"));
        places.giveBack("a");
        places.take("e");
        assertThrows(ProblemException.class, () -> places.take("a"));
        places.giveBack("e");
        places.take("a");
    }
}
