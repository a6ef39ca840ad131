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
    int32_t start, end; /* the earliest and the latest date */
    int32_t min_date, max_date;
    bool has_extremes; /* min, max and their dates are known: not so for a file taken over without
                          them */
};

/* The statistics of a first report. */
struct stats stats_first(const struct report *report);

/* Adds a further report. False, and nothing changed, when the sum would no longer be finite. */
bool stats_add(struct stats *stats, const struct report *report);
