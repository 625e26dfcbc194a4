/**
 * Input ports: topics into products, dead letters, the embedded broker. Kafka's types are seen here and in {@code kafka}.
 * Imports rows 1 to 6.
 */
@NullMarked
package dev.millrace.ingest;

import org.jspecify.annotations.NullMarked;
