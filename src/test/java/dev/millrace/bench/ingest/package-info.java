/** {@code ./millrace bench ingest}: from one topic to queryable rows, by Millrace and by others. */
@NullMarked
package dev.millrace.bench.ingest;

import org.jspecify.annotations.NullMarked;
