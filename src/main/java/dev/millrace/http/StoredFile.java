package dev.millrace.http;

import java.nio.file.Path;

/**
 * A file of an answer.
 *
 * @param tag a strong entity tag of its bytes, in quotes
 */
record StoredFile(Path path, long sizeBytes, String tag) {}
