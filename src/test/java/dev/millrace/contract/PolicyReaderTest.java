package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Fault;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyReaderTest {
    private static final String CONTRACT = """
            apiVersion: v3.1.0
            kind: DataContract
            id: people-contract
            version: 1.0.0
            status: active
            roles:
              - {role: reader, access: read}
              - {role: owner, access: read and write}
            schema:
              - name: people
                properties:
                  - {name: id, logicalType: string, primaryKey: true, required: true}
                  - {name: email, logicalType: string}
                  - {name: born, logicalType: date}
                  - {name: age, logicalType: integer}
            """;

    @TempDir
    Path mesh;

    private Mesh read(String policies) throws IOException {
        Path domain = Files.createDirectories(mesh.resolve("domains/d"));
        Files.writeString(domain.resolve("people.odcs.yaml"), CONTRACT);
        Files.writeString(domain.resolve("policies.yaml"), policies);
        return MeshReader.readSound(mesh);
    }

    @Test
    void grants_asTheDocsHaveThem_areRead() throws IOException {
        Mesh read = read("""
                grants:
                  - to: {role: analyst, purpose: [reporting, audit]}
                    products: [people]
                    may: [read, write]
                    columns: {email: {keep: 4}, born: {round: year}, age: {round: 10}, id: show}
                    rows: {"age[gte]": 18}
                    until: 2027-01-31
                  - {to: anyone, products: "*", may: read, columns: {email: pseudonym, born: null, age: hide}}
                """);
        assertEquals(List.of(), read.broken());
        List<Grant> grants = read.policies("d").grants();
        Grant first = grants.getFirst();
        assertEquals(Map.of("role", Set.of("analyst"), "purpose", Set.of("reporting", "audit")), first.to());
        assertEquals(Set.of(Grant.May.READ, Grant.May.WRITE), first.may());
        assertEquals(
                Map.of(
                        "email", new Mask.Keep(4),
                        "born", new Mask.RoundTime(Mask.Unit.YEAR),
                        "age", new Mask.RoundNumber(BigDecimal.TEN),
                        "id", Mask.SHOW),
                first.columns());
        assertEquals(LocalDate.of(2027, 1, 31), first.until());
        assertTrue(grants.getLast().isOf("people"));
        assertEquals(
                Map.of("email", new Mask.Pseudonym(), "born", new Mask.Null(), "age", Mask.HIDE),
                grants.getLast().columns());
        assertEquals(Map.of(), grants.getLast().to());
    }

    @Test
    void faults_ofAnyKind_areAtTheirPlaces_andCloseTheFileAlone() throws IOException {
        Mesh read = read("""
                grants:
                  - to: {}
                    products: [peple]
                    may: [reed]
                  - to: {role: analyst}
                    products: [people]
                    may: [read]
                    colums: {}
                    columns: {id: null, emial: hide, age: {keep: 2}, born: {round: hour}, email: sha}
                    rows: {}
                    until: soon
                  - products: people
                """);
        assertEquals(1, read.products().size());
        assertTrue(read.policies("d").isBroken());
        List<String> lines = read.policies("d").faults().stream()
                .map(fault -> fault.line() + ":" + fault.column() + " " + fault.message())
                .toList();
        List<String> expected = List.of(
                "2:9 It names nobody",
                "3:15 There is no product 'peple' in this domain. Did you mean 'people'?",
                "4:10 Expected read, write, replay or administer, found 'reed'",
                "8:5 The key 'colums' is not known",
                "9:19 'id' is of the key",
                "9:32 There is no column 'emial'",
                "9:43 'age' cannot be masked so",
                "9:60 'born' cannot be masked so",
                "9:82 Expected hide, show",
                "10:11 Expected a filter",
                "11:12 Expected a day",
                "12:5 Expected 'to'",
                "12:5 The key 'may' is missing");
        for (String fault : expected) {
            assertTrue(lines.stream().anyMatch(line -> line.startsWith(fault)), fault + " in " + lines);
        }
        assertEquals(expected.size(), lines.size(), lines::toString);
        assertEquals("policies.yaml", read.broken().getFirst().name());
    }

    @Test
    void contract_withRoles_grantsByTheirAccess() throws IOException {
        ProductDefinition product = read("grants: []").products().getFirst();
        List<Grant> grants = PolicyReader.ofContract(product);
        assertEquals(Set.of(Grant.May.READ), grants.getFirst().may());
        assertEquals(Set.of(Grant.May.READ, Grant.May.WRITE), grants.getLast().may());
        assertEquals(Map.of("role", Set.of("owner")), grants.getLast().to());
    }

    @Test
    void file_thatIsNoYaml_isBroken() throws IOException {
        for (String text : Stream.of("", "grants: {", "- x", "grants: 1").toList()) {
            Policies policies = read(text).policies("d");
            assertTrue(policies.isBroken(), text);
            assertTrue(policies.faults().stream().allMatch(fault -> fault.severity() == Fault.Severity.ERROR));
        }
    }
}
