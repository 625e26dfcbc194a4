/**
 * The expected failures of every room, as sealed values, and the one table that gives each its HTTP status,
 * problem type and Flight status. Imports nothing of Millrace.
 */
@NullMarked
package dev.millrace.problem;

import org.jspecify.annotations.NullMarked;
