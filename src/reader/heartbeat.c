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
#include "reader/reader_private.h"

#define SILENCE_USEC  (5 * SECOND)  /* until the broker is asked about a partition */
#define PATIENCE_USEC (SECOND / 10) /* with answers; a question without one takes longer */
#define DOWN_BEATS    5             /* while no broker is there, one is asked for this seldom */

bool
reader_is_news(struct reader_partition *partition, const char *text)
{
    uint64_t suppressed;

    if (strncmp(partition->complaint, text, sizeof(partition->complaint) - 1) == 0 ||
        !sampler_pass(&partition->complaints, loop_now(), &suppressed))
        return false;
    snprintf(partition->complaint, sizeof(partition->complaint), "%.255s", text);
    return true;
}

void
reader_warn(struct reader *reader, const struct reader_partition *partition, enum message message,
            const char *text)
{
    log_repeated(reader->log, reader->samplers, message, reader_at(partition, -1), "%s", text);
}

static void
learn(struct reader *reader, struct reader_partition *partition, const struct source_topic *topic)
{
    struct error message = ERROR_INIT;
    int result = stream_learn(&partition->stream, topic->cluster, topic->partitions, &message);

    partition->described = true;
    if (result != 0)
        log_event_at(reader->log,
                     result == STREAM_E_CLUSTER_CHANGED ? MESSAGE_CLUSTER_CHANGED
                                                        : MESSAGE_PARTITIONS_CHANGED,
                     reader_at(partition, -1), "%s", message.text);
    if (reader->ops->learned)
        reader->ops->learned(reader, partition, result == STREAM_E_CLUSTER_CHANGED);
}

static void
complain(struct reader *reader, struct reader_partition *partition, int result, const char *text)
{
    if (reader_is_news(partition, text))
        log_event_at(reader->log,
                     result == SOURCE_E_MISSING   ? MESSAGE_TOPIC_MISSING
                     : result == SOURCE_E_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW
                                                  : MESSAGE_KAFKA_TROUBLE,
                     reader_at(partition, -1), "%s", text);
}

void
reader_tell_topic(struct reader *reader, const struct reader_partition *partition,
                  const struct source_topic *topic)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *other = &reader->partitions[i];

        if (other->topic == partition->topic && other->stream.phase == STREAM_RUNNING)
            learn(reader, other, topic);
    }
    reader_schedule_save(reader);
}

/*
 * Asks about a topic on behalf of one of its partitions; what it says is for all that are running.
 */
static void
ask(struct reader *reader, size_t index)
{
    struct reader_partition *partition = &reader->partitions[index];
    struct source_topic topic = {.partitions = 0, .cluster = ""};
    struct error message = ERROR_INIT;
    int result = source_query_topic(reader->source, index, QUERY_TIMEOUT_MSEC, &topic, &message);

    if (reader->down && result == -EIO)
        return;
    reader_note_contact(reader);
    if (result == SOURCE_E_REFUSED && reader_is_first_contact(reader)) {
        log_event_at(reader->log, MESSAGE_KAFKA_REFUSES, reader_at_file(partition, -1), "%s",
                     message.text);
        reader_leave(reader, EX_UNAVAILABLE);
    } else if (result != 0) {
        complain(reader, partition, result, message.text);
    } else {
        reader_tell_topic(reader, partition, &topic);
    }
}

void
reader_learn(struct reader *reader)
{
    uint64_t until = loop_now() + SECOND;

    for (size_t i = 0; i < reader->n_partitions && !reader->leaving && loop_now() < until; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->described || partition->stream.phase != STREAM_RUNNING)
            continue;
        ask(reader, i);
        if (!partition->described)
            return; /* the brokers are busy: the next heartbeat tries again */
    }
}

/* About one silent partition at a time, because each question may take a second. */
static void
ask_about_silence(struct reader *reader)
{
    if (loop_now() - reader->started < SILENCE_USEC)
        return;
    for (size_t tried = 0; tried < reader->n_partitions; tried++) {
        size_t index = reader->next_asked++ % reader->n_partitions;

        if (reader->partitions[index].stream.phase != STREAM_RUNNING) {
            ask(reader, index);
            return;
        }
    }
}

static void
release_held(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->flow != FLOW_HELD)
            continue;
        partition->flow = FLOW_RESTART;
        loop_go_on(reader->loop);
    }
}

static void
tell_status(struct reader *reader)
{
    struct setting_value servers;
    size_t waiting = 0;

    for (size_t i = 0; i < reader->n_partitions; i++)
        waiting += reader->partitions[i].stream.phase != STREAM_RUNNING;
    if (reader->down)
        daemon_tell_waiting(reader->settings, reader->down_since);
    else if (reader->paused)
        notify_status("waiting for the directory to be writable");
    else if (reader->awaiting)
        notify_status("waiting for the %s to take %zu records", reader->ops->sink.setting,
                      outbox_pending(reader->outbox));
    else if (waiting > 0 && settings_get(reader->settings, "kafka", "bootstrap.servers", &servers))
        notify_status("%zu of %zu partitions, waiting for %s", reader->n_partitions - waiting,
                      reader->n_partitions, servers.value);
    else
        notify_status("%zu partitions, %llu records", reader->n_partitions,
                      (unsigned long long)reader->applied);
}

static void
ask_group(struct reader *reader)
{
    reader_ask_group(reader, QUERY_TIMEOUT_MSEC);
}

/* While the brokers are slow, one a beat: signals must have their turn. */
static void
ask_questions(struct reader *reader)
{
    static void (*const questions[])(struct reader * reader) = {
        reader_learn, ask_about_silence, ask_group, reader_look_for_topics, reader_watch};
    const size_t n = sizeof(questions) / sizeof(questions[0]);
    uint64_t until = loop_now() + PATIENCE_USEC;

    for (size_t i = 0; i < n && loop_now() < until; i++)
        questions[reader->next_question++ % n](reader);
}

void
reader_beat(struct reader *reader)
{
    release_held(reader);
    if (reader->down) {
        if (reader->next_asked++ % DOWN_BEATS == 0)
            ask(reader, 0);
    } else {
        ask_questions(reader);
    }
    reader_serve_outbox(reader); /* the first edge of its descriptor may have been missed */
    if (reader->ops->beat)
        reader->ops->beat(reader);
    reader_commit(reader);
    reader_show_metrics(reader);
    tell_status(reader);
    loop_set_timer(reader->heartbeat_timer, loop_now() + SECOND);
}
