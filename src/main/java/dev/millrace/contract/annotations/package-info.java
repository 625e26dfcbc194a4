/**
 * What a domain team writes on its records so that contract, reader, writer, producer and row view are derived from
 * them; the constraints themselves are those of {@code jakarta.validation}. See {@code docs/derive.md}.
 */
@NullMarked
package dev.millrace.contract.annotations;

import org.jspecify.annotations.NullMarked;
