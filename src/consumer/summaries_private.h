/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What summaries.c (their life) and summary_rounds.c (what is sent, and when) share. Nobody else
 * includes it.
 */

#include "consumer/consumer_private.h"
#include "consumer/summary.h"
#include "stream/sink.h"
#include "stream/topics.h"

/* A topic that is read, and that to which its summaries go. */
struct summary_topic {
    const char *source;
    const char *name;
    const char *fields_text;
    struct summary_fields fields;
    size_t first, end;       /* its partitions */
    size_t pending;          /* sent and not acknowledged */
    bool in_round;           /* it has come to */
    size_t partition, index; /* this station; */
    uint64_t due;            /* the next one begins then */
};

struct summaries {
    struct sink *sink;
    struct loop_timer *timer;
    size_t n_topics;
    struct summary_topic *topics;
    struct topic_settings *wanted; /* one each */
    struct topics_plan plan;
    struct topics *making; /* NULL: all are there */
    struct error complaint;
    bool looked; /* for them, once */
    bool broken; /* nothing more can be sent */
};

/* Has all stations of a partition sent again. */
void summaries_mark_all(struct consumer_partition *partition);

/* Whether memory is what the files of the topic's partitions say. */
bool summaries_are_clean(const struct consumer *consumer, const struct summary_topic *topic);

/* Whether a station has changed since it was sent last. */
bool summaries_have_changes(const struct consumer *consumer, const struct summary_topic *topic);

/* Sends what it is time for. */
void summaries_send(struct consumer *consumer, struct summary_topic *topic, uint64_t now);
