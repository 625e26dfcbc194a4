package dev.millrace;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the map of rooms: a room imports only rows below its own, and certain libraries only in one room. */
class RoomsTest {
    private static final List<List<String>> ROWS = List.of(
            List.of("problem"),
            List.of("config"),
            List.of("layer", "contract", "kafka"),
            List.of("arrow", "security"),
            List.of("store", "codec", "text"),
            List.of("query", "quality", "sandbox"),
            List.of("domain"),
            List.of("sql", "documents"),
            List.of("ingest", "write", "stream", "lake", "cluster"),
            List.of("http", "flight", "mcp", "portal"),
            List.of("server"));

    private static final Map<String, Integer> ROW_OF = IntStream.range(0, ROWS.size())
            .boxed()
            .flatMap(row -> ROWS.get(row).stream().map(room -> Map.entry(room, row)))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.millrace");

    @Test
    void room_imports_onlyRowsBelow() {
        noClasses()
                .that()
                .resideInAPackage("dev.millrace..")
                .should(importUpwardsOrSideways())
                .check(CLASSES);
    }

    @Test
    void packages_imports_haveNoCycles() {
        slices().matching("dev.millrace.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void kafka_isSeen_onlyByItsRoomAndTopicRooms() {
        onlyIn(
                List.of("kafka", "ingest", "write", "stream", "lake", "cluster"),
                "org.apache.kafka..",
                "io.vertx.kafka..",
                "kafka..");
    }

    @Test
    void jdbc_isSeen_onlyByQuery() {
        onlyIn("query", "java.sql..", "org.duckdb..");
    }

    /**
     * There a callback ends in any case: native code that meets an exception may wait for ever. {@code BackgroundPriority}
     * calls, and is not called back.
     */
    @Test
    void callbacksOfNativeCode_areTaken_onlyByDuckDbRows() {
        noClasses()
                .that()
                .haveNameNotMatching("dev\\.millrace\\.(query\\.DuckDbRows|layer\\.BackgroundPriority)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .haveNameMatching(
                        "org\\.duckdb\\.DuckDB(Functions|(Table|Scalar)Function.*)|java\\.lang\\.foreign\\.Linker")
                .check(CLASSES);
    }

    @Test
    void grpc_isSeen_onlyByFlight() {
        onlyIn("flight", "io.grpc..", "org.apache.arrow.flight..");
    }

    @Test
    void formatsAndRules_areSeen_onlyByCodec() {
        onlyIn("codec", "dev.cel..", "org.apache.avro..");
    }

    @Test
    void tokens_areSeen_onlyBySecurity() {
        onlyIn("security", "com.nimbusds..");
    }

    @Test
    void sketches_areSeen_onlyByQuality() {
        onlyIn("quality", "org.apache.datasketches..");
    }

    /** An output port, and what describes products, knows views, never what they are made of. */
    @Test
    void rows_leave_onlyThroughViews() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.millrace.documents..",
                        "dev.millrace.http..",
                        "dev.millrace.flight..",
                        "dev.millrace.mcp..",
                        "dev.millrace.portal..")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAPackage("dev.millrace.store..")
                        .and(DescribedPredicate.not(JavaClass.Predicates.type(dev.millrace.store.Position.class)))
                        .and(DescribedPredicate.not(JavaClass.Predicates.type(dev.millrace.store.Position.Order.class)))
                        .as("are of the store, but for positions"))
                .check(CLASSES);
    }

    @Test
    void address_isSeen_onlyByArrow() {
        // DataSketches reads its bytes from the heap through a MemorySegment.
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.millrace.arrow..", "dev.millrace.quality..")
                .and()
                .haveNameNotMatching("dev\\.millrace\\.layer\\.BackgroundPriority(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.arrow")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("sun.misc.Unsafe")
                .check(CLASSES);
    }

    @Test
    void strictCheck_isSeen_onlyByCommands() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.millrace.contract.check", "dev.millrace.server..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.millrace.contract.check")
                .check(CLASSES);
    }

    @Test
    void processor_isAnIsland_ofTheBuild() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.contract.processor")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.millrace.contract.processor",
                        "dev.millrace.contract.annotations",
                        "javax.annotation.processing",
                        "javax.lang.model..",
                        "javax.tools")
                .check(CLASSES.that(DescribedPredicate.not(
                        JavaClass.Predicates.resideInAPackage("dev.millrace.contract.annotations"))));
    }

    @Test
    void names_hideNoRole() {
        noClasses()
                .should()
                .haveNameMatching(".*(Utils?|Helpers?|Manager|Impl|Common|Misc)$")
                .check(CLASSES);
    }

    @Test
    void state_isNeverStaticAndMutable() {
        com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields()
                .that()
                .areStatic()
                .should()
                .notHaveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }

    private static void onlyIn(String room, String... packages) {
        onlyIn(List.of(room), packages);
    }

    private static void onlyIn(List<String> rooms, String... packages) {
        noClasses()
                .that()
                .resideOutsideOfPackages(rooms.stream()
                        .map(room -> "dev.millrace." + room + "..")
                        .toArray(String[]::new))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .allowEmptyShould(true)
                .check(CLASSES);
    }

    private static ArchCondition<JavaClass> importUpwardsOrSideways() {
        return new ArchCondition<>("import a room of its own row or of one above") {
            @Override
            public void check(JavaClass from, ConditionEvents events) {
                String room = room(from);
                from.getDirectDependenciesFromSelf().stream()
                        .flatMap(dependency -> Stream.of(dependency.getTargetClass()))
                        .filter(to -> to.getPackageName().startsWith("dev.millrace.") && !room(to).equals(room))
                        .filter(to -> row(room(to)) >= row(room))
                        .forEach(to -> events.add(
                                SimpleConditionEvent.satisfied(from, from.getName() + " imports " + to.getName())));
            }
        };
    }

    private static String room(JavaClass type) {
        return type.getPackageName().split("\\.")[2];
    }

    private static int row(String room) {
        Integer row = ROW_OF.get(room);
        if (row == null) {
            throw new AssertionError(
                    "The room '" + room + "' has no row: add it to RoomsTest and docs/architecture.md");
        }
        return row;
    }
}
