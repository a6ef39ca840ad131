/* SPDX-License-Identifier: MIT */

/*
 * The offsets in the group. They are for those who watch the lag with Kafka's own tools and are
 * never read back, but for one question: a partition without a file asks whether the group had
 * known of one, because a directory that was not mounted looks just like a first start.
 *
 * Only what is durable is told. Brokers forget a group's offsets some days after the last commit, so
 * it is told again when nothing changes.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/consumer_private.h"

#define REPEAT_USEC   (3600 * SECOND)
#define LAST_USEC     (LAST_TIMEOUT_MSEC * SECOND / 1000) /* for the answer to the last one */
#define QUESTIONS_MAX 5 /* a group that can't be asked is not asked for ever */

static bool
may_commit(const struct consumer_partition *partition)
{
    return partition->rules->commit && !partition->is_new && partition->durable >= 0 &&
           partition->stream.phase == STREAM_RUNNING;
}

/* Whether there is something to tell; offsets are one a partition, -1 where there is nothing. */
static bool
collect(struct consumer *consumer, int64_t *offsets)
{
    bool repeat = loop_now() - consumer->commit_started >= REPEAT_USEC, any = false;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        offsets[i] = -1;
        if (!may_commit(partition) || (partition->durable == partition->committed && !repeat))
            continue;
        offsets[i] = partition->committed = partition->durable;
        any = true;
    }
    return any;
}

void
consumer_commit(struct consumer *consumer)
{
    cleanup(free) int64_t *offsets = NULL;

    if (consumer->committing || consumer->commit_refused || consumer->down)
        return;
    offsets = calloc(consumer->n_partitions, sizeof(*offsets));
    if (!offsets || !collect(consumer, offsets))
        return;
    consumer->committing = true;
    consumer->commit_started = loop_now();
    source_commit(consumer->source, offsets);
}

static const char *
group_of(const struct consumer *consumer)
{
    struct setting_value group = {.value = "weatherd"};

    settings_get(consumer->settings, "kafka", "group.id", &group);
    return group.value;
}

static bool
wants_commits(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++)
        if (consumer->partitions[i].rules->commit)
            return true;
    return false;
}

static void
stop_committing(struct consumer *consumer, const char *reason)
{
    if (!consumer->commit_refused && wants_commits(consumer))
        log_event(consumer->log, MESSAGE_COMMIT_REFUSED,
                  "the group %s does not take offsets: %s; none are committed any more, which only "
                  "tools that show the lag will miss; grant READ on the group, or set commit = no",
                  group_of(consumer), reason);
    consumer->commit_refused = true;
}

void
consumer_end_commit(struct consumer *consumer, enum client_event event, const char *text)
{
    consumer->committing = false;
    if (event == CLIENT_COMMIT_REFUSED) {
        stop_committing(consumer, text);
    } else if (text) {
        log_repeated(consumer->log, consumer->samplers, MESSAGE_DEBUG, LOG_NO_FIELDS,
                     "the offsets were not committed: %s", text);
        for (size_t i = 0; i < consumer->n_partitions; i++)
            consumer->partitions[i].committed = -1; /* the next checkpoint tries again */
    }
}

static void
tell_of_known_offset(struct consumer *consumer, struct consumer_partition *partition,
                     int64_t committed)
{
    if (!partition->is_new || partition->stream.phase != STREAM_RUNNING)
        return;
    partition->is_new = false;
    if (committed <= 0)
        return;
    log_event_at(consumer->log, MESSAGE_CHECKPOINT_MISSING, consumer_at(partition, committed),
                 "there was no %s/partition-%d.json, but the group %s says that offset %lld had "
                 "been reached; it was started again from the first record",
                 partition->stream.directory, partition->number, group_of(consumer),
                 (long long)committed);
}

void
consumer_ask_group(struct consumer *consumer, int timeout_ms)
{
    cleanup(free) int64_t *offsets = NULL;
    struct error error = ERROR_INIT;
    bool any = false;

    for (size_t i = 0; i < consumer->n_partitions; i++)
        any |= consumer->partitions[i].is_new &&
               consumer->partitions[i].stream.phase == STREAM_RUNNING;
    offsets =
        any && !consumer->commit_refused ? calloc(consumer->n_partitions, sizeof(*offsets)) : NULL;
    if (!offsets)
        return;
    if (source_query_committed(consumer->source, timeout_ms, offsets, &error) < 0) {
        log_debug(consumer->log, "%s", error.text);
        if (++consumer->group_asked < QUESTIONS_MAX)
            return;
        for (size_t i = 0; i < consumer->n_partitions; i++)
            offsets[i] = -1;
    }
    for (size_t i = 0; i < consumer->n_partitions; i++)
        tell_of_known_offset(consumer, &consumer->partitions[i], offsets[i]);
}

/*
 * Hears of the commit that is under way: that comes through the queue of records, which are not taken
 * any more.
 */
static void
wait_for_commit(struct consumer *consumer, uint64_t until)
{
    struct pollfd readable = {.fd = source_descriptor(consumer->source), .events = POLLIN};
    const struct source_record *records;
    uint64_t now;
    size_t entries;

    while (consumer->committing && (now = loop_now()) < until) {
        poll(&readable, 1, (int)((until - now) / 1000) + 1);
        source_acknowledge(consumer->source);
        do {
            source_take(consumer->source, &records, &entries);
            source_release(consumer->source);
        } while (entries == SOURCE_BATCH);
    }
}

void
consumer_commit_last(struct consumer *consumer)
{
    uint64_t until;

    consumer_ask_group(consumer, LAST_TIMEOUT_MSEC);
    until = loop_now() + LAST_USEC;
    wait_for_commit(consumer, until); /* one that knows less than the files do now */
    consumer_commit(consumer);
    wait_for_commit(consumer, until);
}
