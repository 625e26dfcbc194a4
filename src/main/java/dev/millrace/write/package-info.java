/**
 * Writing through a contract: a request's records are checked as the ingest would, then written into the product's topic
 * in one transaction with others. Kafka's types are seen here too. Imports rows 1 to 7.
 */
@NullMarked
package dev.millrace.write;

import org.jspecify.annotations.NullMarked;
