package dev.millrace.contract;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;

/** The contract of dead letters, the same for every product: the bundled file {@code dead-letters.odcs.yaml}. */
final class DeadLetterContract {
    private static final String FILE = "/dead-letters.odcs.yaml";

    private DeadLetterContract() {}

    /** The product of another product's dead letters; blocks: reads the class path. */
    static ProductDefinition of(ProductDefinition product) {
        String text = text().replace("${domain}", product.domain())
                .replace("${product}", product.name())
                .replace("${topic}", product.deadLetterTopic())
                // The only one of them that its owner is free to choose, so the last and as a quoted text.
                .replace("${contract}", product.contract().id().replace("'", "''"));
        Contract contract = ContractReader.read(FILE, text);
        SchemaObject object = contract.objects().getFirst();
        return new ProductDefinition(
                product.domain(),
                product.name() + ProductDefinition.DEAD_LETTERS,
                contract,
                object,
                Optional.empty(),
                product.deadLetterTopic(),
                "",
                Mode.UPSERT,
                ValueFormat.JSON,
                UnknownFields.REJECT,
                object.properties().stream().filter(Property::primaryKey).toList(),
                product.onGap(),
                product.onRecreated());
    }

    private static String text() {
        try (InputStream file = DeadLetterContract.class.getResourceAsStream(FILE)) {
            return new String(Objects.requireNonNull(file, FILE).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
