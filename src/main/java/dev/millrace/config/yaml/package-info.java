/**
 * YAML and JSON files as an immutable tree in which every node knows its file, line and column, so that every fault has
 * its place. Used by {@code config} and {@code contract}; the only room that sees the YAML parser. Imports
 * {@code problem}.
 */
@NullMarked
package dev.millrace.config.yaml;

import org.jspecify.annotations.NullMarked;
