/** {@code ./millrace bench scale}: a product that is larger than the machine. */
@NullMarked
package dev.millrace.bench.scale;

import org.jspecify.annotations.NullMarked;
