/**
 * The demo's real data as Kafka records, and the progress that its publishing shows. Imports every room.
 */
@NullMarked
package dev.millrace.server.demo;

import org.jspecify.annotations.NullMarked;
