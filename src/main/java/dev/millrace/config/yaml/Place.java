package dev.millrace.config.yaml;

/**
 * Where something stands in a file.
 *
 * @param file the file as the user named it
 * @param line 1-based; 0 where the whole file is meant
 * @param column 1-based, in code points; 0 where the whole file is meant
 */
public record Place(String file, int line, int column) {
    /** The place that means the whole of a file. */
    public static Place of(String file) {
        return new Place(file, 0, 0);
    }
}
