/**
 * Bytes to columns, one decoder per contract; bodies of requests to records. Imports rows 1 to 3.
 */
@NullMarked
package dev.millrace.codec;

import org.jspecify.annotations.NullMarked;
