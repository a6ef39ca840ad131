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

#define SILENCE_USEC  (5 * SECOND)  /* until the broker is asked about a partition */
#define PATIENCE_USEC (SECOND / 10) /* with answers; a question without one takes longer */
#define MARKING_USEC  (SECOND / 50) /* of a beat, for files that only spare work */
#define DOWN_BEATS    5             /* while no broker is there, one is asked for this seldom */

bool
consumer_is_news(struct consumer_partition *partition, const char *text)
{
    uint64_t suppressed;

    if (strncmp(partition->complaint, text, sizeof(partition->complaint) - 1) == 0 ||
        !sampler_pass(&partition->complaints, loop_now(), &suppressed))
        return false;
    snprintf(partition->complaint, sizeof(partition->complaint), "%.255s", text);
    return true;
}

void
consumer_warn(struct consumer *consumer, const struct consumer_partition *partition,
              enum message message, const char *text)
{
    log_repeated(consumer->log, consumer->samplers, message, consumer_at(partition, -1), "%s",
                 text);
}

static void
learn(struct consumer *consumer, struct consumer_partition *partition,
      const struct source_topic *topic)
{
    struct error message = ERROR_INIT;
    int result = stream_learn(&partition->stream, topic->cluster, topic->partitions, &message);

    partition->described = true;
    if (result != 0)
        log_event_at(consumer->log,
                     result == STREAM_E_CLUSTER_CHANGED ? MESSAGE_CLUSTER_CHANGED
                                                        : MESSAGE_PARTITIONS_CHANGED,
                     consumer_at(partition, -1), "%s", message.text);
    consumer_follow_topic(consumer, partition, result == STREAM_E_CLUSTER_CHANGED);
}

static void
complain(struct consumer *consumer, struct consumer_partition *partition, int result,
         const char *text)
{
    if (consumer_is_news(partition, text))
        log_event_at(consumer->log,
                     result == SOURCE_E_MISSING   ? MESSAGE_TOPIC_MISSING
                     : result == SOURCE_E_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW
                                                  : MESSAGE_KAFKA_TROUBLE,
                     consumer_at(partition, -1), "%s", text);
}

void
consumer_tell_topic(struct consumer *consumer, const struct consumer_partition *partition,
                    const struct source_topic *topic)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *other = &consumer->partitions[i];

        if (other->topic == partition->topic && other->stream.phase == STREAM_RUNNING)
            learn(consumer, other, topic);
    }
    consumer_schedule_save(consumer);
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
    consumer_note_contact(consumer);
    if (result == SOURCE_E_REFUSED && consumer_is_first_contact(consumer)) {
        log_event_at(consumer->log, MESSAGE_KAFKA_REFUSES, consumer_at_file(partition, -1), "%s",
                     message.text);
        consumer_leave(consumer, EX_UNAVAILABLE);
    } else if (result != 0) {
        complain(consumer, partition, result, message.text);
    } else {
        consumer_tell_topic(consumer, partition, &topic);
    }
}

void
consumer_learn(struct consumer *consumer)
{
    uint64_t until = loop_now() + SECOND;

    for (size_t i = 0; i < consumer->n_partitions && !consumer->leaving && loop_now() < until;
         i++) {
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
release_held(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (partition->flow != FLOW_HELD)
            continue;
        partition->flow = FLOW_RESTART;
        loop_go_on(consumer->loop);
    }
}

static void
look_for_letter_topics(struct consumer *consumer)
{
    struct error message = ERROR_INIT;

    if (!consumer->letters || consumer->leaving ||
        dead_letters_look(consumer->letters, QUERY_TIMEOUT_MSEC, &message) == 0 ||
        strcmp(message.text, consumer->letters_complaint) == 0)
        return;
    if (log_repeated(consumer->log, consumer->samplers, MESSAGE_INVALID_TOPIC_WAITING,
                     LOG_NO_FIELDS, "%s", message.text))
        snprintf(consumer->letters_complaint, sizeof(consumer->letters_complaint), "%.300s",
                 message.text);
}

static void
tell_status(struct consumer *consumer)
{
    struct setting_value servers;
    size_t waiting = 0;

    for (size_t i = 0; i < consumer->n_partitions; i++)
        waiting += consumer->partitions[i].stream.phase != STREAM_RUNNING;
    if (consumer->down)
        daemon_tell_waiting(consumer->settings, consumer->down_since);
    else if (consumer->paused)
        notify_status("waiting for the directory to be writable");
    else if (consumer->awaiting)
        notify_status("waiting for the invalid_topic to take %zu records",
                      dead_letters_pending(consumer->letters));
    else if (waiting > 0 &&
             settings_get(consumer->settings, "kafka", "bootstrap.servers", &servers))
        notify_status("%zu of %zu partitions, waiting for %s", consumer->n_partitions - waiting,
                      consumer->n_partitions, servers.value);
    else
        notify_status("%zu partitions, %llu records", consumer->n_partitions,
                      (unsigned long long)consumer->applied);
}

static void
ask_group(struct consumer *consumer)
{
    consumer_ask_group(consumer, QUERY_TIMEOUT_MSEC);
}

/* While the brokers are slow, one a beat: signals must have their turn. */
static void
ask_questions(struct consumer *consumer)
{
    static void (*const questions[])(struct consumer * consumer) = {
        consumer_learn, ask_about_silence, ask_group, look_for_letter_topics, consumer_watch};
    const size_t n = sizeof(questions) / sizeof(questions[0]);
    uint64_t until = loop_now() + PATIENCE_USEC;

    for (size_t i = 0; i < n && loop_now() < until; i++)
        questions[consumer->next_question++ % n](consumer);
}

void
consumer_beat(struct consumer *consumer)
{
    release_held(consumer);
    if (consumer->down) {
        if (consumer->next_asked++ % DOWN_BEATS == 0)
            ask(consumer, 0);
    } else {
        ask_questions(consumer);
    }
    consumer_serve_letters(consumer); /* the first edge of its descriptor may have been missed */
    consumer_serve_summaries(consumer);
    consumer_mark_summaries(consumer, loop_now() + MARKING_USEC);
    consumer_commit(consumer);
    consumer_show_metrics(consumer);
    tell_status(consumer);
    loop_set_timer(consumer->heartbeat_timer, loop_now() + SECOND);
}
