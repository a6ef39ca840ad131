/* SPDX-License-Identifier: MIT */

/* Statistics as the state of the reader's partitions. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "consumer/consumer.h"
#include "consumer/consumer_private.h"
#include "consumer/layout.h"

#define MARKING_USEC (SECOND / 50) /* of a beat, for files that only spare work */

static int
open_partition(struct reader *reader, struct reader_partition *base)
{
    const struct consumer_topic *fixed = consumer_topic_of(base->fixed);
    const struct partition_settings settings = {
        .number = base->number,
        .layout = fixed->layout,
        .format = base->fixed->format,
        .schema = base->fixed->schema,
        .schema_ids = &base->fixed->schema_ids,
        .fields = reader_settings_fields(base->fixed),
        .shape = consumer_settings_shape(fixed),
        .window = fixed->window,
    };
    struct consumer_partition *partition = calloc(1, sizeof(*partition));

    if (!partition)
        return -ENOMEM;
    partition_init(&partition->partition, &settings, NULL, reader->seed);
    partition->base = base;
    partition->handed = partition->acknowledged = partition->marked = -1;
    base->state = partition;
    base->outcomes = partition->partition.outcomes;
    return 0;
}

static void
opened(struct reader_partition *base)
{
    struct consumer_partition *partition = base->state;

    if (base->stream.loaded)
        snprintf(partition->partition.only, sizeof(partition->partition.only), "%s",
                 base->stream.identity.station);
}

static void
follow(struct reader_partition *base)
{
    struct consumer_partition *partition = base->state;
    const struct consumer_topic *rules = consumer_topic_of(base->rules);

    partition->partition.policy = &rules->policy;
    if (consumer_topic_of(base->fixed)->summary_topic && rules->summary_interval > 0 &&
        rules->summary_interval < base->interval)
        base->interval = rules->summary_interval;
}

/* Fills what is said of an invalid record, but for the reason. */
static void
blame(const struct partition *partition, struct reader_fault *fault)
{
    fault->station = partition->station;
    fault->undecodable = partition->fault == PARTITION_UNDECODABLE;
    fault->message =
        partition->fault == PARTITION_FULL ? MESSAGE_STATIONS_FULL : MESSAGE_RECORD_INVALID;
}

static enum reader_verdict
apply(struct reader *reader, struct reader_partition *base, const struct source_record *record,
      struct reader_fault *fault)
{
    struct consumer_partition *partition = base->state;
    struct partition_key key;

    if (__builtin_expect(partition->keyed, 0)) {
        key = (struct partition_key){record->key, record->key_length};
        partition->partition.key = &key;
    }
    switch (partition_apply(&partition->partition, record->payload, record->payload_length,
                            &fault->reason)) {
    case PARTITION_INVALID:
        blame(&partition->partition, fault);
        return READER_INVALID;
    case PARTITION_NO_MEMORY:
        return READER_NO_MEMORY;
    case PARTITION_FOREIGN_KEY:
        return consumer_admit_key((struct consumer *)reader, partition, record, &fault->reason)
                   ? apply(reader, base, record, fault)
                   : READER_AGAIN;
    default:
        return READER_PASS;
    }
}

static void
remember(struct reader_partition *base)
{
    const struct consumer_partition *partition = base->state;

    if (partition->partition.only[0] && !base->stream.identity.station[0])
        stream_learn_station(&base->stream, partition->partition.only);
}

static void
describe(const struct reader_partition *base, char *text, size_t size)
{
    const struct consumer_partition *partition = base->state;

    snprintf(text, size, "%zu %s", partition_entries(&partition->partition),
             partition->partition.layout == PARTITION_MONTHLY ? "months" : "stations");
}

static int
start(struct reader *reader)
{
    return consumer_open_summaries((struct consumer *)reader);
}

static void
learned(struct reader *reader, struct reader_partition *base, bool other_cluster)
{
    consumer_follow_topic((struct consumer *)reader, base->state, other_cluster);
}

static void
saved(struct reader *reader, uint64_t started)
{
    consumer_send_summaries((struct consumer *)reader, started);
}

static void
beat(struct reader *reader)
{
    consumer_serve_summaries((struct consumer *)reader);
    consumer_mark_summaries((struct consumer *)reader, loop_now() + MARKING_USEC);
}

static bool
finish(struct reader *reader)
{
    return consumer_finish_summaries((struct consumer *)reader);
}

static void
drain(struct reader *reader)
{
    consumer_drain_summaries((struct consumer *)reader);
}

/* ---- for those who watch ---- */

static double
get_window_late(const struct reader *reader, const struct reader_partition *base)
{
    const struct consumer_partition *partition = base->state;

    return (double)partition->partition.too_late;
}

static size_t
count_stations(const struct reader_partition *base)
{
    const struct partition *partition =
        &((const struct consumer_partition *)base->state)->partition;

    return partition->layout == PARTITION_MONTHLY ? partition->months.n_windows > 0
                                                  : partition->stations.n_stations;
}

static void
show(struct reader *reader)
{
    static const struct reader_metric window_late = {
        {"weatherd_consumer_window_late_total", "counter",
         "Reports that came when their window was closed."},
        get_window_late};

    reader_show_family(reader, &window_late);
    consumer_show_summaries((struct consumer *)reader);
}

int
consumer_run(struct daemon *daemon, struct settings *settings)
{
    static const char *const outcomes[PARTITION_N_OUTCOMES] = {
        [PARTITION_COUNTED] = "counted",
        [PARTITION_DUPLICATE] = "duplicate",
        [PARTITION_LATE] = "late",
        [PARTITION_INVALID] = "invalid",
    };
    static const struct reader_ops ops = {
        .kind = &consumer_kind,
        .state = &layout_ops,
        .sink = {"invalid_topic", MESSAGE_INVALID_TOPIC_REFUSES, MESSAGE_INVALID_TOPIC_WAITING},
        .outcomes = outcomes,
        .n_outcomes = PARTITION_N_OUTCOMES,
        .open = open_partition,
        .opened = opened,
        .follow = follow,
        .apply = apply,
        .remember = remember,
        .describe = describe,
        .count_stations = count_stations,
        .start = start,
        .learned = learned,
        .saved = saved,
        .beat = beat,
        .finish = finish,
        .drain = drain,
        .show = show,
    };
    static struct consumer consumer;

    return reader_run(&consumer.reader, &ops, daemon, settings);
}
