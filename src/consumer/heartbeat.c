/* SPDX-License-Identifier: MIT */

/*
 * Once a second: what has not been heard of for a while is asked about, because librdkafka is
 * silent about missing topics for half a minute and about refused ones for ever; and the supervisor
 * is told how things stand.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/notify.h"
#include "consumer/consumer_private.h"

#define SILENCE_USEC (5 * SECOND) /* until the broker is asked about a partition */
#define DOWN_BEATS   5            /* while no broker is there, one is asked for this seldom */

static void
complain(struct consumer *consumer, struct consumer_partition *partition, const char *text)
{
    if (strncmp(partition->complaint, text, sizeof(partition->complaint) - 1) == 0)
        return;
    snprintf(partition->complaint, sizeof(partition->complaint), "%.255s", text);
    log_warning(consumer->log, "%s partition %d: %s", partition->topic, partition->number, text);
}

static void
learn(struct consumer *consumer, struct consumer_partition *partition,
      const struct source_topic *topic)
{
    struct error message = ERROR_INIT;
    int result = stream_learn(&partition->stream, topic->cluster, topic->partitions, &message);

    partition->described = true;
    if (result != 0)
        log_write(consumer->log,
                  result == STREAM_E_CLUSTER_CHANGED ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
                  "%s partition %d: %s", partition->topic, partition->number, message.text);
}

/*
 * Asks about a topic on behalf of one of its partitions; what it says is for all that are running.
 */
static void
ask(struct consumer *consumer, size_t index)
{
    struct consumer_partition *partition = &consumer->partitions[index];
    struct source_topic topic = {.partitions = 0, .cluster = ""};
    struct error message = ERROR_INIT;
    int result = source_query_topic(consumer->source, index, QUERY_TIMEOUT_MSEC, &topic, &message);

    if (consumer->down && result == -EIO)
        return;
    if (consumer->down)
        log_notice(consumer->log, "connected again");
    consumer->down = false;
    if (result == SOURCE_E_REFUSED && consumer->heard == 0) {
        log_err(consumer->log, "%s", message.text);
        consumer_leave(consumer, EX_UNAVAILABLE);
    } else if (result != 0) {
        complain(consumer, partition, message.text);
    } else {
        for (size_t i = 0; i < consumer->n_partitions; i++) {
            struct consumer_partition *other = &consumer->partitions[i];

            if (other->topic == partition->topic && other->stream.phase == STREAM_RUNNING &&
                !other->described)
                learn(consumer, other, &topic);
        }
        consumer_schedule_save(consumer);
    }
}

void
consumer_learn(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions && !consumer->leaving; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (partition->described || partition->stream.phase != STREAM_RUNNING)
            continue;
        ask(consumer, i);
        if (!partition->described)
            return; /* the brokers are busy: the next heartbeat tries again */
    }
}

/* About one silent partition at a time, because each question may take a second. */
static void
ask_about_silence(struct consumer *consumer)
{
    if (loop_now() - consumer->started < SILENCE_USEC)
        return;
    for (size_t tried = 0; tried < consumer->n_partitions; tried++) {
        size_t index = consumer->next_asked++ % consumer->n_partitions;

        if (consumer->partitions[index].stream.phase != STREAM_RUNNING) {
            ask(consumer, index);
            return;
        }
    }
}

static void
restart_stuck(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (!partition->stuck)
            continue;
        partition->stuck = false;
        partition->restart = true;
        loop_go_on(consumer->loop);
    }
}

static void
tell_status(struct consumer *consumer)
{
    struct setting_value servers = {.value = "the brokers"};
    size_t waiting = 0;
    char since[32];
    struct tm tm;

    for (size_t i = 0; i < consumer->n_partitions; i++)
        waiting += consumer->partitions[i].stream.phase != STREAM_RUNNING;
    if (!settings_get(consumer->settings, "kafka", "bootstrap.servers", &servers))
        servers.value = "localhost:9092";
    strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&consumer->down_since, &tm));
    if (consumer->down)
        notify_status("waiting for %s since %s", servers.value, since);
    else if (consumer->paused)
        notify_status("waiting for the directory to be writable");
    else if (waiting > 0)
        notify_status("%zu of %zu partitions, waiting for %s", consumer->n_partitions - waiting,
                      consumer->n_partitions, servers.value);
    else
        notify_status("%zu partitions, %llu records", consumer->n_partitions,
                      (unsigned long long)consumer->applied);
}

void
consumer_beat(struct consumer *consumer)
{
    restart_stuck(consumer);
    if (consumer->down) {
        if (consumer->next_asked++ % DOWN_BEATS == 0)
            ask(consumer, 0);
    } else {
        consumer_learn(consumer);
        ask_about_silence(consumer);
    }
    tell_status(consumer);
    loop_set_timer(consumer->heartbeat_timer, loop_now() + SECOND);
}
