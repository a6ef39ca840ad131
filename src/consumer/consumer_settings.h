/* SPDX-License-Identifier: MIT */
#pragma once

/* The settings of weatherd-consumer: one table, and the struct that it fills. */

#include "consumer/partition.h"
#include "reader/reader_settings.h"

/* What may be set for all topics and, in [topic NAME], for one. Strings: NULL where not set. */
struct consumer_topic {
    struct reader_topic reader;
    enum partition_layout layout;
    struct window_rule window;
    struct partition_policy policy;
    char *summary_topic;       /* NULL: none */
    char *summary_fields;      /* NULL: SUMMARY_FIELDS */
    uint64_t summary_interval; /* microseconds */
};

extern const struct daemon_program consumer_program;
extern const struct reader_kind consumer_kind;

/* What reader_settings_topic() gives of a consumer's settings. */
static inline const struct consumer_topic *
consumer_topic_of(const struct reader_topic *topic)
{
    return (const struct consumer_topic *)topic;
}

/* What the statistics of its records have in common. */
struct stats_shape consumer_settings_shape(const struct consumer_topic *topic);
