/* SPDX-License-Identifier: MIT */
#pragma once

/* The settings of weatherd-forecast: one table, and the struct that it fills. */

#include "reader/reader_settings.h"

/* What may be set for all topics and, in [topic NAME], for one. Strings: NULL where not set. */
struct forecast_topic {
    struct reader_topic reader;
    char *model; /* a file */
    char *prediction_topic;
};

extern const struct daemon_program forecast_program;
extern const struct reader_kind forecast_kind;

/* What reader_settings_topic() gives of a forecast's settings. */
static inline const struct forecast_topic *
forecast_topic_of(const struct reader_topic *topic)
{
    return (const struct forecast_topic *)topic;
}
