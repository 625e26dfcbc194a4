/** {@code ./millrace bench http}: rows over HTTP, beside nginx and beside a server as most people write it. */
@NullMarked
package dev.millrace.bench.http;

import org.jspecify.annotations.NullMarked;
