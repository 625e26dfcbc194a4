/**
 * Plan, scan and page over a snapshot; the only room that sees JDBC. Imports rows 1 to 4.
 */
@NullMarked
package dev.millrace.query;

import org.jspecify.annotations.NullMarked;
