package dev.millrace.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SettlingTest {
    private final Settling<String> file = new Settling<>("a");

    @Test
    void changed_whatWasTaken_isNone() {
        assertFalse(file.changed("a"));
        assertFalse(file.changed("a"));
    }

    @Test
    void changed_anotherTextTwiceInTurn_isTakenOnce() {
        assertFalse(file.changed("b"));
        assertTrue(file.changed("b"));
        assertFalse(file.changed("b"));
    }

    @Test
    void changed_whileItIsWritten_waits() {
        assertFalse(file.changed("b"));
        assertFalse(file.changed("bc"));
        assertFalse(file.changed("a"));
        assertFalse(file.changed("bc"));
        assertTrue(file.changed("bc"));
    }

    @Test
    void again_afterAChange_isTakenOnceMore() {
        file.changed("b");
        file.changed("b");
        file.again();
        assertTrue(file.changed("b"));
        assertFalse(file.changed("b"));
    }
}
