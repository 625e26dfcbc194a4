package dev.millrace.server.demo;

import dev.millrace.ingest.publish.TopicSpecification;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The demo's data: what its topics are, and the records that belong into them.
 *
 * <p>The sources are files of this program; {@link #unpack} puts them into a folder, since DuckDB reads files and not
 * jars. All methods read files and block.
 */
public final class DemoData {
    /** The topic of the flights: 4 partitions, keyed by flight id, JSON. */
    public static final TopicSpecification FLIGHTS = topic("aviation.flights.v1", 4);

    /** The topic of the airports: keyed by IATA code, JSON; the last record of a key counts. */
    public static final TopicSpecification AIRPORTS = topic("aviation.airports.v1", 1);

    /** The topic of the earthquakes: keyed by event id, GeoJSON features; the last record of a key counts. */
    public static final TopicSpecification EARTHQUAKES = topic("seismology.earthquakes.v1", 2);

    private static final String FLIGHTS_FILE = "flights-200k.parquet";
    private static final String AIRPORTS_FILE = "airports.csv";
    private static final String EARTHQUAKES_FILE = "earthquakes.json";

    private final Path folder;

    private DemoData(Path folder) {
        this.folder = folder;
    }

    /** The data in a folder that already has the three files. */
    public static DemoData in(Path folder) {
        return new DemoData(folder);
    }

    /**
     * The data, after its files were copied from this program into {@code folder}, which is made when missing.
     *
     * @throws ProblemException {@link Problem.CannotStart} when a file is missing or cannot be written
     */
    public static DemoData unpack(Path folder) {
        for (String name : List.of(FLIGHTS_FILE, AIRPORTS_FILE, EARTHQUAKES_FILE)) {
            try (@Nullable InputStream packed = DemoData.class.getResourceAsStream("/demo/data/" + name)) {
                if (packed == null) {
                    throw new ProblemException(
                            new Problem.CannotStart("The demo's file " + name + " is not in this build."));
                }
                Files.createDirectories(folder);
                Files.copy(packed, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new ProblemException(
                        new Problem.CannotStart("The demo's file " + name + " cannot be unpacked: " + e.getMessage()));
            }
        }
        return new DemoData(folder);
    }

    /** Every topic of the demo, each with the topic of its dead letters. */
    public static List<TopicSpecification> topics() {
        return List.of(
                FLIGHTS,
                FLIGHTS.deadLetters(),
                AIRPORTS,
                AIRPORTS.deadLetters(),
                EARTHQUAKES,
                EARTHQUAKES.deadLetters());
    }

    /** The first {@code limit} flights, numbered from {@code F0000001} in the file's order. */
    public DemoSource flights(long limit) {
        return flights(folder.resolve(FLIGHTS_FILE), limit);
    }

    /** The first {@code limit} flights of another file with the same columns. */
    public static DemoSource flights(Path parquet, long limit) {
        return DemoSource.flights(parquet, limit);
    }

    /** All airports, in the file's order. */
    public DemoSource airports() {
        return DemoSource.airports(folder.resolve(AIRPORTS_FILE));
    }

    /** All earthquakes, in the file's order, each feature's text as the file has it. */
    public DemoSource earthquakes() {
        return DemoSource.earthquakes(folder.resolve(EARTHQUAKES_FILE));
    }

    /** Kept for ever, since the topic is the write-ahead log, and open to records that are far too large. */
    private static TopicSpecification topic(String name, int partitions) {
        return new TopicSpecification(name, partitions, Map.of("max.message.bytes", "33554432", "retention.ms", "-1"));
    }
}
