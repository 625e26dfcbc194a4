/**
 * SQL over views. Statements run in processes of their own, which see rows through views alone: what is native may hang or
 * die, the server may not.
 */
@NullMarked
package dev.millrace.sql;

import org.jspecify.annotations.NullMarked;
