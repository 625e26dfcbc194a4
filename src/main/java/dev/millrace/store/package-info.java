/**
 * Segments, key index, snapshots, positions, retention and recovery of one product. Imports rows 1 to 3.
 */
@NullMarked
package dev.millrace.store;

import org.jspecify.annotations.NullMarked;
