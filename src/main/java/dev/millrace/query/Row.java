package dev.millrace.query;

import dev.millrace.arrow.Batch;

/** A row within a batch; valid while the reading that gave it is open. */
public record Row(Batch batch, int row) {}
