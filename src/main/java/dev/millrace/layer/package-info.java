/**
 * Service and Layer, and the resilience policies around an asynchronous service. Imports {@code problem} and
 * {@code config}.
 */
@NullMarked
package dev.millrace.layer;

import org.jspecify.annotations.NullMarked;
