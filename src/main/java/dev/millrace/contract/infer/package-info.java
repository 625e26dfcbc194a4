/** A first contract from sampled records: records in, the text of an ODCS file out. Knows nothing of Kafka or servers. */
@NullMarked
package dev.millrace.contract.infer;

import org.jspecify.annotations.NullMarked;
