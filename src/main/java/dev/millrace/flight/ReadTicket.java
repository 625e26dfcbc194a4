package dev.millrace.flight;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a ticket says; its JSON members have these names.
 *
 * @param product the qualified name
 * @param view the id of the view that it was made of; it is good for that one alone
 * @param position the position to read at
 * @param expires epoch seconds, from which on it is refused
 */
record ReadTicket(
        @JsonProperty(required = true) String product,
        @JsonProperty(required = true) long view,
        @JsonProperty(required = true) String position,
        @JsonProperty(required = true) Map<String, String> parameters,
        @JsonProperty(required = true) long expires) {

    ReadTicket {
        parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }
}
