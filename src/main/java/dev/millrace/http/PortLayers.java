package dev.millrace.http;

import dev.millrace.layer.Allowance;
import dev.millrace.layer.Layer;
import java.util.Optional;
import java.util.function.Function;

/**
 * The policies around every operation.
 *
 * @param layer all of them as one, the server room states their order; a late {@link Answer} must be closed
 * @param allowance what the rate limit still allows a caller, for the headers; empty when there is no limit
 */
public record PortLayers(Layer<Call, Answer> layer, Function<Call, Optional<Allowance>> allowance) {
    /** No policy at all. */
    public static PortLayers none() {
        return new PortLayers(service -> service, call -> Optional.empty());
    }
}
