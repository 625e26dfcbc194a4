package dev.millrace.codec;

/**
 * What a record may cost at most; a record beyond is a violation of the rule {@code size}.
 *
 * @param maxBytes of the whole record
 * @param maxDepth of nested objects and arrays that the contract does not know, 1 to 64
 * @param maxFields of one object, unknown ones counted
 * @param maxStringBytes of one string after its escapes are resolved
 */
public record JsonLimits(int maxBytes, int maxDepth, int maxFields, int maxStringBytes) {
    /** 4 MiB, 64 levels, 1,024 fields, 1 MiB a string. */
    public static final JsonLimits DEFAULT = new JsonLimits(4 << 20, 64, 1024, 1 << 20);

    public JsonLimits {
        if (maxBytes < 2 || maxDepth < 1 || maxDepth > 64 || maxFields < 1 || maxStringBytes < 1) {
            throw new IllegalArgumentException("limits out of range");
        }
    }
}
