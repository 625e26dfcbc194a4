package dev.millrace.contract.processor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.arrow.ArrowSchemas;
import dev.millrace.arrow.Batch;
import dev.millrace.arrow.BatchWriter;
import dev.millrace.arrow.Layout;
import dev.millrace.codec.JsonDecoder;
import dev.millrace.codec.JsonLimits;
import dev.millrace.codec.Violation;
import dev.millrace.contract.MeshReader;
import dev.millrace.contract.ProductDefinition;
import dev.millrace.problem.Problem;
import dev.millrace.problem.ProblemException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The generated reader, writer, checks and view of a record with every type, against the server's own decoder. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DerivedProperties {
    private static final String SOURCE = """
            package p;
            import com.fasterxml.jackson.annotation.*;
            import dev.millrace.contract.annotations.*;
            import jakarta.validation.constraints.*;
            import java.math.*;
            import java.time.*;
            import java.util.*;
            import org.jspecify.annotations.Nullable;
            @DataProduct(domain = "d", name = "all", topic = "t", version = "1.0.0")
            public record All(
                @Key long id, @Key @JsonProperty("the key") Color color,
                boolean bool, @Nullable Boolean boxed, byte int8, @Nullable Short int16, @Min(-5) @Max(99) int int32,
                @Nullable @Positive Long int64, @PositiveOrZero float float32, @DecimalMax(value = "0.5", inclusive = false)
                double float64, @Digits(integer = 4, fraction = 2) @DecimalMin("-10.005") @Negative BigDecimal money,
                @Digits(integer = 30, fraction = 8) @Nullable BigDecimal wide, @Digits(integer = 25, fraction = 0)
                @Max(1000) BigInteger big, @NotBlank @Size(max = 4) String text, @JsonAlias({"code", "cöde"})
                @Pattern(regexp = "[A-Z]{2}|x") String pattern, @Nullable String free, @Email String mail, UUID uuid, @Size(min = 1, max = 3)
                byte[] bytes, LocalDate day, LocalTime clock, LocalDateTime local, Instant instant,
                @Size(min = 1, max = 2) List<@Nullable @Size(max = 2) String> texts, Set<@Min(0) Integer> numbers,
                @Nullable Set<Color> colors, List<List<Instant>> grid, @Nullable Inner inner, List<Inner> inners,
                Map<String, @Nullable @Max(9) Integer> counts, @Nullable Map<String, Inner> named) {
                public enum Color { RED, @JsonProperty("gr\\"ün") GREEN }
                public record Inner(@Nullable Inner2 deep, @Max(9) int size) {}
                public record Inner2(@Size(min = 2) String name) {}
            }
            """;

    private URLClassLoader classes;
    private Class<?> record;
    private Class<?> json;
    private Class<?> view;
    private RootAllocator allocator;
    private BatchWriter writer;
    private JsonDecoder decoder;

    @BeforeAll
    void compile(@TempDir Path folder) throws Exception {
        Compiled compiled = Compiled.of(folder, Map.of("p/All.java", SOURCE));
        assertEquals("[]", compiled.diagnostics().toString());
        classes = compiled.classes();
        record = classes.loadClass("p.All");
        json = classes.loadClass("p.AllJson");
        view = classes.loadClass("p.AllView");
        ProductDefinition product =
                MeshReader.product("d", "all", "all.odcs.yaml", compiled.text("META-INF/millrace/d/all.odcs.yaml"));
        allocator = new RootAllocator();
        writer = new BatchWriter(Layout.of(ArrowSchemas.of(product.object())), allocator);
        writer.open(8);
        decoder = JsonDecoder.of(product, writer, JsonLimits.DEFAULT);
    }

    @AfterAll
    void close() throws IOException {
        classes.close();
        writer.close();
        allocator.close();
    }

    @Test
    void record_isAccepted_whereTheServerAcceptsIt() throws Exception {
        var random = new Random(7);
        int good = 0;
        for (int i = 0; i < 3_000; i++) {
            boolean wild = random.nextInt(3) == 0;
            Object value = record(record, random, wild ? 12 : 1_000_000);
            byte[] bytes = unchecked(value);
            Optional<?> broken = (Optional<?>) call(json.getMethod("violation", record), value);
            String context = new String(bytes, UTF_8);
            Verdict server = server(bytes);
            assertEquals(
                    server.rule(),
                    broken.map(found -> ((Violation) found).rule()).orElse(""),
                    context);
            Verdict reader = reader(bytes);
            assertEquals(server.rule().isEmpty(), reader.rule().isEmpty(), context);
            if (server.rule().isEmpty()) {
                good++;
                assertArrayEquals(bytes, unchecked(server.value()), context);
                assertArrayEquals(bytes, unchecked(reader.value()), context);
                assertArrayEquals(bytes, (byte[]) call(json.getMethod("write", record), value), context);
            }
        }
        assertTrue(good > 500 && good < 2_700, good + " were good");
    }

    @Test
    void damagedRecord_isAccepted_whereTheServerAcceptsIt() throws Exception {
        var random = new Random(11);
        int good = 0;
        for (int i = 0; i < 15_000; i++) {
            String text = new String(unchecked(record(record, random, 1_000_000)), UTF_8);
            if (random.nextBoolean()) {
                text = text.replace("\"pattern\":", random.nextBoolean() ? "\"code\":" : "\"c\\u00f6de\":");
            }
            byte[] bytes = damaged(text.getBytes(UTF_8), random);
            Verdict server = server(bytes);
            Verdict reader = reader(bytes);
            String context = new String(bytes, UTF_8);
            assertEquals(server.rule().isEmpty(), reader.rule().isEmpty(), () -> server + " " + reader + context);
            if (server.rule().isEmpty()) {
                good++;
                assertArrayEquals(unchecked(server.value()), unchecked(reader.value()), context);
            }
        }
        assertTrue(good > 1_000, good + " were good");
    }

    @Test
    void key_ofRecord_isWhatTheServerReads() throws Exception {
        var random = new Random(13);
        for (int i = 0; i < 1_000; i++) {
            Object value = record(record, random, 1_000_000);
            byte[] key = (byte[]) call(json.getMethod("key", record), value);
            writer.truncate(0);
            assertTrue(decoder.decodeKey(key), new String(key, UTF_8));
            writer.endRow();
            assertEquals(
                    record.getMethod("id").invoke(value),
                    writer.batch().column("id").int64(0));
        }
    }

    /** What became of a record; an empty rule for a good one. */
    private record Verdict(String rule, String path, Object value) {}

    private Verdict server(byte[] bytes) throws Exception {
        writer.truncate(0);
        if (!decoder.decode(bytes, 0, bytes.length)) {
            return new Verdict(decoder.violation().rule(), decoder.violation().path(), "");
        }
        writer.endRow();
        Object row = view.getConstructor(Batch.class).newInstance(writer.batch());
        return new Verdict("", "", view.getMethod("toRecord").invoke(row));
    }

    private Verdict reader(byte[] bytes) throws Exception {
        try {
            return new Verdict("", "", call(json.getMethod("read", byte[].class), bytes));
        } catch (ProblemException e) {
            if (e.problem() instanceof Problem.BrokenRecord broken) {
                return new Verdict(broken.rule(), broken.path(), "");
            }
            throw e;
        }
    }

    private byte[] unchecked(Object value) throws Exception {
        Method write = json.getDeclaredMethod("write0", StringBuilder.class, record);
        write.setAccessible(true);
        var out = new StringBuilder();
        write.invoke(null, out, value);
        return out.toString().getBytes(UTF_8);
    }

    private static Object call(Method method, Object argument) throws Exception {
        try {
            return method.invoke(null, argument);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof ProblemException problem ? problem : e;
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        String symbols = "{}[]\",:\\ -+.0123456789eEtrufalsn/bTZ\u0000\n\u00ff";
        byte[] copy = bytes.clone();
        int times = random.nextInt(3);
        for (int i = 0; i < times; i++) {
            int at = random.nextInt(copy.length);
            byte symbol = (byte) symbols.charAt(random.nextInt(symbols.length()));
            int how = random.nextInt(3);
            var text = new java.io.ByteArrayOutputStream();
            text.write(copy, 0, at);
            if (how != 0) {
                text.write(symbol);
            }
            int rest = how == 1 ? at : at + 1;
            text.write(copy, rest, copy.length - rest);
            copy = text.toByteArray();
        }
        return copy;
    }

    /** A record; one in {@code wild} of its values breaks a rule, as far as it has one. */
    private static Object record(Class<?> type, Random random, int wild) throws Exception {
        List<@Nullable Object> values = new ArrayList<>();
        List<Class<?>> types = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            types.add(component.getType());
            values.add(component(component, random, wild));
        }
        return type.getDeclaredConstructor(types.toArray(Class<?>[]::new)).newInstance(values.toArray());
    }

    private static @Nullable Object component(RecordComponent component, Random random, int wild) throws Exception {
        boolean bad = random.nextInt(wild) == 0;
        boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
        if (nullable && random.nextInt(3) == 0) {
            return null;
        }
        String name = component.getName();
        return switch (name) {
            case "int32" -> random.nextInt(-5, 100) + (bad ? 200 : 0);
            case "int64" -> bad ? -random.nextLong(3) : 1 + random.nextLong(Long.MAX_VALUE);
            case "float32" -> bad ? -1f : random.nextInt(100) / 8f;
            case "float64" -> bad ? 0.5 : random.nextGaussian() - 9;
            case "money" -> bad ? new BigDecimal("-10.01") : BigDecimal.valueOf(random.nextInt(-1000, 0), 2);
            case "wide" ->
                new BigDecimal(new BigInteger(bad ? 140 : 126, random), 8)
                        .multiply(new BigDecimal("1.00000000"))
                        .setScale(8);
            case "big" -> BigInteger.valueOf(random.nextInt(1001)).add(BigInteger.valueOf(bad ? 1001 : 0));
            case "text" ->
                bad ? random.nextBoolean() ? " \n" : "äöüß€" : "a" + "😀é\"\\".substring(0, 2 * random.nextInt(2));
            case "pattern" -> bad ? "abc" : random.nextBoolean() ? "AB" : "x";
            case "mail" -> bad ? "a@b@c" : "a@b.c";
            case "bytes" -> new byte[bad ? 0 : 1 + random.nextInt(3)];
            case "texts" -> bad ? List.of() : texts(random);
            case "counts" ->
                java.util.Collections.singletonMap("k\u0007", bad ? (Integer) 10 : random.nextBoolean() ? 3 : null);
            case "numbers" -> Set.of(bad ? -1 : random.nextInt(9));
            case "size" -> bad ? 10 : random.nextInt(10);
            case "name" -> bad ? "a" : "ab";
            default -> value(component.getGenericType(), random, wild);
        };
    }

    private static List<@Nullable String> texts(Random random) {
        List<@Nullable String> texts = new ArrayList<>();
        texts.add(random.nextBoolean() ? null : "ab");
        if (random.nextBoolean()) {
            texts.add("\u0001\u2028");
        }
        return texts;
    }

    private static Object value(Type type, Random random, int wild) throws Exception {
        if (type instanceof ParameterizedType generic) {
            Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
            List<Object> items = new ArrayList<>();
            Map<String, Object> entries = new LinkedHashMap<>();
            for (int i = random.nextInt(3); i > 0; i--) {
                items.add(value(last, random, wild));
                entries.put("k" + i, items.getLast());
            }
            return generic.getRawType() == Map.class
                    ? entries
                    : generic.getRawType() == Set.class ? new LinkedHashSet<>(items) : items;
        }
        Class<?> of = (Class<?>) type;
        if (of.isRecord()) {
            return record(of, random, wild);
        }
        if (of.isEnum()) {
            return of.getEnumConstants()[random.nextInt(2)];
        }
        Instant instant = Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000) * 1000L);
        return switch (of.getSimpleName()) {
            case "boolean", "Boolean" -> random.nextBoolean();
            case "byte" -> (byte) random.nextInt();
            case "Short" -> (short) random.nextInt();
            case "long" -> random.nextLong();
            case "Integer" -> random.nextInt();
            case "String" -> "free \"text\" \t" + random.nextInt();
            case "UUID" -> new UUID(random.nextLong(), random.nextLong());
            case "Instant" -> instant;
            case "LocalDateTime" -> LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
            case "LocalDate" -> LocalDate.ofInstant(instant, ZoneOffset.UTC);
            case "LocalTime" -> LocalTime.ofInstant(instant, ZoneOffset.UTC);
            default -> throw new IllegalStateException(of.getName());
        };
    }
}
