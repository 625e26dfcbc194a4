/**
 * The benchmarks of {@code ./millrace bench}: each case beside its peers in the same run. Part of the test class path,
 * no part of the server.
 */
@NullMarked
package dev.millrace.bench;

import org.jspecify.annotations.NullMarked;
