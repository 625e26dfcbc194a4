package dev.millrace.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.problem.Problem.InvalidContract;
import dev.millrace.problem.ProblemException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProductReaderTest {
    @Test
    void read_descriptor_givesItsPorts() {
        ProductDescriptor descriptor = ProductReader.read("p.yaml", """
                apiVersion: v0.9.0
                kind: DataProduct
                id: p1
                name: Customers
                status: draft
                domain: seller
                description: {purpose: why}
                inputPorts:
                  - {name: in, version: 1.0.0, contractId: c0}
                outputPorts:
                  - {name: out, version: 2.0.0, type: tables, description: rows}
                  - {name: out2, version: 2.0.0, contractId: c2}
                """);

        assertEquals("p1", descriptor.id());
        assertEquals("seller", descriptor.domain());
        assertEquals("c0", descriptor.inputPorts().get(0).contractId());
        assertEquals(
                List.of("", "c2"),
                descriptor.outputPorts().stream()
                        .map(ProductDescriptor.Port::contractId)
                        .toList());
    }

    @Test
    void read_whatIsNoDescriptor_isRefusedWithAllFaults() {
        ProblemException exception = assertThrows(
                ProblemException.class,
                () -> ProductReader.read("p.yaml", "{kind: DataContract, outputPorts: [{version: 1}, x]}"));

        List<String> said = ((InvalidContract) exception.problem())
                .faults().stream().map(Object::toString).toList();
        assertEquals(5, said.size(), said::toString);
        assertTrue(
                said.stream().anyMatch(line -> line.contains("p.yaml:1:8: kind: Expected DataProduct")),
                said::toString);
        assertTrue(
                said.stream().anyMatch(line -> line.contains("p.yaml:1:36: outputPorts[0]: The key 'name'")),
                said::toString);
    }
}
