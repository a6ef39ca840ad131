/* SPDX-License-Identifier: MIT */
#pragma once

/* What consumer.c (statistics) and summaries.c (their changelog) share. Nobody else includes it. */

#include "consumer/changes.h"
#include "consumer/consumer_settings.h"
#include "reader/reader.h"

struct consumer {
    struct reader reader;
    struct summaries *summaries; /* NULL: no summary_topic */
};

/* The state of one of the reader's partitions. */
struct consumer_partition {
    struct partition partition; /* stands first: see layout_ops */
    struct reader_partition *base;

    /* With a summary_topic. */
    bool summarised;
    bool keyed; /* the key of each record must be its station: not all partitions are held, or it is
                   not known */
    struct changes changes;
    int64_t handed;       /* offset of the checkpoint whose summaries are all on their way; -1 */
    int64_t acknowledged; /* likewise, that have arrived; -1 */
    int64_t marked;       /* likewise, in the file that says so; -1 */
};

static inline struct consumer_partition *
consumer_partition(const struct consumer *consumer, size_t index)
{
    return consumer->reader.partitions[index].state;
}

/* Makes ready what summary_topic needs: 0, or the exit code, the reason having been logged. */
int consumer_open_summaries(struct consumer *consumer);

/*
 * Sends summaries of what has changed, where memory is what the files say and it is their turn at
 * this time; never waits.
 */
void consumer_send_summaries(struct consumer *consumer, uint64_t now);

/* Hears what became of them. */
void consumer_serve_summaries(struct consumer *consumer);

/* Keeps in files what has been acknowledged, where that is the last checkpoint. */
void consumer_mark_summaries(struct consumer *consumer, uint64_t until);

/* --until-end: whether all are acknowledged. Nothing is read any more. */
bool consumer_finish_summaries(struct consumer *consumer);

/* At the end: sends what is left, and waits a little for the answers. */
void consumer_drain_summaries(struct consumer *consumer);

/*
 * A record whose key is not its station: whether that may be, because all partitions of the topic
 * are held. If not, it is met again, or the reader is leaving.
 */
bool consumer_admit_key(struct consumer *consumer, struct consumer_partition *partition,
                        const struct source_record *record, const struct error *reason);

/* The brokers have said how many partitions this one's topic has, and of which cluster it is. */
void consumer_follow_topic(struct consumer *consumer, struct consumer_partition *partition,
                           bool other_cluster);

/* Their figures, within the file of metrics. */
void consumer_show_summaries(struct consumer *consumer);
