/**
 * Configuration records of the platform: what {@code millrace.yaml} and {@code MILLRACE_*} variables say. Imports nothing of
 * Millrace but {@code problem}'s values.
 */
@NullMarked
package dev.millrace.config;

import org.jspecify.annotations.NullMarked;
