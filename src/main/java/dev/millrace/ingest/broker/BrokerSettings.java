package dev.millrace.ingest.broker;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The configuration of a one-node broker that is also its own controller (KRaft combined mode).
 *
 * <p>What is not Kafka's default, and why:
 *
 * <ul>
 *   <li>One node: every replication factor and every internal topic's partition count is 1.
 *   <li>A small heap: few threads, and a cleaner buffer of 2 MiB; the default of 128 MiB halts a JVM of that size.
 *   <li>A restart after a kill: the controller fences the dead registration after 2 s instead of 9 s.
 *   <li>The topic is the write-ahead log: nothing is ever deleted by age, and event times of 2001 are not old.
 * </ul>
 */
final class BrokerSettings {
    /** The largest record accepted; the demo shows what happens to one of 20 MB. */
    static final int MAX_RECORD_BYTES = 32 * 1024 * 1024;

    static final String HOST = "127.0.0.1";

    private BrokerSettings() {}

    static Map<String, String> of(Path logFolder, int port, int controllerPort) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", "1");
        settings.put("listeners", "PLAINTEXT://" + HOST + ":" + port + ",CONTROLLER://" + HOST + ":" + controllerPort);
        settings.put("advertised.listeners", "PLAINTEXT://" + HOST + ":" + port);
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("controller.quorum.voters", "1@" + HOST + ":" + controllerPort);
        settings.put("log.dirs", logFolder.toString());

        settings.put("default.replication.factor", "1");
        settings.put("offsets.topic.replication.factor", "1");
        settings.put("offsets.topic.num.partitions", "1");
        settings.put("transaction.state.log.replication.factor", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("transaction.state.log.num.partitions", "1");
        settings.put("share.coordinator.state.topic.replication.factor", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("share.coordinator.state.topic.num.partitions", "1");

        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "4");
        settings.put("background.threads", "2");
        settings.put("log.cleaner.dedupe.buffer.size", "2097152");

        settings.put("broker.session.timeout.ms", "2000");
        settings.put("broker.heartbeat.interval.ms", "500");
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("auto.create.topics.enable", "false");
        settings.put("message.max.bytes", Integer.toString(MAX_RECORD_BYTES));
        settings.put("log.retention.ms", "-1");
        settings.put("log.retention.bytes", "-1");
        return Map.copyOf(settings);
    }
}
