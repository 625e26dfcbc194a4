package dev.millrace.store;

import java.nio.file.Path;
import java.util.Optional;

/** Whose files a folder holds. Domain and product are empty where a folder's path does not tell them. */
record FolderOwner(String domain, String product, int partition) {
    private static final String DOMAINS = "domains";

    /** Of a partition of the product's folder {@code domains/<domain>/<product>}, wherever that is. */
    static FolderOwner of(Path product, int partition) {
        Path path = product.toAbsolutePath().normalize();
        int names = path.getNameCount();
        return names >= 3 && path.getName(names - 3).toString().equals(DOMAINS)
                ? new FolderOwner(
                        path.getName(names - 2).toString(),
                        path.getName(names - 1).toString(),
                        partition)
                : new FolderOwner("", "", partition);
    }

    /** What is wrong when files of this one stand where those of another belong; empty when nothing is. */
    Optional<String> difference(FolderOwner place) {
        boolean sameProduct = product.isEmpty()
                || place.product.isEmpty()
                || (domain.equals(place.domain) && product.equals(place.product));
        return sameProduct && partition == place.partition
                ? Optional.empty()
                : Optional.of("holds the data of " + this + " in the place of " + place);
    }

    @Override
    public String toString() {
        return "partition " + partition + (product.isEmpty() ? "" : " of " + domain + "." + product);
    }
}
