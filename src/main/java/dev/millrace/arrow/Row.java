package dev.millrace.arrow;

/** A row within a batch; valid while whatever gave it is open. */
public record Row(Batch batch, int row) {}
