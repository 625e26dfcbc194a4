package dev.millrace.security;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Which addresses only this machine reaches. */
public final class Loopback {
    private Loopback() {}

    /** Whether a host is one; a name that cannot be resolved is not. May ask the system's resolver. */
    public static boolean is(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }
}
