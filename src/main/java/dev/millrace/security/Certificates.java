package dev.millrace.security;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** The names of clients that have shown a certificate, whose authority TLS has checked. */
final class Certificates {
    private static final String KEPT = "millrace.certificate";
    private static final int MAIL = 1;
    private static final int DNS = 2;
    private static final int URI = 6;

    private Certificates() {}

    /** Whom a session's certificate names, found out once for it; empty where the client has shown none. */
    static Optional<String> name(SSLSession session) {
        Object kept = session.getValue(KEPT);
        if (kept instanceof String name) {
            return Optional.of(name).filter(text -> !text.isEmpty());
        }
        String found;
        try {
            found = session.getPeerCertificates()[0] instanceof X509Certificate certificate ? name(certificate) : "";
        } catch (SSLPeerUnverifiedException none) {
            found = "";
        }
        session.putValue(KEPT, found);
        return Optional.of(found).filter(text -> !text.isEmpty());
    }

    /** The first URI of its alternative names, else the first host, else mail address; else its subject. */
    private static String name(X509Certificate certificate) {
        try {
            var names = certificate.getSubjectAlternativeNames();
            for (int kind : new int[] {URI, DNS, MAIL}) {
                for (List<?> each : names == null ? List.<List<?>>of() : names) {
                    if (each.get(0).equals(kind)) {
                        return String.valueOf(each.get(1));
                    }
                }
            }
        } catch (CertificateParsingException broken) {
            return "";
        }
        return certificate.getSubjectX500Principal().getName();
    }
}
