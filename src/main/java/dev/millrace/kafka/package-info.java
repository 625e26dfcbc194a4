/**
 * Kafka's clients as Millrace uses them: their settings, admin, transactions, back-off, looks into topics. What reads and
 * what writes topics stands on it; it knows no product and no position. Imports row 1.
 */
@NullMarked
package dev.millrace.kafka;

import org.jspecify.annotations.NullMarked;
