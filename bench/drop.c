/* SPDX-License-Identifier: MIT */

/*
 * The yardstick: reads the partitions that weatherd-consumer would read, with the same command
 * line, the same librdkafka properties and the same allocator, and drops each record as it comes.
 * What weatherd-consumer takes longer than this, it spends on decoding, statistics and checkpoints.
 * Without --until-end it goes on waiting, as idle as librdkafka can be.
 */

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "reader/assignment.h"
#include "consumer/consumer_settings.h"

#define BATCH 1000

/* As the consumer waits: for the queue's descriptor, then batches until one is short. */
static size_t
drop_all(rd_kafka_queue_t *queue, int event_fd, size_t total)
{
    rd_kafka_message_t *batch[BATCH];
    size_t records = 0;
    uint64_t count;

    while (records < total) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, 0, batch, BATCH);

        for (ssize_t i = 0; i < n; i++) {
            records += !batch[i]->err;
            rd_kafka_message_destroy(batch[i]);
        }
        if (n < BATCH && records < total && read(event_fd, &count, sizeof(count)) < 0)
            break;
    }
    return records;
}

/* All that is assigned, each partition at an offset, or at what that stands for. */
static rd_kafka_topic_partition_list_t *
list_partitions(const struct assignment *assignment, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);

    for (size_t i = 0; i < assignment->n_topics; i++) {
        const struct assignment_topic *topic = &assignment->topics[i];

        for (size_t j = 0; j < topic->list.n_partitions; j++)
            rd_kafka_topic_partition_list_add(list, topic->name, topic->list.partitions[j])
                ->offset = offset;
    }
    return list;
}

/* Of all partitions together, by one question: one each would take a second of a thousand. */
static size_t
sum_offsets(rd_kafka_t *client, const struct assignment *assignment, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = list_partitions(assignment, offset);
    size_t sum = 0;

    rd_kafka_offsets_for_times(client, list, 10000);
    for (int i = 0; i < list->cnt; i++)
        sum += list->elems[i].err || list->elems[i].offset < 0 ? 0 : (size_t)list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return sum;
}

static int
drop(struct daemon *daemon, struct settings *settings)
{
    struct settings_reporter reporter = daemon_reporter(daemon);
    struct reader_settings config;
    struct assignment assignment;
    struct error error = ERROR_INIT;
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    size_t total;
    int event_fd;
    char text[512];

    reader_settings_read(&config, &consumer_kind, settings, &error);
    if (assignment_parse(&assignment, daemon->arguments, daemon->n_arguments, &config, &error) <
            0 ||
        reader_settings_kafka(&conf, &consumer_kind, settings, &reporter, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        return EX_USAGE;
    }
    client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    rd_kafka_poll_set_consumer(client);
    total = sum_offsets(client, &assignment, RD_KAFKA_OFFSET_END) -
            sum_offsets(client, &assignment, RD_KAFKA_OFFSET_BEGINNING);
    queue = rd_kafka_queue_get_consumer(client);
    event_fd = eventfd(0, EFD_CLOEXEC);
    rd_kafka_queue_io_event_enable(queue, event_fd, &(uint64_t){1}, sizeof(uint64_t));
    rd_kafka_assign(client, list_partitions(&assignment, RD_KAFKA_OFFSET_BEGINNING));
    printf("%zu records dropped\n", drop_all(queue, event_fd, daemon->flag ? total : SIZE_MAX));
    return EX_OK;
}

int
main(int argc, char **argv)
{
    daemon_main(&consumer_program, argc, argv, drop);
}
