/**
 * Makes topics and fills them from a finite source, each record exactly once however often it is interrupted. Imports
 * rows 1 to 6.
 */
@NullMarked
package dev.millrace.ingest.publish;

import org.jspecify.annotations.NullMarked;
