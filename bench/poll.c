/* SPDX-License-Identifier: MIT */

/*
 * A consumer as it is written first: librdkafka with its default settings and glibc's allocator, a
 * group, one poll a record, offsets committed by librdkafka as it does by itself. Records are read
 * and counted by weatherd's own code, and the statistics written in the end.
 *
 *     poll ADDRESS TOPIC FORMAT RECORDS
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "consumer/layout.h"
#include "stream/checkpoint.h"

#define PARTITIONS 64 /* of the topic, at most */

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[512];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "poll: %s\n", text);
        exit(1);
    }
}

/* In a group of its own, which has committed nothing. */
static rd_kafka_t *
subscribe(const char *address, const char *topic)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    char text[512];

    snprintf(text, sizeof(text), "poll-%d", (int)getpid());
    set(conf, "bootstrap.servers", address);
    set(conf, "group.id", text);
    set(conf, "auto.offset.reset", "earliest");
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!client) {
        fprintf(stderr, "poll: %s\n", text);
        exit(1);
    }
    rd_kafka_poll_set_consumer(client);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(client, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return client;
}

static void
apply(struct partition *partitions, const rd_kafka_message_t *message)
{
    struct error error;

    if (message->partition >= PARTITIONS ||
        partition_apply(&partitions[message->partition], message->payload, message->len, &error) !=
            PARTITION_COUNTED) {
        fprintf(stderr, "poll: a record was not counted: partition %d, offset %lld\n",
                (int)message->partition, (long long)message->offset);
        exit(1);
    }
}

static void
write_document(void *userdata, struct json_writer *writer)
{
    layout_ops.write(userdata, 0, writer);
}

static void
save(int directory, struct partition *partition)
{
    struct error error = ERROR_INIT;
    char name[64];

    snprintf(name, sizeof(name), "partition-%d.json", (int)partition->number);
    if (partition_entries(partition) > 0 &&
        checkpoint_store(directory, name, write_document, partition, &error) != 0) {
        fprintf(stderr, "poll: %s\n", error.text);
        exit(1);
    }
}

int
main(int argc, char **argv)
{
    static const struct partition_policy policy = {.max_stations = 1000000};
    static struct partition partitions[PARTITIONS];
    struct partition_settings settings = {.format = REPORT_FORMAT_AUTO};
    int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rd_kafka_t *client;

    if (argc != 5) {
        fprintf(stderr, "Usage: poll ADDRESS TOPIC FORMAT RECORDS\n");
        return 2;
    }
    for (settings.number = 0; settings.number < PARTITIONS; settings.number++)
        partition_init(&partitions[settings.number], &settings, &policy, 1);
    client = subscribe(argv[1], argv[2]);
    for (long long left = atoll(argv[4]); left > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 1000);

        if (message && !message->err) {
            apply(partitions, message);
            left--;
        }
        if (message)
            rd_kafka_message_destroy(message);
    }
    for (size_t i = 0; i < PARTITIONS; i++)
        save(directory, &partitions[i]);
    /* the last commit, without waiting for the group to be left */
    rd_kafka_commit(client, NULL, 0);
    return 0;
}
