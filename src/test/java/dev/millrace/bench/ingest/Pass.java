package dev.millrace.bench.ingest;

/** What one pass over the topic took, and how many records it counted. */
record Pass(long cpuNanos, long wallNanos, long records) {}
