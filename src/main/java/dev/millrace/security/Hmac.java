package dev.millrace.security;

import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256 (RFC 2104) under one secret. Any thread. */
public final class Hmac {
    /** How many bytes one has. */
    public static final int BYTES = 32;

    private static final String ALGORITHM = "HmacSHA256";

    private final Mac made;

    /** @param secret copied; not empty */
    public Hmac(byte[] secret) {
        try {
            made = Mac.getInstance(ALGORITHM);
            made.init(new SecretKeySpec(secret, ALGORITHM));
        } catch (GeneralSecurityException absent) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, absent);
        }
    }

    /** That of some parts, one behind the other. */
    public byte[] of(byte[]... parts) {
        try {
            Mac mac = (Mac) made.clone(); // to make one anew costs the secret's two blocks again
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (CloneNotSupportedException absent) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, absent);
        }
    }
}
