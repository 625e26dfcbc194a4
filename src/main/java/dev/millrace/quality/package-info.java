/**
 * Quality rules, service levels and column statistics over a product's rows. Imports rows 1 to 4, and alone sees Apache
 * DataSketches.
 */
@NullMarked
package dev.millrace.quality;

import org.jspecify.annotations.NullMarked;
