/**
 * What changes between two versions of a contract, and whom each change breaks. Start at {@code Evolution}.
 */
@NullMarked
package dev.millrace.contract.evolution;

import org.jspecify.annotations.NullMarked;
