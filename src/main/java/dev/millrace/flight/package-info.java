/**
 * Arrow Flight output ports. Imports rows 1 to 6.
 */
@NullMarked
package dev.millrace.flight;

import org.jspecify.annotations.NullMarked;
