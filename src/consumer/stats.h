/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The statistics of one station: a value, changed by one report at a time. The order of the
 * additions is the order of the records, so the same records give the same bits.
 */

#include <stdbool.h>
#include <stdint.h>

#include "record/report.h"

struct stats {
    int64_t count; /* at least 1 */
    double sum;    /* degrees, finite */
    double min, max;
    struct moment end,
        start; /* the latest and the earliest: what nearly each report changes first */
    struct moment min_date, max_date;
    bool has_extremes; /* min, max and their dates are known: not so for a file taken over without
                          them */
    bool is_count;     /* reports are only counted: the degrees mean nothing */
};

/* What all statistics of a partition have in common. */
struct stats_shape {
    enum moment_kind dates; /* MOMENT_ANY: not known */
    enum { STATS_WITH_DEGREES, STATS_WITHOUT_DEGREES, STATS_ANY } degrees;
    bool has_windows; /* beside those of a station there may be those of windows */
};

/* The statistics of a first report, with degrees. */
struct stats stats_first(const struct report *report);

/* Whether a further report can be added: the sum stays finite. */
bool stats_takes(const struct stats *stats, const struct report *report);

/* Adds a further report. False, and nothing changed, when the sum would no longer be finite. */
bool stats_add(struct stats *stats, const struct report *report);

/*
 * Adds the statistics of further reports of the same station, from another partition: a sum that
 * would not be finite becomes the largest number.
 */
void stats_merge(struct stats *stats, const struct stats *further);
