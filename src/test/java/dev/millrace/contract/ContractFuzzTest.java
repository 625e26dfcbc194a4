package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.codec.RecordRules;
import dev.millrace.config.yaml.Faults;
import dev.millrace.config.yaml.JsonTree;
import dev.millrace.config.yaml.YamlReader;
import dev.millrace.contract.check.ContractCheck;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real contracts and products, changed by chance as bytes and as trees: nothing comes out but results and problems, and
 * each in bounded time. A slice of {@code ./millrace prove fuzz}.
 */
class ContractFuzzTest {
    private static final Path SHARED = Path.of(System.getProperty("millrace.contracts", "../shared/contracts"));
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int TOGETHER = 25;
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "-1",
            "0",
            "1e400",
            "99999999999999999999",
            "\"\"",
            "\"a.b\"",
            "\"[\"",
            "\"(a+)+$\"",
            "[]",
            "{}",
            "[null]",
            "[[1]]",
            "{\"id\": 1}",
            "\"integer\"",
            "\"array\"",
            "\"object\"",
            "\"map\"",
            "\"decimal(99,9)\"",
            "\"2020-02-30\"",
            "\"\\u0000\"");

    private final ObjectMapper json = new ObjectMapper();
    private final long seed = Long.getLong("millrace.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @TempDir
    Path folder;

    @Test
    void check_changedFiles_giveFaultsAndNothingElse() throws IOException {
        long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        List<Path> files = files();
        int rounds = 0;
        do {
            List<Path> changed = new ArrayList<>();
            for (int i = 0; i < TOGETHER; i++) {
                Path origin = files.get(random.nextInt(files.size()));
                byte[] bytes = random.nextBoolean() ? bytes(Files.readAllBytes(origin)) : tree(origin);
                String standard = origin.toString().contains("odps") ? "odps" : "odcs";
                changed.add(Files.write(folder.resolve("case" + i + "." + standard + ".yaml"), bytes));
            }
            try {
                assertTimeoutPreemptively(LIMIT, () -> {
                    ContractCheck.check(changed, RecordRules::faults, mesh -> List.of());
                    changed.forEach(ContractFuzzTest::read);
                });
            } catch (Throwable failure) {
                for (Path file : changed) {
                    Files.copy(file, Path.of("target", "fuzz-" + seed + "-" + file.getFileName()));
                }
                fail("seed " + seed + ", round " + rounds + ", kept as target/fuzz-" + seed + "-*", failure);
            }
            rounds++;
        } while (System.nanoTime() < end);
    }

    private static void read(Path file) {
        for (Consumer<Path> reader : List.<Consumer<Path>>of(ContractReader::read, ProductReader::read)) {
            try {
                reader.accept(file);
            } catch (ProblemException expected) {
                assertTrue(!expected.problem().detail().isEmpty());
            }
        }
    }

    private static List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path start : List.of(Path.of("src/test/resources/contracts"), SHARED)) {
            if (Files.isDirectory(start)) {
                try (Stream<Path> found = Files.walk(start)) {
                    found.filter(file ->
                                    file.toString().matches(".*/(contracts|odcs/[^/]*|bitol)/[^/]*\\.(ya?ml|json)"))
                            .forEach(files::add);
                }
            }
        }
        return files;
    }

    private byte[] bytes(byte[] origin) {
        byte[] changed = origin.clone();
        for (int i = random.nextInt(6); i >= 0 && changed.length > 0; i--) {
            int at = random.nextInt(changed.length);
            switch (random.nextInt(4)) {
                case 0 -> changed[at] = (byte) random.nextInt(256);
                case 1 -> changed[at] = (byte) "{}[]:,-#&*!|>'\"%@`\n\t ?".charAt(random.nextInt(22));
                case 2 -> changed = Arrays.copyOf(changed, at);
                default -> {
                    int length = Math.min(random.nextInt(200), changed.length - at);
                    int to = random.nextInt(changed.length - length + 1);
                    System.arraycopy(changed.clone(), at, changed, to, length);
                }
            }
        }
        return changed;
    }

    private byte[] tree(Path origin) throws IOException {
        JsonNode root =
                JsonTree.of(YamlReader.read(origin, new Faults()).orElseThrow().root());
        List<JsonNode> containers = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
            containers.clear();
            collect(root, containers);
            JsonNode at = containers.get(random.nextInt(containers.size()));
            JsonNode value = random.nextInt(3) == 0
                    ? containers.get(random.nextInt(containers.size())).deepCopy()
                    : json.readTree(VALUES.get(random.nextInt(VALUES.size())));
            if (at instanceof ObjectNode object && !object.isEmpty()) {
                List<String> names = new ArrayList<>();
                object.fieldNames().forEachRemaining(names::add);
                String name = names.get(random.nextInt(names.size()));
                switch (random.nextInt(3)) {
                    case 0 -> object.remove(name);
                    case 1 -> object.set(name, value);
                    default -> object.set(name + "s", value);
                }
            } else if (at instanceof ArrayNode array && !array.isEmpty()) {
                array.set(random.nextInt(array.size()), value);
            }
        }
        return root.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node instanceof ContainerNode<?> container) {
            containers.add(container);
            container.forEach(child -> collect(child, containers));
        }
    }
}
