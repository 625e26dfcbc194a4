package dev.millrace.contract;

import dev.millrace.config.LossPolicy;
import java.util.List;
import java.util.Optional;

/**
 * All that the mesh folder says about one data product that can be served.
 *
 * @param domain the domain's name, a URL segment: {@code [a-z][a-z0-9_-]*}
 * @param name the product's name, likewise
 * @param object the contract's only schema object, with at least one property
 * @param descriptor empty where the product is just a contract file; an optional component since there is no neutral one
 * @param topic the Kafka topic that it reads: the object's physical name, else its name
 * @param deadLetterTopic where refused records go: the custom property {@code millrace.deadLetterTopic}, else the topic
 *     with {@code .dlq}; empty for a product of dead letters, which refuses none
 * @param key the columns of the primary key in the order of their positions, each required; empty for none
 * @param onGap what to do when records are gone from the topic; empty for what the platform does
 * @param onRecreated what to do when the topic was made anew; likewise
 */
public record ProductDefinition(
        String domain,
        String name,
        Contract contract,
        SchemaObject object,
        Optional<ProductDescriptor> descriptor,
        String topic,
        String deadLetterTopic,
        Mode mode,
        ValueFormat format,
        UnknownFields unknownFields,
        List<Property> key,
        Optional<LossPolicy> onGap,
        Optional<LossPolicy> onRecreated) {
    /** What a product's name ends with when it holds another one's dead letters; no file's name can. */
    public static final String DEAD_LETTERS = ".dead-letters";

    public ProductDefinition {
        key = List.copyOf(key);
    }

    /** Domain and product with a dot between them, as in SQL. */
    public String qualifiedName() {
        return domain + "." + name;
    }

    /** The product of this one's dead letters. Blocks: reads the class path. */
    public ProductDefinition deadLetters() {
        return DeadLetterContract.of(this);
    }

    /** Whether the records are another product's dead letters. */
    public boolean isDeadLetters() {
        return deadLetterTopic.isEmpty();
    }
}
