package dev.millrace.http;

import dev.millrace.query.ChangeToken;
import dev.millrace.security.Principal;

/** One who is told changes: a token, and where it stands to its group. Its event loop. */
final class Subscriber {
    /** How a subscriber stands to its group. */
    enum Stand {
        /** At the group's position: sent what the group is sent. */
        MEMBER,
        /** Behind: reads for itself until it is there. */
        BEHIND,
        /** Ahead, since the product was read again from an earlier position: waits. */
        AHEAD,
        /** Its socket takes no more for now. */
        FULL,
        ENDED
    }

    final Outlet outlet;
    final String client;
    final Principal caller;
    ChangeToken token;
    Stand stand = Stand.BEHIND;
    long fullSince;

    Subscriber(Outlet outlet, String client, Principal caller, ChangeToken token) {
        this.outlet = outlet;
        this.client = client;
        this.caller = caller;
        this.token = token;
    }
}
