/* SPDX-License-Identifier: MIT */

/*
 * Topics are looked after: about once a minute each is asked for its partitions, because more of
 * them mean that keys move, and for the ends of those that have been silent since the last time.
 *
 * librdkafka has been seen to stop fetching a partition for good after a broker was restarted, with
 * nothing said and all else going on. What tells that from an idle partition is records that the
 * broker has and that do not come, answer after answer for stall_timeout; and answers are counted,
 * not time, so that a process that was stopped itself notices nothing. Markers and aborted records
 * of transactions are no such records: the end of the log has been met behind them.
 *
 * Only a new client is known to help. It needs a new program, and that may not help either, so it
 * happens once an hour at most.
 */

#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "reader/reader_private.h"

#define ANSWERS_MIN 5             /* within stall_timeout, where it is long enough */
#define PERIOD_MAX  (60 * SECOND) /* of looking after the topics */
#define REST_USEC   (3600 * SECOND)
#define STALLED     "WEATHERD_STALLED" /* in the environment of a program that was executed again */

uint64_t
reader_last_stall(void)
{
    const char *text = getenv(STALLED);

    return text ? strtoull(text, NULL, 10) : 0;
}

static void
keep_last_stall(const struct reader *reader)
{
    char text[32];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)reader->stalled);
    setenv(STALLED, text, 1);
}

/* As long as nothing is read there is no standstill. */
static void
excuse(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++)
        reader->partitions[i].behind = 0;
}

/* How long it takes to look after all topics, the pause before the next time included. */
static uint64_t
find_period(const struct reader *reader)
{
    uint64_t period = reader->config.common->stall_timeout / ANSWERS_MIN;

    if (period == 0 || period > PERIOD_MAX)
        return PERIOD_MAX;
    return period < SECOND ? SECOND : period;
}

/* The first answer begins the time, so there is one more than fit into it. */
static unsigned
answers_wanted(const struct reader *reader)
{
    uint64_t period = find_period(reader);

    return (unsigned)((reader->config.common->stall_timeout + period - 1) / period) + 1;
}

/* The program will read its settings anew, and mistakes in them must not end what still works. */
static bool
can_begin_again(const struct reader *reader)
{
    struct settings *settings = NULL;
    int result = daemon_load_settings(reader->daemon, &settings);

    settings_free(settings);
    return result == 0;
}

static void
meet_stall(struct reader *reader, const struct reader_partition *partition, int64_t end)
{
    uint64_t now = loop_now();
    int64_t offset = partition->stream.offset < 0 ? 0 : partition->stream.offset;
    bool again = reader->stalled == 0 || now - reader->stalled >= REST_USEC;

    if (!again && partition->behind > answers_wanted(reader))
        return; /* has been said */
    log_event_at(
        reader->log, MESSAGE_PARTITION_STALLED, reader_at(partition, offset),
        "the records from offset %lld to %lld have not come for %llu s (stall_timeout); %s",
        (long long)offset, (long long)end - 1,
        (unsigned long long)(reader->config.common->stall_timeout / SECOND),
        again ? "going on with a new client"
              : "a new client was tried within the last hour, so the next waits until it is over; "
                "look at the brokers, or restart the program");
    if (!again)
        return;
    reader->stalled = now;
    if (!can_begin_again(reader)) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG,
                  "no new client with these settings; mend them, or it is tried again in an "
                  "hour");
        return;
    }
    keep_last_stall(reader);
    reader_renew(reader);
}

/* A partition's topic was asked, and this is its end, or -1. */
static void
compare(struct reader *reader, struct reader_partition *partition, int64_t end)
{
    int64_t reached = partition->end_met > partition->stream.offset ? partition->end_met
                                                                    : partition->stream.offset;

    if (partition->heard || partition->flow != FLOW_ON || (end >= 0 && end <= reached))
        partition->behind = 0;
    else if (end > 0)
        partition->behind++;
    partition->heard = false;
    if (partition->behind >= answers_wanted(reader) && !reader->leaving)
        meet_stall(reader, partition, end);
}

static bool
is_silent(const struct reader *reader, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++)
        if (!reader->partitions[i].heard)
            return true;
    return false;
}

/* The partitions from first to before end are those of one topic. */
static void
look_after(struct reader *reader, size_t first, size_t end)
{
    struct source_topic topic = {.partitions = 0, .cluster = ""};
    struct error error = ERROR_INIT;
    cleanup(free) int64_t *ends = calloc(reader->n_partitions, sizeof(*ends));

    if (!ends || source_query_topic(reader->source, first, QUERY_TIMEOUT_MSEC, &topic, &error))
        return;
    reader_tell_topic(reader, &reader->partitions[first], &topic);
    if (reader->config.common->stall_timeout == 0)
        return;
    for (size_t i = first; i < end; i++)
        ends[i] = -1;
    if (is_silent(reader, first, end) &&
        source_query_ends(reader->source, first, QUERY_TIMEOUT_MSEC, ends, &error) < 0)
        return;
    for (size_t i = first; i < end; i++)
        compare(reader, &reader->partitions[i], ends[i]);
}

void
reader_watch(struct reader *reader)
{
    size_t first = reader->next_watched, end = first;

    if (reader->paused || reader->awaiting) {
        excuse(reader);
        return;
    }
    if (first >= reader->n_partitions) {
        if (loop_now() - reader->watched < find_period(reader))
            return;
        reader->watched = loop_now();
        first = end = 0;
    }
    while (end < reader->n_partitions &&
           reader->partitions[end].topic == reader->partitions[first].topic)
        end++;
    reader->next_watched = end;
    look_after(reader, first, end);
}
