package dev.millrace.codec;

/**
 * Why a record was rejected.
 *
 * @param rule the broken rule, for example {@code json}, {@code required}, {@code type}, {@code maximum}, {@code size}
 * @param path the field, names joined by dots, list elements as {@code [i]}; empty for the whole record
 * @param reason what is wrong and what would be right; never holds the value
 */
public record Violation(String rule, String path, String reason) {}
