/*
 * Polls and counts one topic by librdkafka: rdkafka_count BROKERS TOPIC PARTITIONS RECORDS
 * Prints "PASS cpuNanos wallNanos records", as the other cases do; the time to connect and to end is in it.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define RUN 10000

static void set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
}

static long long cpu_nanos(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000LL
        + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000LL;
}

static long long wall_nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 5) {
        return 2;
    }
    long long begun = wall_nanos();
    int partitions = atoi(arguments[3]);
    long wanted = atol(arguments[4]);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", arguments[1]);
    set(conf, "group.id", "rdkafka-count");
    set(conf, "enable.auto.commit", "false");
    set(conf, "auto.offset.reset", "earliest");
    /* What the Java client does by Millrace's settings. */
    set(conf, "fetch.min.bytes", "65536");
    set(conf, "fetch.wait.max.ms", "10");
    set(conf, "check.crcs", "true");
    set(conf, "isolation.level", "read_committed");
    char error[256];
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
    if (!client) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; i++) {
        rd_kafka_topic_partition_list_add(all, arguments[2], i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(client, all);
    rd_kafka_topic_partition_list_destroy(all);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
    static rd_kafka_message_t *run[RUN];
    long records = 0;
    while (records < wanted) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 200, run, RUN);
        for (ssize_t i = 0; i < got; i++) {
            if (!run[i]->err) {
                records++;
            }
            rd_kafka_message_destroy(run[i]);
        }
    }
    printf("PASS %lld %lld %ld\n", cpu_nanos(), wall_nanos() - begun, records);
    fflush(stdout);
    _Exit(0);
}
