/**
 * Main, the command line, wiring, ordered start and drain. Imports every room.
 */
@NullMarked
package dev.millrace.server;

import org.jspecify.annotations.NullMarked;
