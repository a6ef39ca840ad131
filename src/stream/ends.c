/* SPDX-License-Identifier: MIT */

/*
 * One request for metadata, one to each leader. The metadata come first, because librdkafka waits
 * until the end of the time for a leader of a partition that there is not, and answers for none then.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "stream/ends.h"

CLEANUP_DEFINE(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy);

static int64_t
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What is left until the deadline, and at least enough for an answer that is there. */
static int
remaining(int64_t deadline)
{
    int64_t left = deadline - now_ms();

    return left > 10 ? (int)left : 10;
}

/* The reason behind a time-out, such as a password that is refused. */
static void
on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct error *cause = opaque;

    error_set(cause, 0, "%s", reason);
}

static rd_kafka_t *
open_client(rd_kafka_conf_t *conf, struct error *cause, struct error *error)
{
    /* Without a group nobody asks for its coordinator, for which brokers make a topic. */
    static const char *const properties[][2] = {
        {"group.id", ""}, {"log.queue", "false"}, {"allow.auto.create.topics", "false"}};
    char text[512];
    rd_kafka_t *client;

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_conf_set_opaque(conf, cause);
    rd_kafka_conf_set_error_cb(conf, on_error);
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!client) {
        rd_kafka_conf_destroy(conf);
        error_set(error, -EIO, "librdkafka refuses the settings: %s", text);
    }
    return client;
}

static bool
has_leader(const struct rd_kafka_metadata *metadata, const struct ends_partition *partition)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];

        if (strcmp(topic->topic, partition->topic) != 0)
            continue;
        for (int j = 0; j < topic->partition_cnt; j++)
            if (topic->partitions[j].id == partition->partition)
                return topic->partitions[j].leader >= 0;
    }
    return false;
}

/* Those that can be asked for: only topics that the client has a handle of are told by the broker. */
static rd_kafka_resp_err_t
find_partitions(rd_kafka_t *client, const struct ends_partition *partitions, size_t n,
                int64_t deadline, rd_kafka_topic_partition_list_t *list)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(partitions[i].topic, partitions[i - 1].topic) != 0)
            rd_kafka_topic_new(client, partitions[i].topic, NULL);
    code = rd_kafka_metadata(client, 0, NULL, &metadata, remaining(deadline));
    if (code)
        return code;
    for (size_t i = 0; i < n; i++)
        if (has_leader(metadata, &partitions[i]))
            rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)
                ->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_metadata_destroy(metadata);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void
fill_ends(struct ends_partition *partitions, size_t n, rd_kafka_topic_partition_list_t *list)
{
    for (size_t i = 0; i < n; i++) {
        const rd_kafka_topic_partition_t *found =
            rd_kafka_topic_partition_list_find(list, partitions[i].topic, partitions[i].partition);

        if (found && !found->err && found->offset >= 0)
            partitions[i].end = found->offset;
    }
}

int
ends_ask(rd_kafka_conf_t *conf, struct ends_partition *partitions, size_t n, int timeout_ms,
         struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    int64_t deadline = now_ms() + timeout_ms;
    struct error *cause = calloc(1, sizeof(*cause)); /* the client's, as long as that lives */
    rd_kafka_t *client = cause ? open_client(conf, cause, error) : NULL;
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < n; i++)
        partitions[i].end = -1;
    if (!client)
        return -EIO;
    code = find_partitions(client, partitions, n, deadline, list);
    if (!code && list->cnt > 0)
        code = rd_kafka_offsets_for_times(client, list, remaining(deadline));
    if (!code) {
        fill_ends(partitions, n, list);
        return 0;
    }
    rd_kafka_poll(client, 0);
    return error_set(error, -EIO, "%s", cause->text[0] ? cause->text : rd_kafka_err2str(code));
}
