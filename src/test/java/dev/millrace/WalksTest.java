package dev.millrace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Holds {@code docs/architecture.md} to the tree: who follows a request meets classes that there are, each once, few enough
 * to be kept in mind, and knows by a class's name alone which one it is.
 */
class WalksTest {
    private static final Path MAIN = Path.of("src/main/java/dev/millrace");
    private static final Pattern WALK = Pattern.compile("(?ms)^- \\*\\*([^*]+)\\*\\*:(.*?)(?=^- |^$)");
    private static final Pattern NAME = Pattern.compile("`(\\w+)`");
    private static final int MOST_CLASSES = 18;

    /** The words of a user's Java types, who need not know the server's. */
    private static final String ANNOTATIONS = "contract/annotations";

    private static Map<String, List<String>> walks() throws IOException {
        String text = Files.readString(Path.of("docs/architecture.md"));
        int from = text.indexOf("### Walks");
        Map<String, List<String>> walks = new LinkedHashMap<>();
        WALK.matcher(text.substring(from, text.indexOf("###", from + 3)))
                .results()
                .forEach(walk -> walks.put(
                        walk.group(1),
                        NAME.matcher(walk.group(2))
                                .results()
                                .map(name -> name.group(1))
                                .toList()));
        return walks;
    }

    /** Folders of the classes of main, by simple name. */
    private static Map<String, List<String>> classes() throws IOException {
        try (Stream<Path> files = Files.walk(MAIN)) {
            return files.map(MAIN::relativize)
                    .filter(file -> file.toString().matches(".*/[A-Z]\\w+\\.java"))
                    .filter(file -> !file.startsWith(ANNOTATIONS))
                    .collect(Collectors.groupingBy(
                            file -> file.getFileName().toString().replace(".java", ""),
                            Collectors.mapping(file -> String.valueOf(file.getParent()), Collectors.toList())));
        }
    }

    @Test
    void walks_nameClassesThatThereAre_eachOnce() throws IOException {
        Map<String, List<String>> walks = walks();
        Set<String> known = classes().keySet();
        List<String> wrong = new ArrayList<>();
        walks.forEach((walk, names) -> {
            names.stream().filter(name -> !known.contains(name)).forEach(name -> wrong.add(walk + ": no " + name));
            names.stream()
                    .filter(name -> names.indexOf(name) != names.lastIndexOf(name))
                    .forEach(name -> wrong.add(walk + ": twice " + name));
        });

        assertEquals(
                List.of("A row by key", "A page", "An export", "A group", "A change", "A Flight read"),
                List.copyOf(walks.keySet()));
        assertEquals(List.of(), wrong);
    }

    @Test
    void walks_areShort() throws IOException {
        walks().forEach((walk, names) -> {
            assertTrue(names.size() > 10, walk + ": " + names.size());
            assertTrue(names.size() <= MOST_CLASSES, walk + ": " + names.size());
        });
    }

    @Test
    void names_ofClasses_standOnce() throws IOException {
        Map<String, List<String>> twice = new LinkedHashMap<>();
        classes().forEach((name, folders) -> {
            if (folders.size() > 1) {
                twice.put(name, folders);
            }
        });

        assertEquals(Map.of(), twice);
    }
}
