/**
 * Columns in off-heap memory: layouts, batches, column writers and readers, Arrow IPC files. The only room that
 * reads or writes by address. Imports rows 1 and 2.
 */
@NullMarked
package dev.millrace.arrow;

import org.jspecify.annotations.NullMarked;
