package dev.millrace.domain;

import dev.millrace.Folders;
import dev.millrace.contract.MeshReader;
import dev.millrace.store.ProductStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Makes products for the tests of other rooms. */
public final class Products {
    private Products() {}

    /** A product whose contract says little; its columns are the store's. */
    public static Product of(String domain, String name, ProductStore store) {
        return of(domain, name, """
                apiVersion: v3.1.0
                kind: DataContract
                id: %s-%s-contract
                name: %s
                version: 1.2.3
                status: active
                description:
                  purpose: A product of a test.
                schema:
                  - name: %s
                    properties:
                      - name: id
                        logicalType: string
                """.formatted(domain, name, name, name), store);
    }

    /** A product of a contract's text. */
    public static Product of(String domain, String name, String contract, ProductStore store) {
        try {
            Path mesh = Files.createTempDirectory("mesh");
            try {
                Path folder = Files.createDirectories(mesh.resolve("domains").resolve(domain));
                Files.writeString(folder.resolve(name + ".odcs.yaml"), contract);
                return new Product(MeshReader.read(mesh).product(domain, name).orElseThrow(), store, Optional.empty());
            } finally {
                Folders.delete(mesh);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
