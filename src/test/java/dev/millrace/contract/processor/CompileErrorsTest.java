package dev.millrace.contract.processor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot hold is an error where it is written, with its reason. */
class CompileErrorsTest {
    private static final int COMPONENT_LINE = 11;

    private static final String HEAD = """
            package p;
            import com.fasterxml.jackson.annotation.*;
            import dev.millrace.contract.annotations.*;
            import jakarta.validation.constraints.*;
            import java.math.*;
            import java.time.*;
            import java.util.*;
            import org.jspecify.annotations.Nullable;
            @DataProduct(domain = "d", name = "n", topic = "t", version = "%s")
            public record R(int first,
            %s) {}
            """;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "@Key @Nullable UUID id                         | A key cannot be null",
                "@Key double id                                 | cannot be part of the primary key",
                "@Key List<String> ids                          | cannot be part of the primary key",
                "@Min(5) @Max(4) int a                          | minimum is more than maximum",
                "@Positive @Negative long a                     | exclusiveMinimum is not less than exclusiveMaximum",
                "@Size(min = 3, max = 2) String a               | minLength 3 is more than maxLength 2",
                "@NotEmpty @Size(max = 0) List<String> a        | minItems 1 is more than maxItems 0",
                "@Pattern(regexp = \"[A-Z\") String a           | The pattern does not compile",
                "@Pattern(regexp = \"a)(b\") String a           | The pattern does not compile",
                "@Pattern(regexp = \"a\", flags = Pattern.Flag.CASE_INSENSITIVE) String a | has flags",
                "@Past Instant a                                | depends on the clock",
                "@PastOrPresent LocalDate a                     | depends on the clock",
                "@Future Instant a                              | depends on the clock",
                "@FutureOrPresent LocalDateTime a               | depends on the clock",
                "@AssertTrue boolean a                          | has no place in a contract",
                "@Null String a                                 | has no place in a contract",
                "@Size(max = 3) @Size(min = 1) String a         | each once",
                "Optional<String> a                             | with @Nullable",
                "OptionalInt a                                  | @Nullable Integer",
                "OffsetDateTime a                               | write Instant",
                "Date a                                         | Write Instant or LocalDate",
                "char a                                         | Write String",
                "Object a                                       | has no type in a contract",
                "int[] a                                        | has no type in a contract",
                "List<Object> a                                 | has no type in a contract",
                "List a                                         | needs to say of what",
                "Map<Integer, String> a                         | A map's keys are texts",
                "BigDecimal a                                   | needs @Digits",
                "@Digits(integer = 70, fraction = 7) BigDecimal a | digits",
                "@Digits(integer = 9, fraction = 1) BigInteger a | has no fraction",
                "@Digits(integer = 3, fraction = 0) String a    | @Digits cannot apply to java.lang.String",
                "@Size(max = 3) @Digits(integer = 3, fraction = 0) BigDecimal a | @Size cannot apply to java.math.BigDecimal",
                "@Size(max = 3) int a                           | @Size cannot apply to int",
                "@Min(1) String a                               | @Min cannot apply to java.lang.String",
                "@NotBlank int a                                | @NotBlank cannot apply to int",
                "@Email UUID a                                  | @Email cannot apply to java.util.UUID",
                "List<@Positive String> a                       | @Positive cannot apply to java.lang.String",
                "@DecimalMin(\"x\") int a                       | is no number",
                "@JsonProperty(\"first\") int a                 | 'first' stands here a second time",
                "@JsonAlias(\"first\") int a                    | 'first' stands here a second time",
                "@NotNull @Nullable String a                    | contradicts",
                "R a                                            | holds itself",
                "@Min(value = 1, groups = R.class) int a        | is in a group",
                "@R.Own int a) { @jakarta.validation.Constraint(validatedBy = {}) @interface Own {} //  | of your own",
            })
    void component_thatCannotHold_isAnError(String component, String reason, @TempDir Path folder) {
        String source = HEAD.formatted("1.0.0", component).replace("//) {}", "}");
        List<String> errors = Compiled.of(folder, Map.of("p/R.java", source)).errors();
        assertEquals(1, errors.size(), errors.toString());
        assertTrue(errors.getFirst().startsWith(COMPONENT_LINE + ": "), errors.toString());
        assertTrue(errors.getFirst().contains(reason), errors.toString());
    }

    @Test
    void errors_ofOneRecord_areReportedTogether(@TempDir Path folder) {
        String source = HEAD.formatted("1.0.0", "@Past Instant a, @Min(3) @Max(2) int b, Object c");
        assertEquals(3, Compiled.of(folder, Map.of("p/R.java", source)).errors().size());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "1.0.0 | int a, String b                       | 0  | ``",
                "1.0.0 | int a                                 | 10 | removed",
                "1.0.0 | long a, String b                      | 11 | A breaking change",
                "1.0.0 | @Min(1) int a, String b               | 11 | A breaking change",
                "1.0.0 | int a, @Nullable String b             | 11 | A breaking change",
                "1.0.0 | int a, String b, String c             | 11 | A breaking change",
                "1.1.0 | int a, String b, @Nullable String c   | 0  | ``",
                "2.0.0 | int a                                 | 0  | ``",
            })
    void change_thatBreaks_isAnError(String version, String components, int line, String reason, @TempDir Path folder)
            throws IOException {
        Path before = Files.createDirectories(folder.resolve("before"));
        Compiled old = Compiled.of(before, Map.of("p/R.java", HEAD.formatted("1.0.0", "int a, String b")));
        assertEquals(List.of(), old.errors());
        Files.move(before.resolve("META-INF/millrace/d/n.odcs.yaml"), before.resolve("n.odcs.yaml"));
        List<String> errors = Compiled.of(
                        Files.createDirectories(folder.resolve("after")),
                        Map.of("p/R.java", HEAD.formatted(version, components)),
                        "-A" + DataProductProcessor.CONTRACTS + "=" + before)
                .errors();
        assertEquals(line > 0, errors.stream().anyMatch(error -> error.startsWith(line + ": ")), errors.toString());
        assertTrue(errors.toString().contains(reason), errors.toString());
    }

    @Test
    void annotation_onClass_isAnError(@TempDir Path folder) {
        String source = "@dev.millrace.contract.annotations.DataProduct(domain = \"D\", name = \"n\", topic = \"t t\","
                + " version = \"1\") class R {}";
        assertTrue(Compiled.of(folder, Map.of("R.java", source))
                .errors()
                .toString()
                .contains("on records only"));
        String record = source.replace("class R ", "record R(int a)");
        List<String> errors = Compiled.of(folder, Map.of("R.java", record)).errors();
        assertTrue(errors.toString().contains("'D' cannot be the name of a domain"), errors.toString());
        assertTrue(errors.toString().contains("'t t' cannot be a Kafka topic"), errors.toString());
    }
}
