/**
 * The data contract model (ODCS), the data product descriptor (ODPS), their reader and their checks. Imports
 * {@code problem} and {@code config}.
 */
@NullMarked
package dev.millrace.contract;

import org.jspecify.annotations.NullMarked;
