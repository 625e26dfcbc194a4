/**
 * Columns to bytes: rows as JSON and CSV, straight from the columns' buffers. It knows nothing of how bytes become columns,
 * which is {@code codec}'s. Imports rows 1 to 3.
 */
@NullMarked
package dev.millrace.text;

import org.jspecify.annotations.NullMarked;
