/** Proofs that run long: restarts, kills, a soak. Each holds what is served against what is in the topic. */
@NullMarked
package dev.millrace.bench.proof;

import org.jspecify.annotations.NullMarked;
