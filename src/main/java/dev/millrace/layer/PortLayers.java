package dev.millrace.layer;

import java.util.Optional;
import java.util.function.Function;

/**
 * The policies around every request of a port. The port itself knows what its requests wait for, and gives the layer of
 * that.
 *
 * @param around the layers, with the one that is given in its place among them
 * @param allowance what the rate limit still allows a caller, for the headers; empty when there is no limit
 */
public record PortLayers<Q, R>(Function<Layer<Q, R>, Layer<Q, R>> around, Function<Q, Optional<Allowance>> allowance) {
    /** One policy, outside of what requests wait for, and no allowance. */
    public static <Q, R> PortLayers<Q, R> of(Layer<Q, R> outside) {
        return new PortLayers<>(waiting -> Layers.of(outside, waiting), request -> Optional.empty());
    }
}
