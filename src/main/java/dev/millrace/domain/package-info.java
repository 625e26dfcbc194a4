/**
 * One actor per domain, and the registry of products. Imports rows 1 to 5.
 */
@NullMarked
package dev.millrace.domain;

import org.jspecify.annotations.NullMarked;
