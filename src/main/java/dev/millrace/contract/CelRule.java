package dev.millrace.contract;

import dev.millrace.config.yaml.Place;

/**
 * A rule over a record's columns in CEL, the Common Expression Language: {@code quality} of {@code type: custom} and
 * {@code engine: cel}. It is as written; whoever evaluates it compiles it.
 *
 * @param name in violations and counts, after {@code cel:}
 * @param expression the source, which gives true for a good record
 * @param column the column whose rule it is, which does not apply where that is null; empty for the object's
 * @param warning whether a record that breaks it is served and counted, not rejected
 * @param place where the expression stands
 * @param path where in the document
 */
public record CelRule(String name, String expression, String column, boolean warning, Place place, String path) {}
