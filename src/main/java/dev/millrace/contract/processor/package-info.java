/**
 * Build-time island: javac runs {@link dev.millrace.contract.processor.DataProductProcessor} on a domain team's records.
 * Imports its own room, {@code problem} and {@code config}; nothing imports it, and what it generates imports
 * {@code codec} and {@code arrow} by name only.
 */
@NullMarked
package dev.millrace.contract.processor;

import org.jspecify.annotations.NullMarked;
