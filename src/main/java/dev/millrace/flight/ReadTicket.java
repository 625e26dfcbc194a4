package dev.millrace.flight;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a ticket says; its JSON members have these names.
 *
 * @param product the qualified name, or in a plain ticket one that is unambiguous
 * @param position the position to read at; null for now
 * @param select names of columns; null for all
 * @param limit the most rows; null for all
 * @param expires epoch seconds, from which on a signed ticket is refused
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ReadTicket(
        @JsonProperty(required = true) String product,
        @Nullable String position,
        @Nullable List<String> select,
        @Nullable Long limit,
        @Nullable Long expires) {

    ReadTicket {
        Objects.requireNonNull(product, "product");
    }

    Optional<List<String>> selected() {
        return Optional.ofNullable(select);
    }
}
