/**
 * Who the caller is. Imports rows 1 and 2.
 */
@NullMarked
package dev.millrace.security;

import org.jspecify.annotations.NullMarked;
