package dev.millrace.domain;

import dev.millrace.store.ProductStore;

/** Makes products for the tests of other rooms. */
public final class Products {
    private Products() {}

    public static Product of(String domain, String name, ProductStore store) {
        var face = new Product.Face(name, "A product of a test.", domain + "-" + name + "-contract", "1.2.3", "");
        return new Product(domain, name, face, store);
    }
}
