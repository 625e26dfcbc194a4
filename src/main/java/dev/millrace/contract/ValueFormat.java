package dev.millrace.contract;

/**
 * What the values of a topic's records are. The contract says it in the {@code format} of its Kafka server, or in the
 * custom property {@code millrace.format}, which goes first; without both, {@link #JSON}.
 */
public enum ValueFormat {
    /** One JSON object. */
    JSON,
    /** Avro's binary form behind Confluent's header. */
    AVRO,
    /** A Protobuf message behind Confluent's header. */
    PROTOBUF,
    /** A whole Arrow IPC stream: any number of rows. */
    ARROW
}
