package dev.millrace.server.demo;

import dev.millrace.problem.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The demo's mesh folder: copied out of the program once, and then the user's own to change. */
public final class DemoMesh {
    private static final String ROOT = "/demo/mesh/";
    private static final List<String> FILES = List.of(
            "domains/aviation/airports.odcs.yaml",
            "domains/aviation/airports.odps.yaml",
            "domains/aviation/flights.odcs.yaml",
            "domains/aviation/flights.odps.yaml",
            "domains/seismology/earthquakes.odcs.yaml",
            "domains/seismology/earthquakes.odps.yaml");

    private DemoMesh() {}

    /** Copies what is not there yet into {@code folder}; blocks; {@code CannotStart} when it cannot be written. */
    public static void unpack(Path folder) {
        for (String file : FILES) {
            Path target = folder.resolve(file);
            if (Files.exists(target)) {
                continue;
            }
            try (InputStream source = DemoMesh.class.getResourceAsStream(ROOT + file)) {
                if (source == null) {
                    throw new IOException("this program lacks " + ROOT + file);
                }
                Files.createDirectories(target.resolveSibling(""));
                Files.copy(source, target);
            } catch (IOException failure) {
                throw new Problem.CannotStart("The demo's mesh cannot be written to " + folder + ": " + failure)
                        .exception();
            }
        }
    }
}
