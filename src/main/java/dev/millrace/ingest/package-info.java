/**
 * Input ports: Kafka consumers, dead letters, the embedded broker; the only room that sees Kafka types. Imports rows
 * 1 to 6.
 */
@NullMarked
package dev.millrace.ingest;

import org.jspecify.annotations.NullMarked;
