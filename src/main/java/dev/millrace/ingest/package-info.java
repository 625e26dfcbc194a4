/**
 * Input ports: topics into products, dead letters, the embedded broker. Kafka's types are seen here, in {@code kafka}
 * and in the other rooms of this row. Imports rows 1 to 7.
 */
@NullMarked
package dev.millrace.ingest;

import org.jspecify.annotations.NullMarked;
