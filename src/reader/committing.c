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
#include "reader/reader_private.h"

#define REPEAT_USEC   (3600 * SECOND)
#define LAST_USEC     (LAST_TIMEOUT_MSEC * SECOND / 1000) /* for the answer to the last one */
#define QUESTIONS_MAX 5 /* a group that can't be asked is not asked for ever */

static bool
may_commit(const struct reader_partition *partition)
{
    return partition->rules->commit && !partition->is_new && partition->durable >= 0 &&
           partition->stream.phase == STREAM_RUNNING;
}

/* Whether there is something to tell; offsets are one a partition, -1 where there is nothing. */
static bool
collect(struct reader *reader, int64_t *offsets)
{
    bool repeat = loop_now() - reader->commit_started >= REPEAT_USEC, any = false;

    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        offsets[i] = -1;
        if (!may_commit(partition) || (partition->durable == partition->committed && !repeat))
            continue;
        offsets[i] = partition->committed = partition->durable;
        any = true;
    }
    return any;
}

void
reader_commit(struct reader *reader)
{
    cleanup(free) int64_t *offsets = NULL;

    if (reader->committing || reader->commit_refused || reader->down)
        return;
    offsets = calloc(reader->n_partitions, sizeof(*offsets));
    if (!offsets || !collect(reader, offsets))
        return;
    reader->committing = true;
    reader->commit_started = loop_now();
    source_commit(reader->source, offsets);
}

static const char *
group_of(const struct reader *reader)
{
    const struct kafka_property *property = reader->ops->kind->properties;
    struct setting_value group;

    while (strcmp(property->name, "group.id") != 0)
        property++;
    return settings_get(reader->settings, "kafka", "group.id", &group) ? group.value
                                                                       : property->value;
}

static bool
wants_commits(const struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++)
        if (reader->partitions[i].rules->commit)
            return true;
    return false;
}

static void
stop_committing(struct reader *reader, const char *reason)
{
    if (!reader->commit_refused && wants_commits(reader))
        log_event(reader->log, MESSAGE_COMMIT_REFUSED,
                  "the group %s does not take offsets: %s; none are committed any more, which only "
                  "tools that show the lag will miss; grant READ on the group, or set commit = no",
                  group_of(reader), reason);
    reader->commit_refused = true;
}

void
reader_end_commit(struct reader *reader, enum client_event event, const char *text)
{
    reader->committing = false;
    if (event == CLIENT_COMMIT_REFUSED) {
        stop_committing(reader, text);
    } else if (text) {
        log_repeated(reader->log, reader->samplers, MESSAGE_DEBUG, LOG_NO_FIELDS,
                     "the offsets were not committed: %s", text);
        for (size_t i = 0; i < reader->n_partitions; i++)
            reader->partitions[i].committed = -1; /* the next checkpoint tries again */
    }
}

static void
tell_of_known_offset(struct reader *reader, struct reader_partition *partition, int64_t committed)
{
    if (!partition->is_new || partition->stream.phase != STREAM_RUNNING)
        return;
    partition->is_new = false;
    if (committed <= 0)
        return;
    log_event_at(reader->log, MESSAGE_CHECKPOINT_MISSING, reader_at(partition, committed),
                 "there was no %s/partition-%d.json, but the group %s says that offset %lld had "
                 "been reached; it was started again from the first record",
                 partition->stream.directory, partition->number, group_of(reader),
                 (long long)committed);
}

void
reader_ask_group(struct reader *reader, int timeout_ms)
{
    cleanup(free) int64_t *offsets = NULL;
    struct error error = ERROR_INIT;
    bool any = false;

    for (size_t i = 0; i < reader->n_partitions; i++)
        any |= reader->partitions[i].is_new && reader->partitions[i].stream.phase == STREAM_RUNNING;
    offsets =
        any && !reader->commit_refused ? calloc(reader->n_partitions, sizeof(*offsets)) : NULL;
    if (!offsets)
        return;
    if (source_query_committed(reader->source, timeout_ms, offsets, &error) < 0) {
        log_debug(reader->log, "%s", error.text);
        if (++reader->group_asked < QUESTIONS_MAX)
            return;
        for (size_t i = 0; i < reader->n_partitions; i++)
            offsets[i] = -1;
    }
    for (size_t i = 0; i < reader->n_partitions; i++)
        tell_of_known_offset(reader, &reader->partitions[i], offsets[i]);
}

/*
 * Hears of the commit that is under way: that comes through the queue of records, which are not taken
 * any more.
 */
static void
wait_for_commit(struct reader *reader, uint64_t until)
{
    struct pollfd readable = {.fd = source_descriptor(reader->source), .events = POLLIN};
    const struct source_record *records;
    uint64_t now;
    size_t entries;

    while (reader->committing && (now = loop_now()) < until) {
        poll(&readable, 1, (int)((until - now) / 1000) + 1);
        source_acknowledge(reader->source);
        do {
            source_take(reader->source, &records, &entries);
            source_release(reader->source);
        } while (entries == SOURCE_BATCH);
    }
}

void
reader_commit_last(struct reader *reader)
{
    uint64_t until;

    reader_ask_group(reader, LAST_TIMEOUT_MSEC);
    until = loop_now() + LAST_USEC;
    wait_for_commit(reader, until); /* one that knows less than the files do now */
    reader_commit(reader);
    wait_for_commit(reader, until);
}
