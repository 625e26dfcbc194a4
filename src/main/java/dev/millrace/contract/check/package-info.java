/**
 * The strict check of contracts and descriptors: the standards' own JSON Schemas, and what no schema can say. Nothing that
 * serves imports it; it imports {@code contract} and row 1.
 */
@NullMarked
package dev.millrace.contract.check;

import org.jspecify.annotations.NullMarked;
