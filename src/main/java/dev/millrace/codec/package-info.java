/**
 * Bytes to columns (one decoder per contract) and columns to bytes (JSON, NDJSON). Imports rows 1 to 3.
 */
@NullMarked
package dev.millrace.codec;

import org.jspecify.annotations.NullMarked;
