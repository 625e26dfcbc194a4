/**
 * A real single-node Kafka broker for the demo and the tests: in this JVM ({@code EmbeddedBroker}) or in a child JVM of
 * its own ({@code ChildBroker}, {@code BrokerMain}). Imports rows 1 to 6.
 */
@NullMarked
package dev.millrace.ingest.broker;

import org.jspecify.annotations.NullMarked;
