package dev.millrace.kafka;

import dev.millrace.config.PropertyCheck;
import dev.millrace.problem.Fault.Severity;
import dev.millrace.problem.Nearest;
import dev.millrace.problem.Problem;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigDef;

/** What the Kafka clients say of {@code kafka.properties}, before one of them is made. */
public final class KafkaProperties implements PropertyCheck {
    private static final List<ConfigDef> CLIENTS =
            List.of(AdminClientConfig.configDef(), ConsumerConfig.configDef(), ProducerConfig.configDef());

    /** What Millrace's promises rest on, see {@link ClientSettings}. */
    private static final Set<String> OWN = Set.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
            ConsumerConfig.GROUP_ID_CONFIG,
            ConsumerConfig.GROUP_INSTANCE_ID_CONFIG,
            ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
            ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG,
            ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
            ProducerConfig.ACKS_CONFIG,
            ProducerConfig.TRANSACTIONAL_ID_CONFIG);

    @Override
    public Optional<Remark> check(String property, String text) {
        if (OWN.contains(property)) {
            return Optional.of(new Remark(Severity.WARNING, "Millrace sets this itself. It is not taken."));
        }
        List<ConfigDef> knowing = CLIENTS.stream()
                .filter(client -> client.configKeys().containsKey(property))
                .toList();
        if (knowing.isEmpty()) { // a class that a property names may know it
            return Optional.of(new Remark(Severity.WARNING, unknown(property)));
        }
        return knowing.stream()
                .map(client -> client.validateAll(Map.of(property, text)).get(property))
                .flatMap(value -> Objects.requireNonNull(value).errorMessages().stream())
                .findFirst()
                .map(message -> new Remark(Severity.ERROR, message + "."));
    }

    private static String unknown(String property) {
        Set<String> known = CLIENTS.stream()
                .flatMap(client -> client.names().stream())
                .collect(Collectors.toCollection(TreeSet::new));
        return "Kafka's clients have no property '" + property + "'."
                + Nearest.closeTo(property, known)
                        .map(near -> " The nearest is '" + near + "'.")
                        .orElse("");
    }

    /** The client made; {@link Problem.CannotStart} with all reasons where the properties together are wrong. */
    public static <T> T made(Supplier<T> client) {
        try {
            return client.get();
        } catch (KafkaException refused) {
            Set<String> reasons = new LinkedHashSet<>();
            for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
                reasons.add(String.valueOf(cause.getMessage()));
            }
            throw new Problem.CannotStart(
                            "A Kafka client cannot be made of kafka.bootstrapServers and kafka.properties: "
                                    + String.join(": ", reasons))
                    .exception();
        }
    }
}
