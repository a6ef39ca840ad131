/* SPDX-License-Identifier: MIT */

/* Counting, summing, and the days of the extremes: the first on which each was met. */

#include <math.h>

#include "consumer/stats.h"

struct stats
stats_first(const struct report *report)
{
    return (struct stats){
        .count = 1,
        .sum = report->degrees,
        .min = report->degrees,
        .max = report->degrees,
        .start = report->date,
        .end = report->date,
        .min_date = report->date,
        .max_date = report->date,
        .has_extremes = true,
    };
}

bool
stats_add(struct stats *stats, const struct report *report)
{
    double sum = stats->sum + report->degrees;

    if (!isfinite(sum))
        return false;
    stats->count++;
    stats->sum = sum;
    if (report->date < stats->start)
        stats->start = report->date;
    if (report->date > stats->end)
        stats->end = report->date;
    /* Without extremes of the earlier reports, those of the later ones would be a lie. */
    if (stats->has_extremes && report->degrees < stats->min) {
        stats->min = report->degrees;
        stats->min_date = report->date;
    }
    if (stats->has_extremes && report->degrees > stats->max) {
        stats->max = report->degrees;
        stats->max_date = report->date;
    }
    return true;
}
